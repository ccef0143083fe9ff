"""Result tables in JSON: a list of headers, and rows as lists of cells that the headers' order gives meaning.

JSON Schema sees only lists of anything. These rules say what the headers promise: how many cells a row has, of
which type, and that no row stands twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import jsonschema_rs
import orjson

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.forms import is_date
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.refusals import shown_name
from rawzone_assets.contract.rules import Rule
from rawzone_assets.contract.schemas import compiled, usual_pattern


def _is_text(cell: Any) -> bool:
    return isinstance(cell, str)


def _is_number(cell: Any) -> bool:
    return isinstance(cell, (int, float)) and not isinstance(cell, bool)


def _is_whole(cell: Any) -> bool:
    return _is_number(cell) and float(cell).is_integer()


# Types that are not listed here may come: their cells are not judged.
_TYPES: Mapping[str, tuple[str, Callable[[Any], bool]]] = {
    "STRING": ("a text", _is_text),
    "INTEGER": ("a whole number", _is_whole),
    "FLOAT": ("a number", _is_number),
}


# The same in words of JSON Schema, which takes 7.0 for a whole number too.
_SCHEMAS = {"STRING": {"type": "string"}, "INTEGER": {"type": "integer"}, "FLOAT": {"type": "number"}}


@dataclass(frozen=True, kw_only=True)
class ResultTable:
    """Where headers and rows are, and which columns have a meaning of their own."""

    headers: str
    rows: str
    day: str = ""
    counts: tuple[str, ...] = ()  # columns that cannot be negative; differences of a day can

    def cells(self, reading: Reading) -> list[list[Any]]:
        rows: list[Any] = list(reading.whole_rows(self.rows))
        return rows

    def key_columns(self, reading: Reading) -> list[int]:
        """The positions of the columns that say what a row is about."""
        headers = reading.whole_rows(self.headers)
        return [index for index, header in enumerate(headers) if header["columnType"] == "DIMENSION"]


def rows_as_headed(table: ResultTable) -> Rule:
    """No header stands twice; each row has a cell for each header, of the header's type."""

    def rule(reading: Reading) -> Iterator[Finding]:
        headers = reading.whole_rows(table.headers)
        names = [header["name"] for header in headers]
        for index, name in enumerate(names):
            if name in names[:index]:
                yield codes.SHAPE("two columns have this name", reading.at(table.headers, index, "name"))
        rows = table.cells(reading)
        for index, row in enumerate(() if _are_as_headed(table, headers, rows) else rows):
            if len(row) != len(headers):
                message = f"the row has {len(row)} cells, the table {len(headers)} columns"
                yield codes.SHAPE(message, reading.at(table.rows, index))
                continue
            for column, (header, cell) in enumerate(zip(headers, row, strict=True)):
                yield from _objections(table, header, cell, reading, (index, column))

    return rule


def _are_as_headed(
    table: ResultTable, headers: Sequence[Mapping[str, Any]], rows: Sequence[Sequence[Any]]
) -> bool:
    """Whether there is certainly nothing to object to, proven by a schema of the rows."""
    named = tuple((header["name"], header["dataType"]) for header in headers)
    is_kept = sum(len(name) for name, _ in named) <= _LONGEST_KEPT
    return (_proof if is_kept else _proof.__wrapped__)(table, named).is_valid(rows)


_LONGEST_KEPT = 4096  # characters of headers: what deliveries say is not kept without end


@lru_cache(maxsize=64)
def _proof(table: ResultTable, headers: tuple[tuple[str, str], ...]) -> jsonschema_rs.Draft202012Validator:
    """The compiled schema of rows under such headers: :func:`_objections` has none to what it accepts."""
    cells = []
    for name, kind in headers:
        cell: dict[str, Any] = dict(_SCHEMAS.get(kind, {}))
        if name == table.day:
            cell["allOf"] = [{"type": "string", "pattern": usual_pattern("date")}]
        if name in table.counts:
            cell["minimum"] = 0
        cells.append(cell)
    width = len(headers)
    row = {"type": "array", "prefixItems": cells, "minItems": width, "maxItems": width}
    return compiled({"type": "array", "items": row})


def no_row_twice(table: ResultTable) -> Rule:
    """No two rows are about the same: the same day, or day and country when there is a column for it."""

    def rule(reading: Reading) -> Iterator[Finding]:
        keys = table.key_columns(reading)
        names = [header["name"] for header in reading.whole_rows(table.headers)]
        code = codes.REPEATED_DAY if [names[key] for key in keys] == [table.day] else codes.REPEATED_RECORD
        columns = [reading.column(table.rows, key) for key in keys]
        first: dict[bytes, int] = {}
        for index, row in enumerate(() if not keys or _are_all_different(columns) else table.cells(reading)):
            if len(row) <= keys[-1]:
                continue  # objected to as no row of this width
            key = orjson.dumps([row[key] for key in keys])
            if first.setdefault(key, index) != index:
                message = f"about the same as row {first[key]} (rows count from 0)"
                yield code(message, reading.at(table.rows, index, keys[0]))

    return rule


def _are_all_different(columns: Sequence[Sequence[Any]]) -> bool:
    """Whether certainly no two rows have the same cells there: values that differ are written differently."""
    try:
        told = set(columns[0] if len(columns) == 1 else zip(*columns, strict=True))
    except TypeError:  # some cell is a list or an object
        return False
    return len(told) == len(columns[0])


def _objections(
    table: ResultTable, header: Mapping[str, Any], cell: Any, reading: Reading, at: tuple[int, int]
) -> Iterator[Finding]:
    name = header["name"]
    expected, accepts = _TYPES.get(header["dataType"], ("", _is_anything))
    is_blank = name == table.day and isinstance(cell, str) and not cell.strip()
    if is_blank or (cell is None and expected):
        yield codes.EMPTY_FIELD(f"the column {shown_name(name)} has no value here", reading.at(table.rows, *at))
    elif not accepts(cell):
        yield codes.VALUE_TYPE(f"expected {expected} in the column {name!r}", reading.at(table.rows, *at))
    elif name == table.day and not (isinstance(cell, str) and is_date(cell)):
        yield codes.VALUE_TYPE("expected a date YYYY-MM-DD", reading.at(table.rows, *at))
    elif name in table.counts and _is_number(cell) and cell < 0:
        yield codes.NEGATIVE_COUNT(f"{name!r} cannot be negative", reading.at(table.rows, *at))


def _is_anything(_cell: Any) -> bool:
    return True
