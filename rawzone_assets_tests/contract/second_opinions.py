"""Second opinions: where two engines can judge the same, whether they agree about a delivery.

Pairs are the compiled JSON Schema engine and the one that explains, for documents and for what pages hand to
their charts; and pandera and the row's JSON Schema, for tables. Deliveries that are not readable have nothing
to disagree about.
"""

from __future__ import annotations

from typing import Any

from oracle import NoArchive, member_of
from oracle_documents import NoDocument, document_of
from oracle_tables import NoTable, grid_of

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.schemas import deciding_engine, explaining_engine
from rawzone_assets.contract.table_cells import refused_cells
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_shapes import resolve_header, shape_of


def disagreements(feed: Feed, data: bytes) -> list[str]:
    """What the engines of a pair say differently."""
    if feed.format.kind == "zip":
        try:
            data = member_of(data, feed.id)
        except NoArchive:
            return []
    if feed.format.kind in {"csv", "tsv", "zip"}:
        return _about_tables(feed, data)
    return _about_documents(feed, data) if feed.format.kind == "json" else []


def _about_documents(feed: Feed, data: bytes) -> list[str]:
    try:
        document = document_of(data)
    except NoDocument:
        return []
    if _depth(document) > 200:  # deeper than judging lets any document be
        return []
    inside = document.get("data") if isinstance(document, dict) else None
    return [
        f"{feed.schema}: {what}"
        for what, part in (("the document", document), ("what is inside its wrapper", inside))
        if deciding_engine(feed.schema).is_valid(part) != explaining_engine(feed.schema).is_valid(part)
    ]


def _depth(value: Any) -> int:
    deepest, level = 0, [value]
    while level:
        deepest += 1
        level = [
            member
            for holder in level
            if isinstance(holder, (dict, list))
            for member in (holder.values() if isinstance(holder, dict) else holder)
        ]
    return deepest


def _about_tables(feed: Feed, data: bytes) -> list[str]:
    try:
        grid = grid_of(feed.id, data, {})
    except NoTable:
        return []
    shape = shape_of(feed.schema)
    if not grid or len(grid[0]) > 500:
        return []
    columns = resolve_header(shape, grid[0]).columns
    rows = [row for row in grid[1:] if len(row) == len(columns)]
    cells = {column: [row[index] or None for row in rows] for index, column in enumerate(columns) if column}
    if not cells or not rows:
        return []
    refused = {
        (finding.where.line, finding.where.column_name)
        for finding in refused_cells(shape, Chunk(columns=cells, lines=range(len(rows))))
        if finding.where
    }
    explaining = explaining_engine(feed.schema)
    verdicts: dict[tuple[str, str | None], bool] = {}
    told = []
    for column, texts in cells.items():
        for row, text in enumerate(texts):
            key = (column, text)
            if key not in verdicts:
                verdicts[key] = explaining.evolve(schema=dict(shape.columns[column])).is_valid(text)
            if verdicts[key] == ((row, column) in refused):
                told.append(f"{feed.schema}: {column}")
    return told
