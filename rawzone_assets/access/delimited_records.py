"""Delimited records: the rows of a table, under the names that the schema has for its columns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from rawzone_assets.access.pieces import PIECE_CHARACTERS, PIECE_ROWS, NotProjectable, Piece
from rawzone_assets.access.projected_tables import Table
from rawzone_assets.contract.dialects import rows_of
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.table_shapes import resolve_header, shape_of
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.contract.texts import survey


def delimited_pieces(form: TableFormat, table: Table, content: Content) -> Iterator[Piece]:
    """The rows of delimited text, as its own format reads it.

    Raises:
        NotProjectable: The rest of the text makes no rows.
    """
    seen = survey(content)
    legacy = form.legacy_charset if seen.invalid_at is not None and not seen.utf16 else None
    if seen.objection() is not None and legacy is None:
        raise NotProjectable("it is no text of this feed's encoding")
    shape = shape_of(table.schema)
    with content.open() as stream:
        rows = rows_of(content, stream, dialects=form.dialects, charset=legacy or "utf-8", shape=shape)
        lines = iter(rows)
        names = [name.strip() for name in next(lines, [])]
        columns = resolve_header(shape, names).columns
        cut = _Cut(table=table, names=names, columns=columns)
        for cells in lines:
            cut.add(cells, rows.line)
            if len(cut.lines) >= PIECE_ROWS or cut.characters >= PIECE_CHARACTERS:
                yield cut.piece()
        if cut.lines:
            yield cut.piece()
        if rows.broken:
            raise NotProjectable(rows.broken.message)


@dataclass(kw_only=True)
class _Cut:
    """Rows of cells on their way to columns."""

    table: Table
    names: list[str]
    columns: tuple[str | None, ...]
    rows: list[list[str]] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    characters: int = 0

    def add(self, cells: list[str], line: int) -> None:
        self.rows.append(cells)
        self.lines.append(f"line {line}")
        self.characters += sum(map(len, cells))

    def piece(self) -> Piece:
        """The rows so far; blank cells are ``None``."""
        piece = Piece(table=self.table, places=self.lines, others=[self._other(cells) for cells in self.rows])
        for index, column in enumerate(self.columns):
            if column:
                piece.columns[column] = [
                    (cells[index] or None) if index < len(cells) else None for cells in self.rows
                ]
        self.rows, self.lines, self.characters = [], [], 0
        return piece

    def _other(self, cells: list[str]) -> dict[str, Any] | None:
        """Cells under names that the schema does not know, and those beyond the header."""
        other: dict[str, Any] = {}
        for index, cell in enumerate(cells):
            if index >= len(self.columns):
                other[f"#{index + 1}"] = cell
            elif self.columns[index] is None and cell:
                name = self.names[index]
                other[name if name and name not in other else f"{name}#{index + 1}"] = cell
        return other or None
