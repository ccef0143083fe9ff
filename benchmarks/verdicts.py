"""Verdicts of the yardsticks: the contracts' main demands in the fewest steps, on whatever engines are given.

The floor and the naive pipeline judge by this one text, so that they differ in their engines and nowhere else.
It explains nothing, compares with no earlier delivery and looks for no secrets: of a file it says yes or no.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from itertools import groupby
from json import JSONDecodeError, JSONDecoder
from typing import Any

from rawzone_assets.contract.archives import ZipFormat
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.html_pages import BlocksFormat, HtmlFormat
from rawzone_assets.contract.json_documents import JsonFormat
from rawzone_assets.contract.pointers import resolve
from rawzone_assets.contract.table_shapes import resolve_header, shape_of
from rawzone_assets.contract.tables import TableFormat

_CHART = re.compile(r'makeChart\(\s*"([A-Za-z0-9_.-]+)"')
_PROVIDER = re.compile(r'"dataProvider"\s*:\s*')
_VARIABLE = re.compile(r"var chartData\s*=\s*")
_DECODER = JSONDecoder()


@dataclass(frozen=True, kw_only=True)
class PageTexts:
    """What is asked of a page: its scripts, and the texts of cells that may print a total."""

    scripts: list[str]
    cells: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class TableTexts:
    """A table: its header and how its columns fare. ``bad`` are columns with a text their demand refuses."""

    header: list[str]
    bad: frozenset[str]
    days: tuple[str, str] | None  # the first and last of the column that dates it


Demands = Mapping[str, Mapping[str, Any]]
ReadTable = Callable[[bytes, str, bool, Demands, str], TableTexts]
"""Called with bytes, delimiter, whether cells are quoted, the demands on columns, and the column of days.

Raises ValueError for what is no table of one width.
"""


@dataclass(frozen=True, kw_only=True)
class Engines:
    """The libraries that do the work."""

    page: Callable[[bytes], PageTexts]
    document: Callable[[bytes], Any]  # raises ValueError
    is_valid: Callable[[str, Any], bool]  # by the name of the schema
    table: ReadTable


def accepts(feed: Feed, data: bytes, day: date, engines: Engines) -> bool:
    """Whether a delivery captured on ``day`` would be promoted; ``feed`` is the form in which it came."""
    format_, last = feed.format, f"{day + timedelta(days=1)}"
    if not data or (data[:1] == b"<") != (format_.kind == "html"):
        return False
    try:
        if isinstance(format_, ZipFormat):
            data, format_ = _only_member(data), format_.inside
        if isinstance(format_, HtmlFormat | BlocksFormat):
            return _accepts_page(feed, format_, data, last, engines)
        if isinstance(format_, JsonFormat):
            return _accepts_answer(feed, format_, data, last, engines)
        if isinstance(format_, TableFormat):
            return _accepts_table(feed, format_, data, last, engines)
    except (ValueError, JSONDecodeError, zipfile.BadZipFile):
        return False
    raise TypeError(f"no yardstick judges {type(format_).__name__}")


def _only_member(data: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        (member,) = archive.namelist()
        return archive.read(member)


def _accepts_page(
    feed: Feed, format_: HtmlFormat | BlocksFormat, data: bytes, last: str, engines: Engines
) -> bool:
    if b"</html" not in data[-8192:]:
        return False
    page = engines.page(data)
    document = _charts(page) if isinstance(format_, HtmlFormat) else _blocks(page)
    if not engines.is_valid(feed.schema, document):
        return False
    series = format_.series
    rows = resolve(document, series.path)
    total = sum(row[series.value] for row in rows)
    if isinstance(format_, HtmlFormat):
        coarse = (document.get(name) for name in ("trendWeekly", "trendMonthly"))
        sums_agree = all(sum(row[series.value] or 0 for row in chart) == total for chart in coarse if chart)
    else:
        sums_agree = document["last365days"].get("total") == total
    return sums_agree and f"{total:,}" in page.cells and _days_fit([row[series.day] for row in rows], last)


def _charts(page: PageTexts) -> dict[str, Any]:
    charts = {}
    for script in page.scripts:
        for call in _CHART.finditer(script):
            provider = _PROVIDER.search(script, call.end())
            if provider:
                charts[call[1]] = _DECODER.raw_decode(script, provider.end())[0]
    return charts


def _blocks(page: PageTexts) -> Any:
    for script in page.scripts:
        variable = _VARIABLE.search(script)
        if variable:
            return _DECODER.raw_decode(script, variable.end())[0]
    return {}


def _accepts_answer(feed: Feed, format_: JsonFormat, data: bytes, last: str, engines: Engines) -> bool:
    payload = format_.unwrapped(engines.document(data))[0]
    if isinstance(payload, dict) and "error" in payload and "data" not in payload:
        return False
    if not engines.is_valid(feed.schema, payload):
        return False
    series = format_.series
    rows = resolve(payload, series.path) if series else None
    if series is None or not isinstance(rows, list):
        return True
    if series.headers is not None:
        names = [header["name"] for header in resolve(payload, series.headers)]
        if any(len(row) != len(names) for row in rows) or series.day not in names:
            return False
        at = names.index(series.day)
        return _days_fit([row[at] for row in rows], last)
    days = [row[series.day] for row in rows if series.day in row]
    return max(days, default="") <= last if series.begins else _days_fit(days, last)


def _days_fit(days: list[str], last: str) -> bool:
    """No day twice and none after the capture, all of them ISO dates."""
    for day, _ in groupby(days[:1]):
        date.fromisoformat(day)
    return len(set(days)) == len(days) and max(days, default="") <= last


def _accepts_table(feed: Feed, format_: TableFormat, data: bytes, last: str, engines: Engines) -> bool:
    shape = _demands(feed.schema)
    dialect = format_.dialect
    read = engines.table(data, dialect.delimiter, dialect.quoted, shape, format_.day)
    known = set(resolve_header(shape_of(feed.schema), read.header).columns)
    if read.bad or not known.issuperset(shape_of(feed.schema).required):
        return False
    return read.days is None or read.days[1] <= last


@cache
def _demands(schema: str) -> Demands:
    """What each column's texts must be, by every name that the column may bear."""
    shape = shape_of(schema)
    aliases = {alias: shape.columns[name] for alias, name in shape.aliases.items()}
    return {**shape.columns, **aliases}


def all_fit(demand: Mapping[str, Any], texts: frozenset[str]) -> bool:
    """Whether a column's distinct texts are what its schema demands."""
    form, pattern, kind = FORMS.get(demand.get("format", "")), demand.get("pattern"), demand.get("type", ())
    blanks_allowed = not demand or "null" in kind
    for text in texts:
        if not text.strip():
            if not blanks_allowed:
                return False
        elif (form and not form.accepts(text)) or (pattern and not re.search(pattern, text)):
            return False
    return True
