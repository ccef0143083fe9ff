"""Dialects: telling which of a few declared delimiters a table uses, by its header alone.

Only for feeds whose delimiter nobody knows. The schema's columns decide, never counts of characters: titles are
full of commas and semicolons.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import BinaryIO

from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.table_rows import Dialect, Rows
from rawzone_assets.contract.table_shapes import Shape, resolve_header


def rows_of(
    content: Content, stream: BinaryIO, *, dialects: Sequence[Dialect], charset: str, shape: Shape
) -> Rows:
    """The rows, header first, of content in this charset and one of the dialects; ``stream`` is it, opened."""
    told = dialects[0] if len(dialects) == 1 else _told_by_header(dialects, content, charset, shape)
    return Rows(stream=stream, charset=charset, dialect=told)


def _told_by_header(candidates: Sequence[Dialect], content: Content, charset: str, shape: Shape) -> Dialect:
    """The candidate under which the first row holds most of the required columns; the first of equals."""
    return max(candidates, key=lambda dialect: _columns_found(dialect, content, charset, shape))


def _columns_found(dialect: Dialect, content: Content, charset: str, shape: Shape) -> int:
    with content.open() as stream:
        names = Rows(stream=stream, charset=charset, dialect=dialect).header() or []
    return len(set(resolve_header(shape, names).columns) & set(shape.required)) if len(names) <= 500 else 0
