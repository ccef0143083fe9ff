"""What stands for the bytes of a table proves that they are UTF-8, and which characters are no blanks."""

from __future__ import annotations

import sys
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mutant_seeds import seeds

from rawzone_assets.contract.byte_kinds import CHARACTER, SHOWN, standing_for
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.marks import linear_pattern

TEXT = linear_pattern(rf"^(?:[^\x00-\x1f]|{CHARACTER})*$")
ONE_SHOWN = linear_pattern(f"^(?:{SHOWN})$")
EVERY = [chr(code) for code in range(0x80, sys.maxunicode + 1) if not 0xD800 <= code < 0xE000]
# The first and the last bytes of what RFC 3629 tells apart, and some of which garbled letters are made.
EDGES = bytes.fromhex("20 41 7f 80 81 82 8f 90 9f a0 a2 bf c0 c1 c2 c3 df e0 e1 ec ed ee ef f0 f1 f3 f4 f5 ff")


def is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def test_characters_up_to_the_millionth_are_characters():
    assert TEXT.is_valid(standing_for("".join(EVERY[: 0x100000 - 0x80 - 0x800]).encode()))


def test_none_that_is_shown_is_a_blank():
    blank = [char for char in EVERY if not char.strip() or char == "\ufeff"]
    assert blank
    assert not any(ONE_SHOWN.is_valid(standing_for(char.encode())) for char in blank)


@pytest.mark.parametrize("char", ["é", "ß", "Ж", "अ", "日", "한", "\ud7a3", "🎵"])
def test_letters_of_all_scripts_are_shown(char: str):
    assert ONE_SHOWN.is_valid(standing_for(char.encode()))


@pytest.mark.parametrize("length", [1, 2, 3, 4])
def test_bytes_that_are_not_utf8_are_no_characters(length: int):
    for some in product(EDGES, repeat=length):
        data = bytes(some)
        assert is_utf8(data) or not TEXT.is_valid(standing_for(data)), data


@given(data=st.one_of(st.binary(max_size=12), st.text(max_size=8).map(str.encode)))
def test_what_is_found_to_be_text_can_be_decoded(data: bytes):
    assert is_utf8(data) or not TEXT.is_valid(standing_for(data))


def test_what_was_found_before_bytes_that_are_not_utf8_counts_for_nothing():
    for seed in [seed for seed in seeds("csv") if not seed.feed.format.legacy_charset]:
        header, newline, rows = seed.data.partition(b"\r\n" if b"\r\n" in seed.data else b"\n")
        odd = header + b",Nobody Knows" + newline + rows
        found = [judge(seed.feed, BytesContent(odd + end), seed.capture).findings for end in (b"", b"\xff")]
        codes = [{finding.code for finding in findings} for findings in found]
        assert "RZ-UNKNOWN-FIELD" in codes[0], seed.title
        assert codes[1] == {"RZ-ENCODING"}, seed.title


@pytest.mark.parametrize("beginning", [b"no,header\n", b"\n\n", b'"', b"<html>"])
def test_tables_of_which_not_all_is_read_are_asked_whether_they_are_utf8(beginning: bytes):
    seed = next(seed for seed in seeds("csv") if not seed.feed.format.legacy_charset)
    data = beginning + seed.data
    judged = [judge(seed.feed, BytesContent(data + end), seed.capture) for end in (b"", b"\xff")]
    assert [judgement.facts.text["charset"] for judgement in judged] == ["utf-8", "unknown"]
