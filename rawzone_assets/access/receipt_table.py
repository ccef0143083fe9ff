"""Receipts as an Arrow table: one schema for all of them, every fact in a column, what nests nested.

Pure: records in, table out. Where the tables lie, and which commits they hold, is ``parquet_catalog``'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import orjson
import pyarrow as pa

from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Record, moment

_Members = dict[str, Any]  # name to the members of what is there

_TEXT, _WHOLE = pa.string(), pa.int64()
_DAY, _MOMENT = pa.date32(), pa.timestamp("us", tz="UTC")
_PLACE = pa.struct(
    {
        "line": _WHOLE,
        "column": _WHOLE,
        "column_name": _TEXT,
        "pointer": _TEXT,
        "css": _TEXT,
        "offset": _WHOLE,
    }
)
_FINDINGS = pa.list_(
    pa.struct(
        {"code": _TEXT, "check": _TEXT, "message": _TEXT, "blocking": pa.bool_(), "where": _PLACE},
    )
)
_CONTRACT = pa.struct(
    {
        "feed_version": _WHOLE,
        "schema": _TEXT,
        "schema_sha256": _TEXT,
        "rules_version": _WHOLE,
        "modes": pa.map_(_TEXT, _TEXT),
        "secrets": _TEXT,
    }
)
_LANDED = pa.struct(dict.fromkeys(("device", "inode", "size", "mtime_ns", "ctime_ns"), _TEXT))

MORE = "more"
SCHEMA = pa.schema(
    {
        "seq": _WHOLE,  # the commit, and the receipt's place among its records, from 0
        "line": pa.int32(),
        "at": _MOMENT,  # when the commit was made
        "verdict": _TEXT,
        "feed": _TEXT,
        "partition": _DAY,
        "name": _TEXT,
        "key": _TEXT,
        "revision": pa.int32(),
        "captured_at": _MOMENT,
        "validated_at": _MOMENT,
        "promoted_at": _MOMENT,
        "source_system": _TEXT,
        "extractor": pa.struct({"name": _TEXT, "version": _TEXT}),
        "contract": _CONTRACT,
        "sha256": _TEXT,
        "size": _WHOLE,
        "stored_sha256": _TEXT,
        "stored_size": _WHOLE,
        "encoding": _TEXT,
        "records": _WHOLE,
        "data_min": _DAY,
        "data_max": _DAY,
        "fingerprint": _TEXT,
        "substance": _TEXT,
        "outline": pa.list_(_TEXT),
        "diary": pa.map_(_TEXT, _TEXT),
        "text": pa.struct({"charset": _TEXT, "bom": pa.bool_(), "newline": _TEXT}),
        "duplicate_of": _TEXT,
        "revises": _TEXT,
        "quarantine": pa.struct({"path": _TEXT, "findings": _TEXT}),
        "replays": pa.struct({"seq": _WHOLE, "path": _TEXT}),
        "landing_path": _TEXT,
        "landing_path_bytes": _TEXT,
        "landed": _LANDED,
        "adopted": pa.map_(_TEXT, _TEXT),
        "findings": _FINDINGS,
        "shadow_findings": _FINDINGS,
        "access": _TEXT,
        "access_reasons": pa.map_(_TEXT, _WHOLE),
        MORE: _TEXT,  # JSON: what a receipt says that has no column here, null when there is nothing
    }
)


def rows_of(commit: Commit) -> Iterator[dict[str, Any]]:
    """The receipts of a commit, each with the number and time of the commit."""
    for line, record in enumerate(commit.records):
        if record.get("record") == "receipt":
            yield {**record, "seq": commit.seq, "line": line, "at": commit.header["at"]}


def table_of(rows: Iterable[Record]) -> pa.Table:
    """Rows as a table of :data:`SCHEMA`, in their order. What fits no column is in ``more``."""
    prepared = [_prepared(row) for row in rows]
    columns = [_column(prepared, column.name, column.type) for column in SCHEMA if column.name != MORE]
    leftovers = [row[MORE] for row in prepared]
    more = [orjson.dumps(left, option=orjson.OPT_SORT_KEYS).decode() if left else None for left in leftovers]
    return pa.table([*columns, pa.array(more, type=_TEXT)], schema=SCHEMA)


def _prepared(row: Record) -> dict[str, Any]:
    """The row as Arrow takes it, and under ``more`` what it would pass over in silence."""
    more = {name: value for name, value in row.items() if name not in _KINDS and name != "record"}
    for name, members in _NESTED.items():
        value = row.get(name)
        if value and not _fits(value, members):
            more[name] = value
    fitting = {**row, MORE: more}
    for name in _MAPS:
        if row.get(name):
            fitting[name] = list(row[name].items())
    if (row.get("contract") or {}).get("modes"):
        fitting["contract"] = {**row["contract"], "modes": list(row["contract"]["modes"].items())}
    return fitting


def _fits(value: Any, members: _Members) -> bool:
    """Whether there is a place for all of the value."""
    if isinstance(value, list):
        return all(_fits(part, members) for part in value)
    return value.keys() <= members.keys() and all(
        _fits(value[name], inner) for name, inner in members.items() if inner and value.get(name)
    )


def _column(prepared: list[dict[str, Any]], name: str, kind: pa.DataType) -> pa.Array:
    values = [row.get(name) for row in prepared]
    if kind not in (_DAY, _MOMENT):
        return pa.array(values, type=kind)
    try:
        return pa.array(values, type=_TEXT).cast(kind)
    except pa.ArrowInvalid:
        return pa.array([_read(row, name, kind) for row in prepared], type=kind)


def _read(row: dict[str, Any], name: str, kind: pa.DataType) -> date | None:
    """A day or moment; one that is none stays as it is, under ``more``."""
    text = row.get(name)
    try:
        return None if text is None else (date.fromisoformat if kind == _DAY else moment)(text)
    except ValueError:
        row[MORE][name] = text
        return None


def _members(kind: pa.DataType) -> _Members:
    """The names that a structure, or a list of them, has a place for; none for anything else."""
    if pa.types.is_list(kind):
        return _members(kind.value_type)
    return {field.name: _members(field.type) for field in kind.fields} if pa.types.is_struct(kind) else {}


_KINDS = {column.name: column.type for column in SCHEMA}
_NESTED = {name: members for name, kind in _KINDS.items() if (members := _members(kind))}
_MAPS = [name for name, kind in _KINDS.items() if pa.types.is_map(kind)]
