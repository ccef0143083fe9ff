"""Table cells: what a row schema refuses in a chunk of rows, and what is merely unusual.

Whether anything is refused is decided by looking at each different cell of a column once; pandera, which takes
half a second to load and milliseconds a chunk, is asked only to explain what was refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.refusals import code_of, expectation
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_shapes import Shape, demands_of, pandera_schema


def refused_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """What is refused in a chunk, as findings in row order."""
    if not any(is_refused(shape, chunk, column) for column in chunk.columns):
        return
    import pandas as pd  # noqa: PLC0415
    import pandera.pandas as pandera  # noqa: PLC0415

    # Objects, not Arrow strings: the checks are Python's own, and Arrow would convert every text twice.
    frame = pd.DataFrame(
        {name: pd.Series(list(cells), dtype="object") for name, cells in chunk.columns.items()}
    )
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


def is_refused(shape: Shape, chunk: Chunk, column: str) -> bool:
    """Whether the column's schema refuses one of its cells."""
    nullable, accepts = demands_of(shape.schema, column)
    cells = chunk.distinct(column)
    if None in cells and not nullable:
        return True
    texts = [cell for cell in cells if cell is not None]
    return not all(all(map(accepted, texts)) for accepted in accepts)


def unusual_cells(shape: Shape, chunk: Chunk) -> Iterator[Finding]:
    """Texts that are not of the form usual in their column."""
    for column in chunk.columns:
        usual = shape.usual(column)
        texts = chunk.distinct(column) if usual else frozenset()
        odd = {text for text in texts if usual and text and not usual.search(text)}
        for row, text in enumerate(chunk.columns[column] if odd else ()):
            if text in odd:
                yield codes.VALUE_UNUSUAL("not of the form seen so far", chunk.place(row, column))
