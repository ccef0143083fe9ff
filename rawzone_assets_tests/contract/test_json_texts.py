"""JSON texts: what is not looked at again once a text was parsed would have told nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.exposure_forms import FAMILIES
from rawzone_assets.contract.exposures import may_expose, scan
from rawzone_assets.contract.findings import Findings
from rawzone_assets.contract.json_texts import JsonText, read_json
from rawzone_assets.contract.marks import ascii_text
from rawzone_assets.contract.texts import survey
from rawzone_assets.platforms import find_feed

MARKS = sorted({mark for family in FAMILIES for probe in family.probes for mark in probe.marks.texts})
BETWEEN_TEXTS = frozenset(b"{}[]:, \t\r\n-+.0123456789Eetrufalsn")


def read(data: bytes) -> tuple[JsonText, list[str]]:
    feed = find_feed("toolost/spotify")
    assert feed
    findings: Findings = feed.gathering()
    return read_json(BytesContent(data), findings), [finding.code for finding in findings.result()]


@pytest.mark.parametrize("bad", [b"\0", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"])
def test_what_is_no_text_is_told_wherever_it_stands(bad: bytes):
    good = '\ufeff{"\u00e9": [1.5, "\u20ac", true, null], "a": {}} \n'.encode()
    for at in range(3, len(good) + 1):
        assert read(good[:at] + bad + good[at:])[1] == ["RZ-ENCODING"], at


@given(
    st.lists(st.sampled_from(["\r", "\n", "\r\n", " ", "1", '"\u00e9"', "[", "]", ","])).map("".join),
    st.booleans(),
)
def test_a_text_that_is_parsed_has_the_facts_of_its_bytes(layout: str, bom: bool):  # noqa: FBT001
    data = f"{chr(0xFEFF) * bom}{layout}".encode()
    assert read(data)[0].facts == survey(BytesContent(data)).facts


@pytest.mark.parametrize("mark", MARKS)
def test_every_mark_of_an_exposure_stands_in_a_text(mark: bytes):
    """What stands between texts is not written again as it was: blanks, the order of members, numbers."""
    assert b'"' not in mark
    assert not BETWEEN_TEXTS.issuperset(mark)


@pytest.mark.parametrize(
    "data", [b'["\\u0EAA"]', b'{"a": "eyJ", "a": 1}', b'{"eyJ": 1}', b'["@"]', b'["\\u0040"]', b'["BEARER"]']
)
def test_a_mark_is_looked_for_even_where_the_document_has_it_not(data: bytes):
    assert not read(data)[0].gives_nothing_away
    assert read(b'{"a": "b"}')[0].gives_nothing_away


TEXTS = st.sampled_from(["a", "\\", '"', "/", "\u00e9", "eyJ", *(mark.decode() for mark in MARKS)])
NAMES = st.lists(TEXTS, max_size=2).map("".join)
DOCUMENTS = st.recursive(
    NAMES | st.integers(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_a_text_gives_nothing_away_only_where_looking_finds_nothing(
    document: Any,
    ascii_only: bool,  # noqa: FBT001
    indent: int | None,
):
    data = json.dumps(document, ensure_ascii=ascii_only, indent=indent).encode()
    if read(data)[0].gives_nothing_away:
        assert not may_expose(ascii_text(data))
        assert not scan(BytesContent(data)).counts
