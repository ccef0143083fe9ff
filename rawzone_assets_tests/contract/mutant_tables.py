"""Mutations of tables: columns dropped, renamed, repeated or exchanged; cells retyped; rows repeated or cut.

A table is its dialect and its rows, the header first; how they are written is part of what is mutated.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, replace

from mutant_bytes import SCALE, Step

CELLS = (
    "", " ", "0", "7", "-1", "1.5", "-0.00000000", "1794.0", "1,204", "1e3", "1.2E+17", "NaN", "inf", "١٢",
    " 7",
    "7\n", "7\x0b", "undefined", "None", "null", "'", '"', '""', "a\tb", "a,b", "a;b", "x" * 300, "9" * 15,
    "9" * 16,
    "9" * 400, "2025-06-13", "2025-06-14", "2025-06-15", "2099-01-01", "0000-01-01", "2025-02-30", "6/1/2025",
    "2025-6-1", "28-May", "May 28", "June 14", "June 30", "July 4", "February 29", "28 de mayo", "True",
    "maybe",
    "{}", "[1]", "{", "0.5", "1.01", ".", "1.", "2025-06", "2025-13", "2025-07", "Others", "\ufeff", "é",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Table:
    rows: list[list[str]]
    delimiter: str
    newline: str
    quoted: bool  # whether quotes are quotes at all
    quote_all: bool = False
    bom: bool = False
    ends: bool = True  # with a line end

    def written(self) -> bytes:
        if self.quoted:
            out = io.StringIO()
            quoting = csv.QUOTE_ALL if self.quote_all else csv.QUOTE_MINIMAL
            csv.writer(out, delimiter=self.delimiter, quoting=quoting, lineterminator=self.newline).writerows(
                self.rows
            )
            text = out.getvalue()
        else:
            text = "".join(self.delimiter.join(row) + self.newline for row in self.rows)
        text = text if self.ends else text.removesuffix(self.newline)
        return (b"\xef\xbb\xbf" if self.bom else b"") + text.encode()


def table_of(data: bytes, delimiter: str, *, quoted: bool, most: int = 40) -> Table:
    """The table that a sample is, with the last of its rows: few, so that a change meets what matters."""
    text = data.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\r" if "\r" in text and "\n" not in text else "\n"
    quoting = csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    lines = io.StringIO(text, newline="")
    rows = [row for row in csv.reader(lines, delimiter=delimiter, quoting=quoting) if row]
    return Table(
        rows=[rows[0], *rows[1:][-most:]],
        delimiter=delimiter,
        newline=newline,
        quoted=quoted,
        quote_all=data.removeprefix(b"\xef\xbb\xbf").startswith(b'"'),
        bom=data.startswith(b"\xef\xbb\xbf"),
        ends=text.endswith(newline),
    )


Mutation = Callable[[list[list[str]], int, int, int], list[list[str]]]


def changed_table(table: Table, step: Step) -> Table:
    """The table after one step; it is not changed itself."""
    what, where, how = step
    rows = [list(row) for row in table.rows]
    width = max((len(row) for row in rows), default=0)
    if not width:
        return table
    cell = where * len(rows) * width // SCALE
    choice = what % (len(MUTATIONS) + 3)
    if choice < len(MUTATIONS):
        return replace(table, rows=MUTATIONS[choice](rows, cell // width, cell % width, how))
    layouts = (
        replace(table, newline=("\n", "\r\n", "\r")[how % 3]),
        replace(table, quote_all=bool(how & 1), bom=bool(how & 2), ends=bool(how & 4)),
        replace(table, delimiter=",;\t|"[how % 4]),
    )
    return layouts[choice - len(MUTATIONS)]


def _set(rows: list[list[str]], row: int, column: int, how: int) -> list[list[str]]:
    rows[row][column : column + 1] = [CELLS[how % len(CELLS)]]
    return rows


def _blank(rows: list[list[str]], row: int, column: int, _how: int) -> list[list[str]]:
    rows[row][column : column + 1] = [""]
    return rows


def _cell_of_other_row(rows: list[list[str]], row: int, column: int, how: int) -> list[list[str]]:
    other = rows[how % len(rows)]
    rows[row][column : column + 1] = other[column : column + 1]
    return rows


def _cell_of_other_column(rows: list[list[str]], row: int, column: int, how: int) -> list[list[str]]:
    other = rows[row][how % max(1, len(rows[row])) :][:1]
    rows[row][column : column + 1] = other
    return rows


def _digit(rows: list[list[str]], row: int, column: int, how: int) -> list[list[str]]:
    cell = "".join(rows[row][column : column + 1])
    places = [at for at, letter in enumerate(cell) if letter.isdigit()]
    if places:
        at = places[how % len(places)]
        rows[row][column] = cell[:at] + str(how // 64 % 10) + cell[at + 1 :]
    return rows


def _row_twice(rows: list[list[str]], row: int, _column: int, how: int) -> list[list[str]]:
    rows.insert(1 + how % len(rows), list(rows[row]))
    return rows


def _row_gone(rows: list[list[str]], row: int, _column: int, _how: int) -> list[list[str]]:
    del rows[row]
    return rows


def _rows_cut(rows: list[list[str]], row: int, _column: int, _how: int) -> list[list[str]]:
    return rows[: row + 1]


def _ragged(rows: list[list[str]], row: int, column: int, how: int) -> list[list[str]]:
    rows[row] = rows[row][:column] if how % 2 else [*rows[row], CELLS[how % len(CELLS)]]
    return rows


def _blank_line(rows: list[list[str]], row: int, _column: int, _how: int) -> list[list[str]]:
    rows.insert(row, [])
    return rows


def _column_gone(rows: list[list[str]], _row: int, column: int, _how: int) -> list[list[str]]:
    return [row[:column] + row[column + 1 :] for row in rows]


def _column_twice(rows: list[list[str]], _row: int, column: int, how: int) -> list[list[str]]:
    copied = [[*row, *row[column : column + 1]] for row in rows]
    if how % 2 and copied[0]:
        copied[0][-1] = "A new column"
    return copied


def _columns_exchanged(rows: list[list[str]], _row: int, column: int, how: int) -> list[list[str]]:
    """Two columns change places, with their names or without."""
    for index, row in enumerate(rows):
        other = how % max(1, len(row))
        if column < len(row) and (index > 0 or how // 64 % 2):
            row[column], row[other] = row[other], row[column]
    return rows


def _renamed(rows: list[list[str]], _row: int, column: int, how: int) -> list[list[str]]:
    name = "".join(rows[0][column : column + 1])
    names = (
        name.upper(),
        name.lower(),
        f" {name} ",
        f"{name}s",
        "Datum",
        "Unknown",
        "",
        name.replace(" ", "_"),
    )
    rows[0][column : column + 1] = [names[how % len(names)]]
    return rows


def _reordered(rows: list[list[str]], _row: int, column: int, how: int) -> list[list[str]]:
    body = rows[1:]
    body = body[::-1] if how % 2 else sorted(body, key=lambda row: row[column : column + 1])
    return [*rows[:1], *body]


def _sheared(rows: list[list[str]], row: int, column: int, _how: int) -> list[list[str]]:
    """A delimiter lost in the middle: what stood in two cells stands in one."""
    cells = rows[row]
    cells[column : column + 2] = ["".join(cells[column : column + 2])]
    return rows


MUTATIONS: tuple[Mutation, ...] = (
    _set, _set, _set, _blank, _cell_of_other_row, _cell_of_other_row, _cell_of_other_column, _digit, _digit,
    _row_twice, _row_gone, _rows_cut, _ragged, _blank_line, _column_gone, _column_twice, _columns_exchanged,
    _renamed, _reordered, _sheared,
)  # fmt: skip
