"""The oracle for statistics pages: the data found with the standard library's parser, the sums recomputed.

From validation_rules.md, in plain Python; see ``oracle_forms`` for what an oracle is.
"""

from __future__ import annotations

import ast
import json
import re
from datetime import date
from html.parser import HTMLParser
from itertools import zip_longest
from typing import Any

from oracle_documents import NoDocument, document_of
from oracle_forms import Broken, days, each, is_count, is_whole

CHART = re.compile(r"""makeChart\s*\(\s*["']([\w.-]+)["']""")
PROVIDER = re.compile(r"""dataProvider["']?\s*:\s*""")
VARIABLE = re.compile(r"(?<![\w$.])(?:window\.)?chartData\s*=(?!=)\s*")
# On its line, before the variable: nothing, a sign, or a word after which a script may set one.
BEFORE = re.compile(r"(?:.*(?:[^\w$\s]|(?<![\w$])(?:var|let|const|else|do|return)\s))?\s*", re.DOTALL)
DAILY = "last365days"


class _Scripts(HTMLParser):
    """What stands in scripts, and which option is selected."""

    def __init__(self) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self.selected: list[str | None] = []
        self._inside = False

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._inside = tag == "script"
        if self._inside:
            self.scripts.append("")
        if tag == "option" and "selected" in dict(attributes):
            self.selected.append(dict(attributes).get("value"))

    def handle_endtag(self, tag: str) -> None:
        self._inside = self._inside and tag != "script"

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data


def broken_by_page(feed: str, data: bytes, capture: date) -> Broken:
    """The rules that an accepted page breaks."""
    text = data.decode("utf-8-sig")
    if "\0" in text:
        yield "a NUL character"
    if "</html" not in text[-8192:].lower():
        yield "a page cut short"
    page = _Scripts()
    page.feed(text)
    page.close()
    rules = {"distrokid/streams": _streams, "distrokid/apple_music": _apple_music}
    yield from rules[feed](page, text, capture)


def charts_of(scripts: list[str]) -> dict[str, list[Any]]:
    """All that each chart is given, in order; ``None`` for what is no JSON list."""
    found: dict[str, list[Any]] = {}
    for script in scripts:
        calls = list(CHART.finditer(script))
        for call, after in zip_longest(calls, calls[1:]):
            part = script[call.end() : after.start() if after else len(script)]
            provider = PROVIDER.search(part)
            rows = _value(part, provider.end()) if provider else None
            found.setdefault(call[1], []).append(rows if isinstance(rows, list) else None)
    return found


def _value(text: str, start: int) -> Any:
    """The JSON at this place, or what a script writes in its stead, by rewriting it into JSON."""
    for written in (text[start:], _as_json(text[start:])):
        try:
            end = json.JSONDecoder().raw_decode(written)[1]
            return document_of(written[:end].encode("utf-8", "surrogatepass"))
        except (ValueError, RecursionError, NoDocument):
            continue
    return None


_PIECE = re.compile(
    r"""(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<note>//[^\r\n]*|/\*.*?\*/)|(?P<name>[A-Za-z_$][\w$]*|[0-9]+(?=\s*:))"""
    r"""|(?P<comma>,(?=\s*[\]}]))""",
    re.DOTALL,
)


def _as_json(script: str) -> str:
    """Single quotes made double, bare names quoted, notes and last commas left out."""

    def rewritten(piece: re.Match[str]) -> str:
        if piece["text"]:
            try:
                return json.dumps(ast.literal_eval(piece["text"]))
            except (ValueError, SyntaxError):
                return piece["text"]
        if piece["name"]:
            follows = script[piece.end() :].lstrip()[:1]
            word = "null" if piece["name"] == "undefined" else piece["name"]
            return json.dumps(word) if follows == ":" else word
        return ""

    # Twice: a note may have stood between the last comma and its bracket.
    once = _PIECE.sub(rewritten, script)
    return re.sub(r",(\s*[\]}])", r"\1", once)


def _streams(page: _Scripts, text: str, capture: date) -> Broken:
    if "applemusic" in page.selected:
        yield "another store's page"
    charts = charts_of(page.scripts)
    daily = [rows for rows in charts.get("trend365day", ()) if rows]
    if not daily:
        yield "no daily chart with rows"
        return
    if any(rows != daily[0] for rows in daily):
        yield "two daily charts that differ"
    rows, broken = each(daily[0], "the daily chart")
    yield from broken
    yield from days(rows, "category", capture)
    if not all(is_whole(row.get("column-1")) and is_count(row["column-1"]) for row in rows):
        yield "a figure that is no count"
        return
    total = sum(int(row["column-1"]) for row in rows)
    for name in ("trendWeekly", "trendMonthly", "trend60day"):
        for given in filter(None, charts.get(name, ())):  # a call without data leaves the chart to another
            coarse, broken = each(given, name)
            yield from broken
            # A week or month without figures is one of 0.
            coarse = [row | {"column-1": 0} if row.get("column-1", 0) is None else row for row in coarse]
            if not all(is_whole(row.get("column-1")) and is_count(row["column-1"]) for row in coarse):
                yield f"a figure of {name} that is no count"
            elif name != "trend60day" and sum(int(row["column-1"]) for row in coarse) != total:
                yield f"{name} sums to something else"
    yield from _printed(text, total)


def _apple_music(page: _Scripts, text: str, capture: date) -> Broken:
    if "streams" in page.selected:
        yield "another store's page"
    values = [
        _value(script, match.end())
        for script in page.scripts
        for match in VARIABLE.finditer(script)
        if BEFORE.fullmatch(re.split("[\r\n]", script[: match.start()])[-1])
    ]
    # Other scripts have a variable of that name too: the last that holds the daily block is the page's.
    blocks = ([value for value in values if isinstance(value, dict) and DAILY in value] or values or [None])[-1]
    if not isinstance(blocks, dict):
        yield "no chart data"
        return
    if any(isinstance(block, dict) and _is_said(block.get("error")) for block in blocks.values()):
        yield "a block says that it failed"
    daily = blocks.get(DAILY)
    if not isinstance(daily, dict):
        yield "no daily block"
        return
    if not daily.get("dataProvider") and not _is_said(daily.get("isEmpty")):
        yield "an empty daily block that does not say so"
    rows, broken = each(daily.get("dataProvider") or [], "the daily block")
    yield from broken
    yield from days(rows, "field", capture)
    stated = daily.get("total")
    if not all(is_count(row["value"]) for row in rows if row.get("value") is not None):
        yield "a figure that is no count"
        return
    total = sum(int(row.get("value") or 0) for row in rows)
    if stated is None and rows:
        yield "days without their total"
    if stated is not None and (not is_count(stated) or int(stated) != total):
        yield "the total stated is not the sum"
    yield from _printed(text, total)


def _is_said(value: Any) -> bool:
    """Whether a page says so: it writes no as nothing, 0 or false, or as these words."""
    return (
        value.strip().lower() not in {"", "0", "false", "no", "null"} if isinstance(value, str) else bool(value)
    )


def _printed(text: str, total: int) -> Broken:
    """A page that prints its total in the cell made for it prints this one."""
    cells = re.findall(r'<td id="last365">([0-9,]+)</td>', text)
    if cells and int(cells[0].replace(",", "") or -1) != total:
        yield "the total printed is not the sum"
    boxes = re.findall(r"<b>([0-9,]+)</b><br><small>Last 365 days</small>", text)
    if len(boxes) == 1 and not cells and f"{total:,}" not in text and str(total) not in text:
        yield "the total printed is not the sum"
