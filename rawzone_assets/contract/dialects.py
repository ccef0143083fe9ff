"""Dialects: telling which of a few declared delimiters a table uses, by its header alone.

Only for feeds whose delimiter nobody knows. The schema's columns decide, never counts of characters: titles are
full of commas and semicolons.
"""

from __future__ import annotations

from collections.abc import Iterable

from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.table_rows import Dialect, Rows
from rawzone_assets.contract.table_shapes import Shape, resolve_header


def told_by_header(candidates: Iterable[Dialect], content: Content, charset: str, shape: Shape) -> Dialect:
    """The candidate under which the first row holds most of the required columns; the first of equals."""
    return max(candidates, key=lambda dialect: _columns_found(dialect, content, charset, shape))


def _columns_found(dialect: Dialect, content: Content, charset: str, shape: Shape) -> int:
    with content.open() as stream:
        names = Rows(stream=stream, charset=charset, dialect=dialect).header() or []
    return len(set(resolve_header(shape, names).columns) & set(shape.required)) if len(names) <= 500 else 0
