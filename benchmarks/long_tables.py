"""Long tables on pyarrow: types told beforehand, so that reading is checking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa
from pyarrow import compute, csv

from benchmarks.verdicts import Demands, TableTexts
from rawzone_assets.contract.forms import FORMS

_TYPES = {"count": pa.int64(), "decimal": pa.float64(), "date": pa.date32()}


def read_long_table(data: bytes, delimiter: str, demands: Demands, day: str, *, quoted: bool) -> TableTexts:
    """A table read and checked column by column.

    Raises:
        ValueError: It is no table, or a text has not its column's type.
    """
    types = {name: _TYPES.get(str(demand.get("format")), pa.string()) for name, demand in demands.items()}
    table = csv.read_csv(
        pa.BufferReader(data),
        read_options=csv.ReadOptions(use_threads=False),
        parse_options=csv.ParseOptions(delimiter=delimiter, quote_char='"' if quoted else False),
        convert_options=csv.ConvertOptions(
            column_types=types, null_values=[""], strings_can_be_null=True, check_utf8=True
        ),
    )
    names = table.column_names
    bad = {name for name in names if not _fits(table.column(name), demands.get(name, {}))}
    days = table.column(day) if day in names else None
    extent = compute.min_max(days).as_py() if days is not None and len(days) else None
    return TableTexts(
        header=names,
        bad=frozenset(bad),
        days=(str(extent["min"]), str(extent["max"])) if extent else None,
    )


def _fits(column: pa.ChunkedArray, demand: Mapping[str, Any]) -> bool:
    if not demand:
        return True
    form = str(demand.get("format"))
    if "null" not in demand.get("type", ()) and column.null_count:
        return False
    if form == "count":
        return len(column) == 0 or bool(compute.min(column).as_py() >= 0)
    if form in _TYPES or form not in FORMS:
        return True
    texts = column.unique().to_pylist()
    return all(text is None or FORMS[form].accepts(text) for text in texts)
