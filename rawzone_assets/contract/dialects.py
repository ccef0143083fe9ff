"""Dialects: in which charset and with which delimiter the bytes of a table are read.

Where a feed declares several delimiters, because nobody knows which, the header alone tells: the schema's
columns decide, never counts of characters. Titles are full of commas and semicolons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Findings, Place
from rawzone_assets.contract.table_rows import Dialect, Rows
from rawzone_assets.contract.table_shapes import MOST_COLUMNS, Shape, resolve_header
from rawzone_assets.contract.texts import Survey


def charset_of(seen: Survey, findings: Findings, *, legacy: str | None) -> str | None:
    """The charset to read it in, maybe a legacy one; ``None`` with the objection added when it is no table."""
    if seen.first == b"<":
        findings.add(codes.HTML_INSTEAD("the file begins with '<': a web page, not a table", seen.start))
        return None
    if seen.first in {b"{", b"["}:
        findings.add(codes.TABLE_SYNTAX("the file begins as JSON does: no table", seen.start))
        return None
    is_legacy = seen.invalid_at is not None and not seen.bom and seen.nul_at is None
    if legacy and is_legacy:
        message = f"the bytes are not UTF-8 from here on and are read as {legacy}"
        if seen.characters_before:
            message += ", though letters before are UTF-8: a mixture, or a byte is damaged"
        findings.add(codes.LEGACY_ENCODING(message, Place(offset=seen.invalid_at)))
        return legacy
    objection = seen.objection()
    if objection:
        findings.add(objection)
        return None
    return "utf-8"


def rows_of(
    content: Content, stream: BinaryIO, *, dialects: Sequence[Dialect], charset: str, shape: Shape
) -> Rows:
    """The rows, header first, of content in this charset and one of the dialects; ``stream`` is it, opened."""
    told = dialects[0] if len(dialects) == 1 else _told_by_header(dialects, content, charset, shape)
    return Rows(stream, charset, told, is_in_memory=content.is_in_memory)


def _told_by_header(candidates: Sequence[Dialect], content: Content, charset: str, shape: Shape) -> Dialect:
    """The candidate under which the first row holds most of the required columns; the first of equals."""
    return max(candidates, key=lambda dialect: _columns_found(dialect, content, charset, shape))


def _columns_found(dialect: Dialect, content: Content, charset: str, shape: Shape) -> int:
    with content.open() as stream:
        names = Rows(stream, charset, dialect, is_in_memory=content.is_in_memory).header() or []
    if len(names) > MOST_COLUMNS:
        return 0
    return len(set(resolve_header(shape, names).columns) & set(shape.required))
