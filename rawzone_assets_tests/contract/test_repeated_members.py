"""Repeated members are told, wherever they stand, and only when there are any."""

from __future__ import annotations

import json
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from judging_support import judged

from rawzone_assets.contract import digests, repeated_members

SPOTIFY = "toolost/spotify"
DAY = '{"date": "2025-06-10", "streams": 7}'
NAMES = st.sampled_from(["a", "b", "\\", '"', '\\"', "é", "", "a/b~"]) | st.text(max_size=3).filter(
    str.isprintable
)
LEAVES = st.none() | st.booleans() | st.integers(-5, 5) | st.floats(-1, 1) | NAMES


class Pairs(list):
    """An object that may name a member twice."""


DOCUMENTS = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.lists(st.tuples(NAMES, inner), max_size=4).map(Pairs),
    max_leaves=20,
)


def written(value: Any, *, ascii_only: bool) -> str:
    if isinstance(value, Pairs):
        members = (
            f"{json.dumps(name, ensure_ascii=ascii_only)} : {written(member, ascii_only=ascii_only)}"
            for name, member in value
        )
        return "{" + ",".join(members) + "}"
    if isinstance(value, list):
        return "[ " + ", ".join(written(item, ascii_only=ascii_only) for item in value) + "]"
    return json.dumps(value, ensure_ascii=ascii_only)


def repeats(value: Any) -> bool:
    """The plain statement: some object has fewer distinct names than members."""
    if isinstance(value, Pairs):
        return len({name for name, _ in value}) < len(value) or any(repeats(member) for _, member in value)
    return isinstance(value, list) and any(repeats(item) for item in value)


def duplicates(text: str) -> list[str | None]:
    found = [f for f in judged(SPOTIFY, text.encode()).judgement.findings if f.code == "RZ-JSON-DUPLICATE-KEY"]
    assert not any(finding.blocking for finding in found)
    return [finding.where.pointer if finding.where else None for finding in found]


@settings(max_examples=150, deadline=None)
@given(document=DOCUMENTS, ascii_only=st.booleans())
def test_they_are_told_exactly_when_there_are_any(document: Any, ascii_only: bool):  # noqa: FBT001
    text = written(document, ascii_only=ascii_only).encode()
    kept = digests.canonical(orjson.loads(text))
    assert kept is not None
    assert repeated_members.are_there_any(text, kept) == repeats(document)
    if repeats(document):
        assert list(repeated_members.places(text))


class TestFindings:
    """A repeated member is an advisory finding at its pointer."""

    @pytest.mark.parametrize(
        ("text", "pointers"),
        [
            (f'{{"streams": [{DAY}], "discovery": []}}', []),
            (f'{{"streams": [], "streams": [{DAY}], "discovery": []}}', ["/streams"]),
            (f'{{"streams": [{DAY}], "discovery": [{{"a": 1, "a": 1, "a": 2}}]}}', ["/discovery/0/a"]),
            (f'{{"streams": [{DAY}], "discovery": [], "\\u0064iscovery": []}}', ["/discovery"]),
            (f'\ufeff{{"streams": [{DAY}], "discovery": [{{"x/y": 1, "x/y": 2}}]}}', ["/discovery/0/x~1y"]),
            (f'{{"streams": [{DAY}], "discovery": ["\\"a\\": 1", "\\\\"]}}', []),
            (f'{{"n": {"9" * 300}, "n": 1, "streams": [{DAY}], "discovery": []}}', ["/n"]),
        ],
    )
    def test_stand_at_their_pointers(self, text: str, pointers: list[str]):
        assert duplicates(text) == pointers

    def test_stand_without_a_place_when_what_was_dropped_nests_too_deeply(self):
        deep = "[" * 1000 + "]" * 1000
        found = duplicates(f'{{"discovery": {deep}, "discovery": [], "streams": [{DAY}]}}')
        assert found in ([None], ["/discovery"])

    def test_are_no_more_than_anyone_reads(self):
        members = ",".join(f'"m{n}": 1, "m{n}": 2' for n in range(5000))
        assert len(duplicates(f'{{"streams": [{DAY}], "discovery": [{{{members}}}]}}')) == 20


def test_places_are_told_in_their_order_and_not_without_end():
    text = b'{"a": {"x": 1, "x": 2}, "b": [{"y": 1, "y": 2}]}'
    assert [*repeated_members.places(text)] == [("a", "x"), ("b", 0, "y")]
    many = ",".join(f'"{name}": 1, "{name}": 2' for name in range(100))
    assert len([*repeated_members.places(f"{{{many}}}".encode())]) == repeated_members.MOST_PLACES


def test_a_name_that_ends_with_a_backslash_ends_there_however_that_is_written():
    for text in (b'{"a\\\\": 1}', b'{"a\\u005c": 1}'):
        assert not repeated_members.are_there_any(text, digests.canonical(orjson.loads(text)))
