"""Projection: a delivery's bytes as typed Arrow tables, each row with the way back to its bytes. Pure.

Which tables and columns there are is ``projected_tables``'s to say, what stands in a row ``records``'s. Where
the result is kept is ``columnar``'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from rawzone_assets.access.conversions import PRECISION, SCALE, converted
from rawzone_assets.access.origin_columns import ORIGIN
from rawzone_assets.access.pieces import NotProjectable, Piece
from rawzone_assets.access.projected_tables import Column, Kind, Table, tables
from rawzone_assets.access.records import pieces
from rawzone_assets.contract.exact_values import as_json
from rawzone_assets.contract.feed import Content, Feed

VERSION = 1
"""Of what is made of the same bytes under the same contract. A change makes everything projected stale."""

_TYPES = {
    Kind.TEXT: pa.string(),
    Kind.JSON: pa.string(),
    Kind.COUNT: pa.int64(),
    Kind.AMOUNT: pa.decimal128(PRECISION, SCALE),
    Kind.DAY: pa.date32(),
    Kind.MOMENT: pa.timestamp("us", tz="UTC"),
    Kind.TRUTH: pa.bool_(),
}


@dataclass(frozen=True, kw_only=True)
class Origin:
    """The delivery that rows come from."""

    key: str
    sha256: str
    captured_at: datetime | None
    partition: date
    name: str


def fingerprint(feed: Feed) -> str:
    """Changes with everything that the projection of the same bytes depends on, but the libraries."""
    described = repr((VERSION, tables(feed), feed.projection))
    return hashlib.sha256(described.encode()).hexdigest()


def arrow_schema(table: Table) -> pa.Schema:
    """The columns of a table, then those that say where a row comes from."""
    return pa.schema(
        [
            *(_field(column) for column in table.columns),
            *((origin.name, _TYPES[origin.kind]) for origin in ORIGIN),
        ]
    )


def project(feed: Feed, content: Content, origin: Origin) -> Iterator[tuple[Table, pa.RecordBatch]]:
    """The rows of a delivery, table by table, in pieces of bounded size.

    ``_row`` counts them from 0 over all tables, those that the receipt counts first.

    Raises:
        NotProjectable: The rest of the delivery cannot be read into rows.
    """
    first = 0
    for piece in pieces(feed, content, origin.name):
        yield piece.table, _batch(piece, origin, first)
        first += len(piece.places)


def project_tables(feed: Feed, content: Content, origin: Origin) -> dict[str, pa.Table]:
    """As :func:`project`, whole tables by name; those without rows are there too.

    Raises:
        NotProjectable: The delivery cannot be read into rows.
    """
    found: dict[str, list[pa.RecordBatch]] = {table.name: [] for table in tables(feed)}
    for table, batch in project(feed, content, origin):
        found[table.name].append(batch)
    schemas = {table.name: arrow_schema(table) for table in tables(feed)}
    return {name: pa.Table.from_batches(batches, schema=schemas[name]) for name, batches in found.items()}


def _field(column: Column) -> pa.Field:
    about = {"description": column.description} if column.description else None
    return pa.field(column.name, _TYPES[column.kind], metadata=about)


def _batch(piece: Piece, origin: Origin, first: int) -> pa.RecordBatch:
    rows = len(piece.places)
    originals: dict[int, dict[str, Any]] = {}
    arrays: list[pa.Array] = []
    for column in piece.table.columns:
        held, told = converted(column.kind, piece.columns.get(column.name) or [None] * rows)
        for row, value in told.items():
            originals.setdefault(row, {})[column.name] = value
        arrays.append(_array(held, _TYPES[column.kind]))
    beside: dict[str, list[Any]] = {
        "_row": list(range(first, first + rows)),
        "_parent": piece.parents or [None] * rows,
        "_place": piece.places,
        "_original": [as_json(originals[row]) if row in originals else None for row in range(rows)],
        "_other": [as_json(other) if other else None for other in piece.others],
        "_key": [origin.key] * rows,
        "_sha256": [origin.sha256] * rows,
        "_captured_at": [origin.captured_at] * rows,
        "_partition": [origin.partition] * rows,
        "_name": [origin.name] * rows,
    }
    arrays += [_array(beside[column.name], _TYPES[column.kind]) for column in ORIGIN]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(piece.table))


def _array(values: list[Any], kind: pa.DataType) -> pa.Array:
    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError as error:
        raise NotProjectable("a text in it is no Unicode: half a character stands alone") from error
