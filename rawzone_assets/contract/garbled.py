"""Garbled texts: letters that were lost or encoded twice over before the delivery was written.

A program that takes UTF-8 for Latin-1 or Windows-1252 and writes it as UTF-8 makes "FaÃ§ade" of "Façade"; one
that replaces what it cannot read leaves U+FFFD. The bytes are sound UTF-8, so nothing else objects. Only what
hardly any language writes is taken for garbled: "Ã" before a quotation mark or a blank is Portuguese.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.byte_kinds import GARBLED, standing_for
from rawzone_assets.contract.content import pieces
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.pointers import Parts

_AS_WINDOWS_1252 = "€‚ƒ„†‡ˆ‰Š‹ŒŽœžŸš"  # noqa: RUF001  bytes 80 to 9F, but for common punctuation
_GARBLED = re.compile(
    f"Ã[\\x80-\\x9f¡-©¬-¹¼-¿{_AS_WINDOWS_1252}]"  # é, ü, ñ and the like, of which the first byte is C3
    "|Â[¡-©¬-¹¼-¿]"  # signs, C2
    "|â[€\\x80]"  # quotation marks and dashes, E2 80
    "|ð[Ÿ\\x9f]"  # emoji, F0 9F
    "|\\ufffd"
)
# How any of these begins in UTF-8. What begins otherwise is passed over at the speed of memory.
_BEGINNINGS = (re.compile(rb"\xc3[\x82\x83\xa2\xb0]"), re.compile(rb"\xef\xbf\xbd"))
_LONGEST = 5  # bytes
_MESSAGE = "letters are garbled from here on: their encoding was mistaken before the file was written"


def garbled_table(content: Content) -> Finding | None:
    """The finding on a table, UTF-8, with its first garbled letters."""
    before, offset = b"", 0
    for piece in pieces(content):
        block = before + piece
        at = None if piece.isascii() else _first(block)
        if at is not None:
            found = offset - len(before) + at
            return codes.GARBLED_TEXT(_MESSAGE, Place(line=_line_of(content, found), offset=found))
        before = block[1 - _LONGEST :]
        offset += len(piece)
    return None


def garbled_document(document: Any, written: bytes, place: Callable[[Parts], Place]) -> Finding | None:
    """The finding on a document, whose canonical form this is, with its first garbled text.

    ``place`` turns the parts of a pointer into a place in the delivery.
    """
    if written.isascii() or not GARBLED.are_in(standing_for(written)) or _first(written) is None:
        return None
    way = next(_ways(document, ()), None)
    return codes.GARBLED_TEXT(_MESSAGE, None if way is None else place(way))


def _first(data: bytes) -> int | None:
    """Where the first garbled letters begin in bytes that may begin and end inside a character."""
    found = [at for begun in _BEGINNINGS if (at := _first_that_begins(begun, data)) is not None]
    return min(found, default=None)


def _first_that_begins(beginning: re.Pattern[bytes], data: bytes) -> int | None:
    for begun in beginning.finditer(data):
        at = begun.start()
        if _GARBLED.match(data[at : at + _LONGEST].decode(errors="ignore")):
            return at
    return None


def _line_of(content: Content, offset: int) -> int:
    """The line in which a byte stands, whatever ends the lines."""
    line, last = 1, b""
    for piece in pieces(content):
        text = piece[:offset]
        line += text.count(b"\n") + text.count(b"\r") - text.count(b"\r\n")
        line -= last == b"\r" and text.startswith(b"\n")
        last, offset = text[-1:], offset - len(text)
        if not offset:
            break
    return line


def _ways(value: Any, way: Parts) -> Iterator[Parts]:
    if isinstance(value, str):
        if _GARBLED.search(value):
            yield way
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _ways(item, (*way, index))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield from _ways(member, (*way, name))
