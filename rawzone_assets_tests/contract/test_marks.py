"""Marks: asking where something stands before looking for it finds what looking everywhere finds."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.marks import Marks, Seldom, ascii_text, folded_text

_TAGS = re.compile(r"<(?:b|wbr)(?=[ >])")
_SOUGHT = Seldom(_TAGS, Marks([b"<b", b"<wbr"]), longest=5)


@given(data=st.binary(max_size=60))
def test_ascii_text_keeps_what_is_ascii_at_its_place(data: bytes):
    for _ in range(2):  # the second time it is remembered
        text = ascii_text(data)
        assert [ord(char) for char in text] == [byte if byte < 128 else 127 for byte in data]
        assert folded_text(data) == text.lower()


def test_ascii_text_is_that_of_the_bytes_asked_for():
    pages = [f"{number} é".encode() for number in range(3)]
    assert [ascii_text(page)[0] for page in (*pages, *pages)] == ["0", "1", "2"] * 2


@given(
    gaps=st.lists(st.sampled_from([0, 1, 3, 500, 4_090, 4_093, 4_095, 4_096, 50_000]), max_size=5),
    tags=st.lists(st.sampled_from(["<b>", "<b ", "<wbr>", "<wbr ", "<wbr", "<br>", "<", "wbr>"]), min_size=5),
)
def test_what_matches_seldom_is_found_wherever_it_stands(gaps: list[int], tags: list[str]):
    text = "".join("-" * gap + tag for gap, tag in zip(gaps, tags, strict=False))
    assert [m.span() for m in _SOUGHT.finditer(text)] == [m.span() for m in _TAGS.finditer(text)]


@pytest.mark.parametrize("texts", [[b"@"], [b"token"], [b"token", b"key"], [b"<td", b"<tr"]])
@pytest.mark.parametrize("gap", [0, 1, 5_000])
def test_marks_are_found_in_the_part_that_is_asked_for(texts: list[bytes], gap: int):
    marks, last = Marks(texts), max(texts)
    text = "-" * gap + last.decode() + "-" * gap
    assert marks.are_in(text)
    assert marks.are_in(text, gap, gap + len(last))
    assert not marks.are_in(text, gap + 1)
    assert not marks.are_in(text, 0, gap + len(last) - 1)
