"""Delimited exports, made up: what studios and portals write, with the quirks that their users know."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Table:
    """An export before it is written. Rows are lists in the order of ``header``."""

    header: list[str]
    rows: list[list[str]]
    delimiter: str = ","
    quote_all: bool = True
    newline: str = "\n"
    final_newline: bool = False
    encoding: str = "utf-8-sig"

    def set(self, row: int, column: str, text: str) -> Table:
        """Another text in one cell; the table itself, for chaining."""
        self.rows[row][self.header.index(column)] = text
        return self

    def set_all(self, column: str, text: str) -> Table:
        for row in range(len(self.rows)):
            self.set(row, column, text)
        return self

    def drop(self, *columns: str) -> Table:
        for column in columns:
            index = self.header.index(column)
            for cells in (self.header, *self.rows):
                del cells[index]
        return self

    def add(self, column: str, text: str) -> Table:
        self.header.append(column)
        for cells in self.rows:
            cells.append(text)
        return self

    def rename(self, *names: str) -> Table:
        self.header[: len(names)] = names
        return self

    def encoded(self) -> bytes:
        lines = [self.delimiter.join(map(self._cell, cells)) for cells in (self.header, *self.rows)]
        return (self.newline.join(lines) + (self.newline if self.final_newline else "")).encode(self.encoding)

    def _cell(self, text: str) -> str:
        needed = any(character in text for character in (self.delimiter, '"', "\n"))
        return '"' + text.replace('"', '""') + '"' if self.quote_all or needed else text
