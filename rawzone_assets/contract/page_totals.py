"""Page totals: finding the figure that a page prints beside a label, in whatever layout.

The layout round the figure is not part of any contract, so every number that could be meant is a candidate,
and only a page of which no candidate fits contradicts itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from rawzone_assets.contract.marks import Marks, Seldom
from rawzone_assets.contract.plain_markup import PlainMarkup

if TYPE_CHECKING:  # most processes, Dagster's among them, never need the library
    from bs4 import BeautifulSoup
    from bs4.element import NavigableString

_NUMBER = re.compile(
    r"([0-9]{1,15}(?:[,.'\u2019\s\u00a0\u202f][0-9]{3}){0,5})(?: (?!day|week|month|year)[^\W\d_]+)?"
)
# Texts of charts and menus stand beside labels, and mean other things.
_NO_CELLS = frozenset({"script", "style", "template", "svg", "option"})
_LONGEST_LABEL = 200
_MOST_LABELS = 10
_AFTER, _BEFORE = 8, 4
_MOST_CELLS = 400  # a table of totals is small; a larger one is not the label's own

# What may stand between a label and its figure for both to be texts of the page beside each other.
_LAYOUT = r"</?(?:b|big|br|dd|div|dl|dt|em|h[1-6]|i|li|p|small|span|strong|t[dhr]|tbody|ul)"
_BETWEEN = rf"\s*(?:{_LAYOUT}(?:\s[^<>\"']*(?:\"[^\"<>]*\"[^<>\"']*)*)?>\s*){{1,9}}"
_FIGURE = r"(?P<figure>[0-9,]{1,30})"
_FIGURE_AFTER = re.compile(rf"{_BETWEEN}{_FIGURE}\s*<")
_FIGURE_BEFORE = re.compile(rf">\s*{_FIGURE}{_BETWEEN}\Z")
_NEAR = 1_000  # characters of markup before a label: where its figure is looked for
_ENDS_TEXT = re.compile(r"\s*<")
_OPENS_OR_CLOSES = Seldom(
    re.compile(r"<(/?)(svg|template|option|rt|rp)(?=[\s/>])"),
    Marks(
        f"<{slash}{name}".encode() for name in ("svg", "template", "option", "rt", "rp") for slash in ("", "/")
    ),
    longest=len("</template>"),
)
_ONLY_TEXT = re.compile(r"([^<&]*)</([A-Za-z0-9]+)[ \t\r\n]*>")


@dataclass(frozen=True, kw_only=True)
class PageTotal:
    """A figure printed on the page that must equal a chart's sum. ``element_id`` is ASCII."""

    label: str
    element_id: str
    chart: str


def candidates(soup: BeautifulSoup, total: PageTotal) -> list[int]:
    """Every number that may be the total; none when the page does not show it."""
    from bs4 import Tag  # noqa: PLC0415  see above

    element = soup.find(id=total.element_id)
    if isinstance(element, Tag):
        pieces = [element.get_text(" ", strip=True), *islice(element.stripped_strings, _AFTER)]
        return [number for piece in pieces if (number := _number(piece)) is not None]
    texts = list(_texts(soup))
    label = total.label.casefold()
    found: list[int] = []
    labels = 0
    for index, text in enumerate(texts):
        words = " ".join(text[:_LONGEST_LABEL].split()).casefold()
        if label in words and len(text) <= _LONGEST_LABEL and labels < _MOST_LABELS:
            labels += 1
            beside = [words.replace(label, "").strip(" :=-\u2013\u2014()")]
            near = [*texts[max(0, index - _BEFORE) : index], *texts[index + 1 : index + 1 + _AFTER]]
            numbers = [_number(str(piece)) for piece in (*beside, *near, *_cells(text))]
            found.extend(number for number in numbers if number is not None)
    return found


def prints_plainly(page: PlainMarkup, total: PageTotal, expected: int) -> bool:
    """Whether :func:`candidates` would certainly find the figure: it stands right beside the first label.

    No answer but yes means anything: labels and figures in other layouts need the tree.
    """
    if _mark(total.element_id).are_in(page.markup):
        return _element_prints(page, total, expected)
    shown = {str(expected), f"{expected:,}"}
    word = max(total.label.split(), key=str.isdigit)  # digits have no case
    at = -1
    for _ in range(_MOST_LABELS):
        at = page.markup.find(total.label, at + 1)
        if at < 0:
            break
        for figure, start in _beside(page.markup, at, at + len(total.label)):
            if figure in shown:
                is_first = word.isdigit() and page.markup.count(word, 0, at) < _MOST_LABELS
                return is_first and page.is_outside_tags(start) and _is_shown(page.markup, at)
    return False


def _beside(markup: str, start: int, end: int) -> Iterator[tuple[str, int]]:
    """The figures right after and right before a label that is a text of its own, and where the two start."""
    if not markup[max(0, start - _NEAR) : start].rstrip().endswith(">"):
        return
    found = _FIGURE_AFTER.match(markup, end)
    if found:
        yield found["figure"], start
    if _ENDS_TEXT.match(markup, end):
        found = _FIGURE_BEFORE.search(markup, max(0, start - _NEAR), start)
        if found:
            yield found["figure"], found.start("figure")


def _element_prints(page: PlainMarkup, total: PageTotal, expected: int) -> bool:
    """Whether the one element of that id holds nothing but the figure."""
    at = page.markup.find(total.element_id)
    is_repeated = _mark(total.element_id).are_in(page.markup[at + 1 :])
    start = page.markup.rfind("<", 0, at)
    tag = page.attributes_at(start)
    if is_repeated or tag is None or tag[0].get("id") != total.element_id:
        return False
    inside = _ONLY_TEXT.match(page.markup, tag[1])
    name = page.markup[start + 1 : tag[1]].split(None, 1)[0].lower()
    is_alone = inside is not None and inside[2].lower() == name and _number(inside[1]) == expected
    return is_alone and page.is_outside_tags(start) and _is_shown(page.markup, start)


@cache
def _mark(text: str) -> Marks:
    return Marks([text.encode()])  # which looks for it ten times as fast as str does


def _is_shown(markup: str, at: int) -> bool:
    """Whether what stands there is in no element whose texts are not the page's own."""
    depths = {"svg": 0, "template": 0, "option": 0, "rt": 0, "rp": 0}
    for found in _OPENS_OR_CLOSES.finditer(markup[:at].lower()):
        depths[found[2]] += -1 if found[1] else 1
        if min(depths.values()) < 0:
            return False
    return not any(depths.values())


def _texts(soup: BeautifulSoup) -> Iterator[NavigableString]:
    """The texts that a reader takes for the page's own, in order."""
    from bs4 import Tag  # noqa: PLC0415  see above
    from bs4.element import NavigableString  # noqa: PLC0415

    hidden: dict[int, bool] = {}  # by tag: looking upwards from each text would take forever in deep pages
    for node in soup.descendants:
        inside = hidden.get(id(node.parent), False)
        if isinstance(node, Tag):
            hidden[id(node)] = inside or node.name in _NO_CELLS
        elif type(node) is NavigableString and not inside and node.strip():
            yield node


def _cells(label: NavigableString) -> list[str]:
    table = label.find_parent("table")
    if table is None:
        return []
    cells = table.find_all(["td", "th"], limit=_MOST_CELLS + 1)
    return [cell.get_text(" ", strip=True) for cell in cells] if len(cells) <= _MOST_CELLS else []


def _number(text: str) -> int | None:
    """The whole number that a text consists of, thousands separated or not; what is counted may follow it."""
    found = _NUMBER.fullmatch(" ".join(text.split()).casefold())
    return int(re.sub(r"[^0-9]", "", found[1])) if found else None
