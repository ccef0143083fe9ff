"""Column schemas: the columns that Dagster shows of a feed, in raw and as its projection.

A table's columns are its row schema's. Of documents, and of feeds whose deliveries come in several forms, they
are what the contract knows of the records that ``dagster/row_count`` counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import dagster as dg

from rawzone_assets.access.origin_columns import ORIGIN
from rawzone_assets.access.projected_tables import Table, tables
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.schemas import load_schema


def of_raw(feed: Feed, *, described: bool) -> dg.TableSchema:
    """The columns of a feed's rows or records, with their descriptions if so ``described``."""
    if len(feed.schemas) > 1 or feed.format.kind not in ("csv", "tsv"):
        return dg.TableSchema(columns=_of_records(tables(feed), described=described))
    document = load_schema(feed.schema).document
    required = set(document.get("required", ()))
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                type=_type(column),
                description=column.get("description") if described else None,
                constraints=dg.TableColumnConstraints(nullable=name not in required),
            )
            for name, column in document.get("properties", {}).items()
        ]
    )


def of_view(found: Iterable[Table]) -> dg.TableSchema:
    """The columns of the feed's view: of its main tables, each name once, and those that lead back to raw."""
    origin = [
        dg.TableColumn(column.name, type=column.kind.value, description=column.description) for column in ORIGIN
    ]
    return dg.TableSchema(columns=[*_of_records(found, described=True), *origin])


def _of_records(found: Iterable[Table], *, described: bool) -> list[dg.TableColumn]:
    columns: dict[str, dg.TableColumn] = {}
    for table in found:
        for column in table.columns if table.is_main else ():
            about = column.description or None if described else None
            columns.setdefault(
                column.name, dg.TableColumn(column.name, type=column.kind.value, description=about)
            )
    return [*columns.values()]


def _type(column: Mapping[str, Any]) -> str:
    if "format" in column:
        return str(column["format"])
    kind = column.get("type", "string")
    kinds = [kind] if isinstance(kind, str) else [name for name in kind if name != "null"]
    return str(kinds[0]) if kinds else "string"
