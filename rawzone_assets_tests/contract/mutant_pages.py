"""Mutations of statistics pages: their data as documents, and the markup round them.

A page is text with holes; what stands in a hole is the JSON that a script hands to a chart.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from mutant_bytes import SCALE, Step
from mutant_documents import changed_document, written

_PROVIDER = re.compile(r'"dataProvider": (?=\[)')
_CHART = re.compile(r'makeChart\("(\w+)"')
_VARIABLE = re.compile(r"var chartData = (?=\{)")
_DRAWING = re.compile(r"<svg.*?</svg>", re.DOTALL)
DAYS_KEPT = 14


@dataclass(frozen=True, kw_only=True)
class Page:
    """Texts, and between each two of them a document."""

    texts: tuple[str, ...]
    documents: tuple[Any, ...]
    newline: str
    bom: bool = False

    def written(self, style: int) -> bytes:
        parts = [self.texts[0].encode()]
        for document, text in zip(self.documents, self.texts[1:], strict=True):
            # On one line, as pages have it.
            parts += [written(document, style // 3 * 3 + 1), text.encode()]
        data = b"".join(parts)
        if self.newline != "\n":
            data = data.replace(b"\n", self.newline.encode())
        return (b"\xef\xbb\xbf" if self.bom else b"") + data


def page_of(data: bytes) -> Page:
    """The page that a sample is, without drawings and with two weeks of its days, so that changes matter."""
    text = data.decode("utf-8-sig")
    newline = "\r\n" if "\r\n" in text else "\n"
    text = _DRAWING.sub("<svg></svg>", text.replace("\r\n", "\n"))
    holes = list(_VARIABLE.finditer(text)) or list(_PROVIDER.finditer(text))
    texts, documents, start = [], [], 0
    for hole in holes:
        document, end = json.JSONDecoder().raw_decode(text, hole.end())
        texts.append(text[start : hole.end()])
        documents.append(document)
        start = end
    texts.append(text[start:])
    before, documents = _total(documents), _shortened(texts, documents)
    after = _total(documents)
    if before:
        texts = [
            piece.replace(f"{before:,}", f"{after:,}").replace(f">{before}<", f">{after}<") for piece in texts
        ]
    return Page(texts=tuple(texts), documents=tuple(documents), newline=newline)


def _total(documents: list[Any]) -> int:
    if isinstance(documents[0], dict):
        return int(documents[0]["last365days"]["total"])
    return sum(row["column-1"] for row in documents[-1])


def _shortened(texts: list[str], documents: list[Any]) -> list[Any]:
    """Two weeks of the daily series, and what sums over it say of them."""
    if isinstance(documents[0], dict):
        blocks = dict(documents[0])
        rows = (blocks["last365days"]["dataProvider"] or [])[-DAYS_KEPT:]
        total = sum(int(row["value"]) for row in rows)
        daily = blocks["last365days"] | {"dataProvider": rows, "total": total}
        kept = {
            name: block | {"dataProvider": (block["dataProvider"] or [])[:3]} for name, block in blocks.items()
        }
        return [kept | {"last365days": daily}]
    names = [_CHART.findall(text)[-1] for text in texts[:-1]]
    days = documents[names.index("trend365day")][-DAYS_KEPT:]
    total = sum(row["column-1"] for row in days)
    coarse = [dict(days[0], **{"column-1": total - 7}), dict(days[-1], **{"column-1": 7})]
    shortened = {"trend365day": days, "trend60day": days, "trendWeekly": coarse, "trendMonthly": coarse}
    return [shortened[name] for name in names]


Edit = Callable[[str, int], str]


def changed_page(page: Page, step: Step) -> Page:
    """The page after one step: more often its data than its markup."""
    what, where, how = step
    if what % 3 < 2 and page.documents:
        index = where % len(page.documents)
        document = changed_document(page.documents[index], (what // 3, where, how))
        documents = (*page.documents[:index], document, *page.documents[index + 1 :])
        return replace(page, documents=documents)
    choice = what // 3 % (len(EDITS) + 4)
    if choice < len(EDITS):
        texts = list(page.texts)
        index = where * len(texts) // SCALE
        texts[index] = EDITS[choice](texts[index], how)
        return replace(page, texts=tuple(texts))
    return _rearranged(page, choice - len(EDITS), where, how)


def _rearranged(page: Page, choice: int, where: int, how: int) -> Page:
    count = len(page.documents)
    if choice == 0:
        return replace(page, newline="\r\n" if how % 2 else "\n", bom=bool(how & 2))
    if count < 2:
        return page
    first, second = where % count, how % count
    documents = list(page.documents)
    if choice == 1:  # two charts with each other's data
        documents[first], documents[second] = documents[second], documents[first]
    elif choice == 2:  # one chart's data twice
        documents[first] = documents[second]
    else:  # a chart without its own script: one chart fewer
        del documents[first]
        texts = page.texts
        return replace(
            page,
            texts=(*texts[:first], _CHART.sub("", texts[first]) + "[]" + texts[first + 1], *texts[first + 2 :]),
            documents=tuple(documents),
        )
    return replace(page, documents=tuple(documents))


def _other_digit(text: str, how: int) -> str:
    """Another digit in a printed figure."""
    places = [at for at, letter in enumerate(text) if letter.isdigit()]
    at = places[how % len(places)] if places else None
    return text if at is None else text[:at] + str(how // 64 % 10) + text[at + 1 :]


def _swapped(pairs: tuple[tuple[str, str], ...]) -> Edit:
    def edit(text: str, how: int) -> str:
        old, new = pairs[how % len(pairs)]
        return text.replace(old, new, 1 if how // 64 % 2 else -1)

    return edit


def _inserted(pieces: tuple[str, ...]) -> Edit:
    def edit(text: str, how: int) -> str:
        places = [match.start() for match in re.finditer(r"(?=<(?!/?script))", text)] or [len(text)]
        at = places[how // 64 % len(places)]
        return text[:at] + pieces[how % len(pieces)] + text[at:]

    return edit


def _made(chart: str, rows: str) -> str:
    return f'<script>AmCharts.makeChart("{chart}", {{"dataProvider": {rows}}})</script>'


def _set(blocks: str) -> str:
    return f"<script>var chartData = {blocks};</script>"


EDITS: tuple[Edit, ...] = (
    _other_digit,
    _swapped(
        (
            ("trend365day", "trend364day"), ("trendWeekly", "trend365day"), ("trend60day", "trend365day"),
            ("makeChart", "drawChart"), ("dataProvider", "dataSource"), ("chartData", "chartDatum"),
            ("</html>", ""), ("</html>", "</htm"), ("</script>", ""), ("<script>", "<!-- <script>"),
            ("<html", "<htm"), ("<!DOCTYPE html>", ""), ("<!DOCTYPE html>", '<?xml version="1.0"?>'),
            ("Last 365 days", "Last 28 days"), ("Last 365 days", "last 365 DAYS"), (",", "."), (",", "\u202f"),
            ('<option value="applemusic"', '<option selected="" value="applemusic"'),
            ('<option value="streams"', '<option selected="" value="streams"'), ('selected=""', ""),
            ("last365", "last60"), ("var ", "let "), ("AmCharts.", ""), ('id="last365"', 'id="total"'),
        )
    ),
    _inserted(
        (
            '<form id="signinForm"></form>', "<title>Upload & sell your music</title>", "<p>7</p>",
            "<!-- note -->",
            "<!--", "<div>" * 50, _made("trend365day", "[]"),
            _made("trend365day", '[{"category": "2025-06-10", "column-1": 7}]'),
            _made("trendMonthly", '[{"category": "x", "column-1": 7}]'),
            _set('{"last365days": {"total": 7, "dataProvider": [{"field": "2025-06-10", "value": 7}]}}'),
            _set("{}"), '<td id="last365">7</td>', "<td>Last 365 days</td><td>7</td>",
            "<template><script>makeChart</script></template>", "<textarea>", "<style>", "<![CDATA[", "\x0c",
            "&#0;",
            '<option selected value="streams">', '<option selected value="applemusic">',
        )
    ),
)  # fmt: skip
