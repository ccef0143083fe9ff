"""Page totals: finding the figure that a page prints beside a label, in whatever layout.

The layout round the figure is not part of any contract, so every number that could be meant is a candidate,
and only a page of which no candidate fits contradicts itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from bs4 import BeautifulSoup, Tag
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


@dataclass(frozen=True, kw_only=True)
class PageTotal:
    """A figure printed on the page that must equal a chart's sum."""

    label: str
    element_id: str
    chart: str


def candidates(soup: BeautifulSoup, total: PageTotal) -> list[int]:
    """Every number that may be the total; none when the page does not show it."""
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


def _texts(soup: BeautifulSoup) -> Iterator[NavigableString]:
    """The texts that a reader takes for the page's own, in order."""
    hidden: dict[int, bool] = {}  # by tag: looking upwards from each text would take forever in deep pages
    for node in soup.descendants:
        inside = hidden.get(id(node.parent), False)
        if isinstance(node, Tag):
            hidden[id(node)] = inside or node.name in _NO_CELLS
        elif type(node) is NavigableString and not inside and node.strip():
            yield node


def _cells(label: NavigableString) -> list[str]:
    table = label.find_parent("table")
    if not isinstance(table, Tag):
        return []
    cells = table.find_all(["td", "th"], limit=_MOST_CELLS + 1)
    return [cell.get_text(" ", strip=True) for cell in cells] if len(cells) <= _MOST_CELLS else []


def _number(text: str) -> int | None:
    """The whole number that a text consists of, thousands separated or not; what is counted may follow it."""
    found = _NUMBER.fullmatch(" ".join(text.split()).casefold())
    return int(re.sub(r"[^0-9]", "", found[1])) if found else None
