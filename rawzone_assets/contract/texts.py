"""Texts: what encoding, byte order mark and line ends a delivery has, found in one pass over its bytes.

The bytes are never changed; this says how they are to be read, and where they cannot be. What an odd
encoding means for a feed is its format's to decide.
"""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

import jsonschema_rs

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import pieces
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.marks import ascii_text, linear_pattern

_BINARIES = {
    b"\x1f\x8b": "gzip file",
    b"PK\x03\x04": "ZIP archive or workbook",
    b"%PDF-": "PDF document",
    b"\xd0\xcf\x11\xe0": "workbook or document of an old office program",
}
_LFS_POINTER = b"version https://git-lfs.github.com/spec/"  # so it begins, whatever it stands for
_BLOCK: int | None = None  # bytes that are looked at together, when it is not the content's to choose
# In ASCII. Of what comes before a LF the engine must know all, to look for the LF alone.
_LINE_ENDS = {"crlf": r"\r\n", "cr": r"\r[^\n]", "lf": r"[\x00-\x0c\x0e-\x7f]\n"}


class Survey(NamedTuple):
    """What a pass over the bytes tells. Offsets count bytes from 0."""

    bom: bool
    newline: str  # "lf", "crlf", "cr", "mixed" or "none"
    last: bytes  # the last byte
    first: bytes  # the first byte that is neither blank nor part of the byte order mark
    first_at: int  # where it stands
    first_line: int
    utf16: bool
    nul_at: int | None
    invalid_at: int | None  # where the bytes stop being UTF-8
    cut_in_character: bool  # valid up to a last character of which bytes are missing
    characters_before: bool  # whether characters of several bytes stand before what is not UTF-8
    nul_to_end: bool  # whether nothing but NUL bytes follow the first one
    binary: str  # what else it is, as its first bytes say; "" where they tell of nothing
    is_pointer: bool  # of Git LFS, to content that was not fetched

    @property
    def facts(self) -> Mapping[str, Any]:
        charset = "utf-16" if self.utf16 else "utf-8" if self.invalid_at is None else "unknown"
        return _facts(charset, bom=self.bom, newline=self.newline)

    @property
    def ends_with_newline(self) -> bool:
        return self.last in {b"\r", b"\n"}

    @property
    def start(self) -> Place:
        """Where the text begins."""
        return Place(line=self.first_line, offset=self.first_at)

    def absence(self) -> Finding | None:
        """That the content is not here but elsewhere, or ``None``."""
        if not self.is_pointer:
            return None
        message = "a Git LFS pointer stands in the file's place: what it points to was never fetched"
        return codes.TRUNCATED(message, Place(line=1))

    def objection(self) -> Finding | None:
        """Why the bytes cannot be read as UTF-8 text of a feed, or ``None`` when they can."""
        return self.absence() or self._obstacle()

    def _obstacle(self) -> Finding | None:
        if self.utf16:
            return codes.ENCODING("the file is UTF-16, this feed is UTF-8", Place(offset=0))
        if self.binary:
            return codes.ENCODING(f"the file is a {self.binary}, this feed is text", Place(offset=0))
        if self.nul_at is not None:
            message = "the file holds NUL bytes, which no text has"
            if self.nul_to_end:
                message = "NUL bytes from here to the end: a crash kept the file from being written whole"
            return codes.ENCODING(message, Place(offset=self.nul_at))
        if self.invalid_at is not None:
            message = "the bytes are not UTF-8 from here on"
            if self.bom:
                message += ", though a byte order mark says that they are"
            return codes.ENCODING(message, Place(offset=self.invalid_at))
        if self.cut_in_character:
            return codes.TRUNCATED("the file ends in the middle of a character")
        return None


@dataclass
class _Utf8:
    """Whether bytes that come block by block are UTF-8."""

    invalid_at: int | None = None
    has_characters: bool = False  # of several bytes
    _begun: bytes = b""  # of a character that the blocks so far do not end

    def take(self, block: bytes, offset: int) -> None:
        if self.invalid_at is not None or (block.isascii() and not self._begun):
            return
        data = self._begun + block
        try:
            taken = codecs.utf_8_decode(data)[1]
            self._begun = data[taken:]
            self.has_characters = self.has_characters or not data[:taken].isascii()
        except UnicodeDecodeError as error:
            self.invalid_at = offset - len(self._begun) + error.start
            self.has_characters = self.has_characters or not data[: error.start].isascii()

    @property
    def is_waiting(self) -> bool:
        """Whether the last character still lacks bytes."""
        return self.invalid_at is None and bool(self._begun)


def survey(content: Content, *, trusting: bool = False) -> Survey:
    """One bounded-memory pass over the whole delivery. When ``trusting``, it is taken for UTF-8 unasked."""
    utf8 = _Utf8()
    first, head, tail = b"", b"", b""
    first_at, first_line, offset = 0, 1, 0
    ends: set[str] = set()
    nul_at: int | None = None
    nul_to_end = False
    for block in pieces(content, _BLOCK):
        if offset == 0:
            head = block[: len(_LFS_POINTER)]
        if not first:
            text = (block.removeprefix(codecs.BOM_UTF8) if offset == 0 else block).lstrip()
            first, first_at = text[:1], offset + len(block) - len(text)
            if blank := block[: len(block) - len(text)]:
                first_line += blank.count(b"\n") + blank.count(b"\r") - blank.count(b"\r\n")
        if nul_at is not None:
            nul_to_end = nul_to_end and not block.strip(b"\0")
        elif (found := block.find(b"\0")) >= 0:
            nul_at = offset + found
            nul_to_end = not block[found:].strip(b"\0")
        if not trusting:
            utf8.take(block, offset)
        ends.update(_line_ends(tail + block if tail == b"\r" else block))
        tail = block[-1:]
        offset += len(block)
    if tail == b"\r":
        ends.add("cr")
    return Survey(
        bom=head.startswith(codecs.BOM_UTF8),
        newline=_newline(ends),
        last=tail,
        first=first,
        first_at=first_at,
        first_line=first_line,
        utf16=head[:2] in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE},
        nul_at=nul_at,
        invalid_at=utf8.invalid_at,
        cut_in_character=utf8.is_waiting,
        characters_before=utf8.has_characters,
        nul_to_end=nul_to_end,
        binary=next((name for start, name in _BINARIES.items() if head.startswith(start)), ""),
        is_pointer=head == _LFS_POINTER,
    )


def facts_of_utf8(data: bytes) -> Mapping[str, Any]:
    """The facts that a survey learns of bytes that are certainly UTF-8 and have no NUL."""
    ends = {*_line_ends(data), *(["cr"] if data.endswith(b"\r") else [])}
    return _facts("utf-8", bom=data.startswith(codecs.BOM_UTF8), newline=_newline(ends))


def _facts(charset: str, *, bom: bool, newline: str) -> Mapping[str, Any]:
    """As receipts keep them."""
    return {"charset": charset, "bom": bom, "newline": newline}


def _newline(ends: set[str]) -> str:
    return "none" if not ends else ends.pop() if len(ends) == 1 else "mixed"


def line_of(text: str, position: int) -> int:
    """The line, from 1, in which a character stands, whatever ends the lines."""
    before = text[:position]
    return 1 + before.count("\n") + before.count("\r") - before.count("\r\n")


def _line_ends(block: bytes) -> Iterator[str]:
    """The kinds of line ends in a block, but for a CR at its very end: a LF may follow in the next one."""
    if b"\r" not in block:
        if b"\n" in block:
            yield "lf"
        return
    if b"\n" not in block:
        if block.find(b"\r", 0, len(block) - 1) >= 0:
            yield "cr"
        return
    if block.startswith(b"\n"):
        yield "lf"
    text = ascii_text(block)
    yield from (kind for kind in _LINE_ENDS if _pattern_of(kind).is_valid(text))


@cache
def _pattern_of(kind: str) -> jsonschema_rs.Draft202012Validator:
    return linear_pattern(_LINE_ENDS[kind])
