"""Projected tables: which tables and columns a feed's deliveries are read into, derived from its schemas.

Every list of objects that a schema describes becomes a table, and so does what stands beside the lists. No
value is read here (``records``), and nothing knows Arrow (``projection``), so that definitions load quickly.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import PurePosixPath
from typing import Any

from rawzone_assets.contract.archives import ZipFormat
from rawzone_assets.contract.feed import Feed, Format
from rawzone_assets.contract.html_pages import BlocksFormat, HtmlFormat
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.pointers import parts_of, resolve
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.contract.tables import TableFormat

ITEM = "*"
"""Stands in a path for each item of a list."""

Path = tuple[str, ...]

_COUNTS = frozenset({"count", "whole-number", "count-or-undefined", "change"})
_AMOUNTS = frozenset({"decimal", "amount", "share"})
_MOST_LEVELS = 20  # a schema may refer to itself
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")


class Kind(StrEnum):
    """What a column holds, by the name of its type in Dagster's catalogue."""

    TEXT = "string"
    COUNT = "int64"
    AMOUNT = "decimal128(38, 22)"
    DAY = "date32"
    MOMENT = "timestamp[us, UTC]"
    TRUTH = "bool"
    JSON = "string (JSON)"


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column: the source's name for it, and where it stands when that is not a member of a record."""

    name: str
    kind: Kind
    description: str = ""
    path: Path = ()  # of columns of a document


@dataclass(frozen=True, kw_only=True)
class Table:
    """The records of one list, of a delimited file, or a document itself (``is_document``).

    ``is_main``: these are the records that the delivery's receipt counts. ``parent`` is the path of the table
    whose records hold these.
    """

    name: str
    schema: str
    path: Path
    columns: tuple[Column, ...]
    is_document: bool = False
    is_main: bool = False
    parent: Path | None = None
    description: str = ""


@cache
def tables_of(feed_schemas: tuple[tuple[Format, str], ...], omitted: Path) -> tuple[Table, ...]:
    """See :func:`tables`; kept, because every delivery asks."""
    found: dict[str, Table] = {}
    known: set[tuple[str, Path, bool]] = set()
    for form, schema in feed_schemas:
        for table in _tables_of_form(form, schema):
            identity = (table.schema, table.path, table.is_document)
            if identity in known:
                continue  # another form of the same schema: the same table in a zip
            known.add(identity)
            name = _name(table, omitted, several=len({schema for _, schema in feed_schemas}) > 1)
            while name.casefold() in {taken.casefold() for taken in found}:
                name = f"{_stem(table.schema)}_{name}"
            found[name] = replace(table, name=name, columns=_named(table.columns, omitted))
    return tuple(found.values())


def tables(feed: Feed) -> tuple[Table, ...]:
    """Every table of a feed, of whatever form; those of a form that nobody can read are none."""
    forms = ((feed.format, feed.schema), *((v.format, v.schema) for v in feed.variants))
    found = tables_of(forms, feed.projection.omitted)
    if not feed.projection.rows:
        return found
    return tuple(_with_result_table(feed, found))


def document_type(form: Format) -> bool:
    """Whether deliveries of the form are read as one document."""
    return isinstance(form, (JsonFormat, HtmlFormat, BlocksFormat))


def table_form(form: Format) -> TableFormat | None:
    """The delimited form of a delivery, packed or not."""
    inner = form.inside if isinstance(form, ZipFormat) else form
    return inner if isinstance(inner, TableFormat) else None


def node_at(schema: Mapping[str, Any], node: Any) -> Mapping[str, Any]:
    """The node itself, whatever references lead to it; members beside a reference count too."""
    for _ in range(_MOST_LEVELS):
        if not isinstance(node, Mapping) or "$ref" not in node:
            break
        target = resolve(schema, str(node["$ref"]).removeprefix("#"))
        node = {
            **(target if isinstance(target, Mapping) else {}),
            **{k: v for k, v in node.items() if k != "$ref"},
        }
    return node if isinstance(node, Mapping) else {}


def types_of(node: Mapping[str, Any]) -> frozenset[str]:
    """The JSON types that the node allows, without null; none when it does not say."""
    named = node.get("type", [])
    return frozenset(named if isinstance(named, list) else [named]) - {"null"}


def kind_of(node: Mapping[str, Any]) -> Kind:
    """What a column of such values holds."""
    types, form = types_of(node), node.get("format")
    if not types or types & {"object", "array"}:
        return Kind.JSON
    if form == "date":
        return Kind.DAY
    is_figure = "minimum" in node or "string" not in types  # a label may be a number too
    if form in _COUNTS or (types & {"integer"} and is_figure and types <= {"integer", "string"}):
        return Kind.COUNT
    if form in _AMOUNTS or (types & {"integer", "number"} and is_figure and "boolean" not in types):
        return Kind.AMOUNT
    return Kind.TRUTH if types == {"boolean"} else Kind.TEXT


def records_node(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The node of a list's records; ``None`` when it is no list of objects whose members are known."""
    if "array" not in types_of(node):
        return None
    items = node_at(schema, node.get("items"))
    return items if "object" in types_of(items) and items.get("properties") else None


def _tables_of_form(form: Format, schema: str) -> Iterator[Table]:
    document = load_schema(schema).document
    if table_form(form):
        columns = _columns(document, document)
        yield Table(
            name="", schema=schema, path=(), columns=columns, is_main=True, description=_about(document)
        )
    elif document_type(form):
        yield from _tables_of_document(form, schema, document)


def _tables_of_document(form: Format, schema: str, document: Mapping[str, Any]) -> Iterator[Table]:
    main = _main_path(form)
    beside: list[Column] = []
    found = list(_lists(document, document, (), schema, beside))
    has_main = any(table.path == main for table in found)
    for table in found:
        yield replace(table, is_main=table.path == main)
    yield Table(
        name="",
        schema=schema,
        path=(),
        columns=tuple(beside),
        is_document=True,
        is_main=not has_main,
        description="What stands once in a delivery, beside its lists",
    )


def _main_path(form: Format) -> Path:
    """Where the records are that the receipt counts."""
    series = getattr(form, "series", None)
    pointer = series.path if series else getattr(form, "records", None)
    return parts_of(pointer) if pointer is not None else (ITEM,)  # which no table has


def _lists(
    schema: Mapping[str, Any], node: Mapping[str, Any], path: Path, name: str, beside: list[Column]
) -> Iterator[Table]:
    """The lists below a node that stands once; what is no list goes to ``beside``."""
    records = records_node(schema, node)
    if records is not None:
        yield from _list(schema, records, path, name, parent=None)
    elif "object" in types_of(node) and node.get("properties") and len(path) < _MOST_LEVELS:
        for member, part in node["properties"].items():
            yield from _lists(schema, node_at(schema, part), (*path, member), name, beside)
    elif path:
        beside.append(Column(name="", kind=kind_of(node), description=node.get("description", ""), path=path))


def _list(
    schema: Mapping[str, Any], records: Mapping[str, Any], path: Path, name: str, *, parent: Path | None
) -> Iterator[Table]:
    columns = _columns(schema, records)
    yield Table(name="", schema=name, path=path, columns=columns, parent=parent, description=_about(records))
    if path.count(ITEM) >= 2:
        return
    for member, part in records["properties"].items():
        inner = records_node(schema, node_at(schema, part))
        if inner is not None:
            yield from _list(schema, inner, (*path, ITEM, member), name, parent=path)


def _columns(schema: Mapping[str, Any], record: Mapping[str, Any]) -> tuple[Column, ...]:
    nodes = {name: node_at(schema, part) for name, part in record.get("properties", {}).items()}
    return tuple(
        Column(name=name, kind=kind_of(node), description=node.get("description", ""))
        for name, node in nodes.items()
    )


def _with_result_table(feed: Feed, found: tuple[Table, ...]) -> Iterator[Table]:
    """The tables, with the one whose columns another list names."""
    rows = parts_of(feed.projection.rows)
    columns = tuple(
        Column(name=name, kind=kind_of(node), description=node.get("description", ""))
        for name, node in feed.projection.columns.items()
    )
    yield Table(
        name="_".join(rows),
        schema=feed.schema,
        path=rows,
        columns=columns,
        is_main=True,
        description="Cells as the table's own list of headers names them",
    )
    for table in found:
        beside = tuple(column for column in table.columns if column.path != rows)
        yield replace(table, is_main=False, columns=beside)


def _name(table: Table, omitted: Path, *, several: bool) -> str:
    stem = _stem(table.schema)
    if table.is_document:
        return f"{stem}_document" if several else "document"
    parts = [part for part in table.path if part != ITEM and part not in omitted]
    if not table.path or (ITEM in table.path and table.path[0] == ITEM):
        parts = [stem, *parts]  # the document is the list itself
    return _UNSAFE.sub("_", "_".join(parts)) or stem


def _named(columns: tuple[Column, ...], omitted: Path) -> tuple[Column, ...]:
    """Names for the columns of a document, after the way to each."""
    taken = {column.name.casefold() for column in columns if column.name}
    named: list[Column] = []
    for column in columns:
        name = column.name
        if not name:
            name = "_".join(part for part in column.path if part not in omitted) or "_".join(column.path)
            while name.casefold() in taken:
                name = f"{name}_"
            taken.add(name.casefold())
        named.append(replace(column, name=name))
    return tuple(named)


def _stem(schema: str) -> str:
    return PurePosixPath(schema).name.partition(".")[0]


def _about(node: Mapping[str, Any]) -> str:
    return str(node.get("title") or node.get("description") or "")
