"""Table cells: what a row schema refuses in a chunk of rows, and what is merely unusual.

Whether anything is refused is decided by looking at each different cell of a column once. Which cells these
are is said row by row in small tables, and by pandera in large ones: loading it takes half a second.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import filterfalse

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.refusals import code_of, expectation
from rawzone_assets.contract.schemas import compiled_pattern
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_shapes import (
    Shape,
    are_surely_usual,
    demands_of,
    pandera_schema,
    proof_of,
    usual_text,
)

SMALL = 5_000
"""Rows of a chunk that is explained without pandera."""

MOST_ROWS = 1_000
"""Rows whose refused cells are explained: nobody reads further (``table_examination.MOST_EXPLAINED``)."""


def refused_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """What is refused in a chunk, as findings in row order."""
    refused = {column: texts for column in chunk.columns if (texts := refused_texts(shape, chunk, column))}
    if not refused:
        return
    rows = {
        row for column, texts in refused.items() for row, c in enumerate(chunk.columns[column]) if c in texts
    }
    explain = _explained if len(chunk.lines) <= SMALL else _explained_by_pandera
    for row, column, keyword in explain(shape, chunk, sorted(rows)[:MOST_ROWS]):
        schema, text = shape.columns[column], chunk.columns[column][row]
        code = code_of(keyword, schema, text)
        yield code(f"expected {expectation(schema)}", chunk.place(row, column))


def refused_texts(shape: Shape, chunk: Chunk, column: str) -> set[str | None]:
    """The different cells of a column that its schema refuses."""
    texts = chunk.distinct(column)
    accepts_all = proof_of(shape.schema, column)
    if accepts_all and accepts_all(list(texts)):
        return set()
    nullable, checks = demands_of(shape.schema, column)
    present = [text for text in texts if text]
    refused: set[str | None] = {None} if None in texts and not nullable else set()
    return refused.union(*(filterfalse(check.accepts, present) for check in checks))


def _explained(shape: Shape, chunk: Chunk, rows: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """The refused cells of these rows and the keyword that refuses each."""
    for row in rows:
        for column, cells in chunk.columns.items():
            text, (nullable, checks) = cells[row], demands_of(shape.schema, column)
            keyword = None if nullable else "type"
            if text is not None:
                keyword = next((check.keyword for check in checks if not check.accepts(text)), None)
            if keyword:
                yield row, column, keyword


def _explained_by_pandera(shape: Shape, chunk: Chunk, rows: Sequence[int]) -> Iterator[tuple[int, str, str]]:
    """The same as pandera says it."""
    import pandas as pd  # noqa: PLC0415
    import pandera.pandas as pandera  # noqa: PLC0415

    # Objects, not Arrow strings: the checks are Python's own, and Arrow would convert every text twice.
    cells = {
        name: pd.Series([column[row] for row in rows], index=list(rows), dtype="object")
        for name, column in chunk.columns.items()
    }
    try:
        pandera_schema(shape.schema, tuple(chunk.columns)).validate(pd.DataFrame(cells), lazy=True)
    except pandera.errors.SchemaErrors as refused:
        cases = refused.failure_cases.drop_duplicates(["column", "index"]).sort_values("index", kind="stable")
        for column, check, row in zip(cases["column"], cases["check"], cases["index"], strict=True):
            yield int(row), column, str(check)


def unusual_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """Texts that are not of the form usual in their column."""
    for column in chunk.columns:
        usual = shape.usual(column)
        odd = _unusual_texts(usual, chunk.distinct(column)) if usual else set()
        if not usual or not odd:
            continue
        message = f"not of the form seen so far: expected {usual_text(usual)}"
        for row, text in enumerate(chunk.columns[column]):
            if text in odd:
                yield codes.VALUE_UNUSUAL(message, chunk.place(row, column))


def _unusual_texts(usual: str, texts: frozenset[str | None]) -> set[str]:
    if are_surely_usual(usual, texts):
        return set()
    return set(filterfalse(compiled_pattern(usual).search, filter(None, texts)))
