"""The floor's engines: lexbor, jsonschema-rs without callbacks, the csv module, pyarrow for long tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from functools import cache
from typing import Any

import jsonschema_rs
import orjson
from selectolax.lexbor import LexborHTMLParser

from benchmarks.verdicts import Demands, Engines, PageTexts, TableTexts, all_fit
from rawzone_assets.contract.schemas import load_schema

_LONG = 2**20  # bytes from which on starting pyarrow is worth it

# The forms of our schemas as the engine's own keywords: a callback into Python would cost more than the rest.
_NATIVE: Mapping[str, Mapping[str, Any]] = {
    "date": {"format": "date"},
    "count": {"pattern": "^[0-9]{1,15}$"},
    "digits": {"pattern": "^[0-9]{1,30}$"},
    "decimal": {"pattern": r"^-?(?:[0-9]{1,15}(?:\.[0-9]{0,30})?|\.[0-9]{1,30})$"},
    "amount": {"pattern": r"^(?:[0-9]{1,15}(?:\.[0-9]{0,30})?|\.[0-9]{1,30}|[0-9](?:\.[0-9]+)?e-[0-9]{2})$"},
    "identifier": {"not": {"type": "string", "pattern": r"^[+-]?[0-9]+(?:[.,][0-9]+)?[Ee][+-]?[0-9]+$"}},
    "timestamp": {"pattern": r"^[0-9-]{10}T[0-9:]{8}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:?[0-9]{2})$"},
    "source-date": {"not": {"type": "string", "pattern": r"^[0-9]{1,2}[/.][0-9]{1,2}[/.][0-9]{2,4}$"}},
}


def _page(data: bytes) -> PageTexts:
    tree = LexborHTMLParser(data)
    scripts = [node.text() for node in tree.css("script")]
    totals = tree.css("#last365, table.stats td, div.big b")
    return PageTexts(scripts=scripts, cells=frozenset(node.text(strip=True) for node in totals))


def _document(data: bytes) -> Any:
    return orjson.loads(data.removeprefix(b"\xef\xbb\xbf"))


def _is_valid(schema: str, document: Any) -> bool:
    return _engine(schema).is_valid(document)


@cache
def _engine(schema: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(
        _native(load_schema(schema).document),
        validate_formats=True,
        pattern_options=jsonschema_rs.RegexOptions(),
        offline=True,
    )


def _native(schema: Any) -> Any:
    if isinstance(schema, Mapping):
        form = _NATIVE.get(schema.get("format", ""), {}) if isinstance(schema.get("format", ""), str) else {}
        rest = {name: _native(value) for name, value in schema.items() if not (form and name == "format")}
        return {**rest, **form}
    return [_native(item) for item in schema] if isinstance(schema, list) else schema


def _table(data: bytes, delimiter: str, quoted: bool, demands: Demands, day: str) -> TableTexts:  # noqa: FBT001
    if len(data) >= _LONG:
        from benchmarks.long_tables import read_long_table  # noqa: PLC0415 - most runs of few files need none

        return read_long_table(data, delimiter, demands, day, quoted=quoted)
    reader = csv.reader(
        io.StringIO(data.decode("utf-8-sig"), newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
        strict=True,
    )
    try:
        header = next(reader, [])
        columns = list(zip(*reader, strict=True))
    except csv.Error as error:
        raise ValueError("no table") from error
    if columns and len(columns) != len(header):
        raise ValueError("rows of another width")
    distinct = dict(zip(header, map(frozenset, columns), strict=False))
    bad = {name for name, texts in distinct.items() if not all_fit(demands.get(name, {}), texts)}
    days = distinct.get(day)
    return TableTexts(header=header, bad=frozenset(bad), days=(min(days), max(days)) if days else None)


FAST = Engines(page=_page, document=_document, is_valid=_is_valid, table=_table)
