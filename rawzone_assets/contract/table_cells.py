"""Table cells: what a row schema refuses in a chunk of rows, judged by pandera, and what is merely unusual."""

from __future__ import annotations

from collections.abc import Iterator

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.refusals import code_of, expectation
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_shapes import Shape, pandera_schema


def refused_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """What pandera refuses in a chunk, as findings in row order."""
    import pandas as pd  # noqa: PLC0415
    import pandera.pandas as pandera  # noqa: PLC0415

    # Objects, not Arrow strings: the checks are Python's own, and Arrow would convert every text twice.
    frame = pd.DataFrame({name: pd.Series(cells, dtype="object") for name, cells in chunk.columns.items()})
    try:
        pandera_schema(shape.schema, tuple(chunk.columns)).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as refused:
        cases = refused.failure_cases.drop_duplicates(["column", "index"]).sort_values("index")
        for column, check, row in zip(cases["column"], cases["check"], cases["index"], strict=True):
            schema, text = shape.columns[column], chunk.columns[column][int(row)]
            keyword = "type" if text is None else str(check)
            yield code_of(keyword, schema, text)(
                f"expected {expectation(schema)}", chunk.place(int(row), column)
            )


def unusual_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """Texts that are not of the form usual in their column."""
    for column, cells in chunk.columns.items():
        usual = shape.usual(column)
        odd = {text for text in set(cells) if text and not usual.search(text)} if usual else set()
        for row, text in enumerate(cells if odd else []):
            if text in odd:
                yield codes.VALUE_UNUSUAL("not of the form seen so far", chunk.place(row, column))
