"""Marks: asking where something stands before looking for it finds what looking everywhere finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.marks import Marks, Seldom, ascii_text

_TAGS = re.compile(r"<(?:b|wbr)(?=[ >])", re.IGNORECASE)
_SOUGHT = Seldom(_TAGS, Marks([b"<b", b"<wbr"], in_any_case=True), longest=5)


@given(data=st.binary(max_size=60))
def test_ascii_text_keeps_what_is_ascii_at_its_place(data: bytes):
    for _ in range(2):  # the second time it is remembered
        text = ascii_text(data)
        assert [ord(char) for char in text] == [byte if byte < 128 else 127 for byte in data]


def test_ascii_text_is_that_of_the_bytes_asked_for():
    pages = [f"{number} é".encode() for number in range(3)]
    assert [ascii_text(page)[0] for page in (*pages, *pages)] == ["0", "1", "2"] * 2


@given(
    gaps=st.lists(st.sampled_from([0, 1, 3, 500, 8_180, 8_190, 8_192, 20_000]), max_size=5),
    tags=st.lists(st.sampled_from(["<b>", "<B ", "<WBR>", "<wbr ", "<wbr", "<br>", "<", "wbr>"]), min_size=5),
    cut=st.integers(0, 12),
)
def test_what_matches_seldom_is_found_across_blocks(gaps: list[int], tags: list[str], cut: int):
    text = "".join("-" * gap + tag for gap, tag in zip(gaps, tags, strict=False))
    end = max(0, len(text) - cut)
    assert [m.span() for m in _SOUGHT.finditer(text)] == [m.span() for m in _TAGS.finditer(text)]
    assert [m.span() for m in _SOUGHT.finditer(text, end)] == [m.span() for m in _TAGS.finditer(text, 0, end)]


@pytest.mark.parametrize(("text", "is_in"), [("an Access_Token", True), ("an access token", False)])
def test_marks_may_be_sought_in_any_case(text: str, *, is_in: bool):
    assert Marks([b"access_token"], in_any_case=True).are_in(text) is is_in
    assert not Marks([b"access_token"]).are_in(text)
