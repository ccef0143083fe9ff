"""Encoding, byte order mark and line ends are recorded as they are, wherever blocks of reading fall."""

from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import texts
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.texts import facts_of_utf8, line_of, survey


@pytest.mark.parametrize(
    ("data", "newline", "ends"),
    [
        (b"a", "none", False),
        (b"a\n", "lf", True),
        (b"a\r\nb\r\n", "crlf", True),
        (b"a\rb", "cr", False),
        (b"a\rb\n", "mixed", True),
        (b"a\r\n\n", "mixed", True),
        (b"a\r", "cr", True),
        (b"a\nb\r", "mixed", True),
    ],
)
def test_line_ends_are_told_apart(data: bytes, newline: str, *, ends: bool):
    seen = survey(BytesContent(data))
    assert (seen.newline, seen.ends_with_newline) == (newline, ends)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("Grüße".encode("utf-16"), "RZ-ENCODING"),
        (b"a\0b", "RZ-ENCODING"),
        ("Façade".encode("latin-1"), "RZ-ENCODING"),
        ("Façade"[:3].encode()[:-1], "RZ-TRUNCATED"),
    ],
)
def test_what_is_no_utf8_text_is_objected_to(data: bytes, code: str):
    objection = survey(BytesContent(data)).objection()
    assert objection is not None
    assert objection.code == code


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (gzip.compress(b"date,streams\n" * 9, mtime=0), "gzip file"),
        (b"PK\x03\x04\x14\0\0\0\x08\0xl/workbook.xml", "ZIP archive or workbook"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", "PDF document"),
        (b"%PDF-1.4\n1 0 obj\n", "PDF document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1\0\0", "workbook or document of an old office program"),
    ],
)
def test_what_is_no_text_under_a_text_s_name_is_called_what_it_is(data: bytes, name: str):
    """'The file holds NUL bytes' would send somebody looking for damage."""
    objection = survey(BytesContent(data)).objection()
    assert objection is not None
    assert (objection.code, objection.message) == (
        "RZ-ENCODING",
        f"the file is a {name}, this feed is text",
    )


def test_nul_bytes_that_other_bytes_follow_are_not_those_of_a_crash(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(texts, "_BLOCK", 4)
    assert survey(BytesContent(b"abc\0abcd\0\0\0\0")).nul_to_end is False
    assert survey(BytesContent(b"abcdabc\0\0\0\0\0")).nul_to_end is True


def test_bytes_that_a_byte_order_mark_calls_utf8_and_are_not_contradict_it():
    objection = survey(BytesContent(b"\xef\xbb\xbfFa\xe7ade")).objection()
    assert objection is not None
    assert objection.message.endswith("though a byte order mark says that they are")


def test_the_text_begins_after_its_blanks():
    start = survey(BytesContent(b"\xef\xbb\xbf\r\n\r\n\n\r <html>")).start
    assert (start.line, start.offset) == (5, 10)


@given(st.text("a\r\n\ufeffé", max_size=9).map(str.encode))
def test_of_what_is_utf8_the_same_facts_are_learned_without_asking(data: bytes):
    assert facts_of_utf8(data) == survey(BytesContent(data)).facts


@given(
    data=st.one_of(
        st.binary(max_size=64),
        st.text(max_size=32).map(str.encode),
        st.text("a\r\n", max_size=9).map(str.encode),
    ),
    block=st.integers(1, 7),
)
def test_the_size_of_blocks_changes_nothing_but_the_mark(data: bytes, block: int):
    whole = survey(BytesContent(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(texts, "_BLOCK", block)
        pieces = survey(BytesContent(data))
    assert (whole.newline, whole.ends_with_newline) == (pieces.newline, pieces.ends_with_newline)
    assert (whole.nul_at, whole.nul_to_end, whole.invalid_at, whole.cut_in_character) == (
        pieces.nul_at,
        pieces.nul_to_end,
        pieces.invalid_at,
        pieces.cut_in_character,
    )
    assert whole.characters_before == pieces.characters_before


@given(data=st.binary(max_size=64))
def test_text_is_read_as_utf8_exactly_when_python_can(data: bytes):
    seen = survey(BytesContent(data))
    try:
        data.decode()
    except UnicodeDecodeError as error:
        assert seen.cut_in_character or seen.invalid_at == error.start  # noqa: PT017
    else:
        assert seen.invalid_at is None
        assert not seen.cut_in_character


def test_a_byte_order_mark_is_recorded():
    seen = survey(BytesContent(b"\xef\xbb\xbf {"))
    assert seen.facts == {"charset": "utf-8", "bom": True, "newline": "none"}
    assert seen.first == b"{"


def test_lines_count_from_one_whatever_ends_them():
    assert [line_of("a\r\nb\rc\nd", n) for n in (0, 3, 5, 7)] == [1, 2, 3, 4]
