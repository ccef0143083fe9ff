"""A second reading of deliveries, with the standard library alone: json, csv, re, zipfile.

It shares no code with the package. It knows formats as FORMATS.md describes them and gives, for each delivery,
the rows of its main table as source values: texts, and numbers as ``Decimal``. A blank cell is ``None``.
"""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

Row = dict[str, Any]


def main_rows(feed: str, name: str, data: bytes) -> list[Row]:
    """The rows that a delivery's receipt counts."""
    if name.endswith(".zip"):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            (member,) = archive.namelist()
            return table_rows(archive.read(member))
    if name.endswith((".csv", ".tsv")):
        return table_rows(data)
    return _DOCUMENTS[feed](data)


def table_rows(data: bytes) -> list[Row]:
    """Delimited text of any line ends, delimiter and of both encodings."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    header = re.split(r"[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0]
    delimiter = max("\t;,", key=lambda mark: (header.count(mark), mark == "\t"))
    quoted = delimiter != "\t" or header.startswith('"')
    rows = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE,
    )
    lines = [row for row in rows if row]
    return [{name.strip(): cell or None for name, cell in zip(lines[0], row, strict=True)} for row in lines[1:]]


def document(data: bytes) -> Any:
    return json.loads(data.decode("utf-8-sig"), parse_float=Decimal, parse_int=Decimal)


def script_list(text: str) -> list[Any]:
    """A list as page scripts write it: single quotes, bare names, comments and a last comma are put right."""
    text = re.sub(r"/\*.*?\*/|//[^\n]*", "", text, flags=re.DOTALL)
    text = re.sub(r"'((?:[^'\\]|\\.)*)'", lambda found: json.dumps(found[1]), text)
    text = re.sub(r"([{,]\s*)([A-Za-z_$][\w$]*)\s*:", r'\1"\2":', text)
    text = re.sub(r",(\s*[\]}])", r"\1", text)
    return json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).raw_decode(text)[0]


def charts(data: bytes) -> dict[str, list[Row]]:
    """The data of every chart that a page makes."""
    text = data.decode("utf-8-sig")
    found: dict[str, list[Row]] = {}
    for call in re.finditer(r"""makeChart\s*\(\s*["']([\w-]+)["']""", text):
        provider = re.search(r"""dataProvider["']?\s*:\s*""", text[call.end() :])
        rows = script_list(text[call.end() + provider.end() :].partition("</script>")[0])
        if rows and not found.get(call[1]):
            found[call[1]] = rows
    return found


def chart_blocks(data: bytes) -> dict[str, Any]:
    text = data.decode("utf-8-sig")
    start = re.search(r"\bchartData\s*=\s*", text).end()
    return json.JSONDecoder(parse_float=Decimal, parse_int=Decimal).raw_decode(text, start)[0]


def _inside(*members: str) -> Callable[[bytes], list[Row]]:
    """The list at these members, in the extractor's wrapper or not."""

    def read(data: bytes) -> list[Row]:
        value = document(data)
        if isinstance(value, dict) and "data" in value and members[0] not in value:
            value = value["data"]
        for member in members:
            value = value.get(member) or []
        return value

    return read


def _records(data: bytes) -> list[Row]:
    value = document(data)
    if isinstance(value, dict) and "data" in value:
        value = value["data"]
    return value if isinstance(value, list) else [value]


def _spotify(data: bytes) -> list[Row]:
    value = document(data)
    inner = value.get("data", value)
    return inner.get("songs", [value])


def _result_table(data: bytes) -> list[Row]:
    value = document(data)
    names = [header["name"] for header in value["columnHeaders"]]
    return [dict(zip(names, row, strict=True)) for row in value.get("rows") or []]


def _tiktok_answer(data: bytes) -> list[Row]:
    return [document(data)]


_DOCUMENTS: dict[str, Callable[[bytes], list[Row]]] = {
    "distrokid/streams": lambda data: charts(data)["trend365day"],
    "distrokid/apple_music": lambda data: chart_blocks(data)["last365days"]["dataProvider"] or [],
    "metaads/campaigns": _records,
    "metaads/audience": _records,
    "social_media/linktree": _inside("data", "getAccountAnalytics", "overview", "timeseries"),
    "social_media/spotify": _spotify,
    "social_media/youtube": _result_table,
    "tiktok/analytics": _tiktok_answer,
    "tiktok/trends": _inside("data", "list"),
    "toolost/spotify": _inside("streams"),
    "toolost/analytics": _inside("totalStreams"),
}

DOCUMENT_FEEDS = frozenset(_DOCUMENTS)


def whole_document(feed: str, data: bytes) -> Any:
    """Everything that a delivery tells, as one document: of a page what its charts are made of."""
    if feed == "distrokid/streams":
        return charts(data)
    return chart_blocks(data) if feed == "distrokid/apple_music" else document(data)
