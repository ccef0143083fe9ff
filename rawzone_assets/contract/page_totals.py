"""Page totals: finding the figure that a page prints beside a label, in whatever layout.

The layout round the figure is not part of any contract, so every number that could be meant is a candidate,
and only a page of which no candidate fits contradicts itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING

from rawzone_assets.contract.html_pages import PageTotal
from rawzone_assets.contract.marks import Marks, Seldom, linear_pattern
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

# Elements whose texts are the page's own, whoever parses it: none is empty, none is read in a way of its own.
_HOLDERS = (
    "a|abbr|article|aside|b|big|blockquote|button|caption|center|cite|code|data|dd|div|dl|dt|em|fieldset|"
    "figcaption|figure|font|footer|h[1-6]|header|i|ins|kbd|label|legend|li|main|mark|nav|ol|output|p|s|samp|"
    "section|small|span|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|time|tr|u|ul|var"
)
_REST_OF_TAG = r"(?:\s[^<>\"']*(?:(?:\"[^\"<>]*\"|'[^'<>]*')[^<>\"']*)*)?/?>"
_OPENING = rf"<(?:{_HOLDERS}|br|hr|img|wbr){_REST_OF_TAG}"
_CLOSING = rf"</(?:{_HOLDERS})\s*>"
_HOLDS = re.compile(rf"<(?:{_HOLDERS})(?=[\s>])[\s\S]*(?<!/)>", re.IGNORECASE)
_NBSP = "(?-i:&nbsp;)"  # in capital letters it is no reference
_BLANK = rf"(?:\s|{_NBSP})*"
# The end tag of an empty element, as in <br>1,234</br>567, may end no text.
_ENDS_TEXT = rf"(?=<[a-z]|{_CLOSING})"
_BEGINS_TEXT = re.compile(rf"<[a-z][a-z0-9:_\-]*{_REST_OF_TAG}|{_CLOSING}", re.IGNORECASE)
_TEXT = rf"(?P<text>(?:[^<>&]|{_NBSP}){{1,80}})"
_WHOLE_TEXT = re.compile(rf"(?:[^<>&]|{_NBSP})*{_ENDS_TEXT}", re.IGNORECASE)
# What may stand between a label and its figure for both to be texts of the page beside each other.
_BETWEEN = rf"(?:{_BLANK}(?:{_OPENING}|{_CLOSING})){{1,12}}"
_TEXT_AFTER = re.compile(rf"{_BETWEEN}{_TEXT}{_ENDS_TEXT}", re.IGNORECASE)
_TEXT_BEFORE = re.compile(rf">{_TEXT}{_BETWEEN}\Z", re.IGNORECASE)
_TEXT_INSIDE = re.compile(rf"(?:{_BLANK}{_OPENING}){{0,12}}{_TEXT}{_ENDS_TEXT}", re.IGNORECASE)
_NEAR = 1_000  # characters of markup before a label: where its figure is looked for
_APART = ("svg", "template", "option", "rt", "rp", "title", "textarea", "iframe", "noembed", "noframes", "xmp")
_OPENS_OR_CLOSES = Seldom(
    re.compile(rf"<(/?)({'|'.join(_APART)})(?=[\s/>])"),
    Marks(f"<{slash}{name}".encode() for name in _APART for slash in ("", "/")),
    longest=len("</template>"),
)
# What only a tree resolves: digits and ids that are written as references.
_REFERRED = (
    r"&#(?:0*(?:4[89]|5[0-7])|[xX]0*3[0-9]);",
    r"[ \t\r\n\"'][iI][dD][ \t\r\n]*=[ \t\r\n]*(?:\"[^\"&]*&|'[^'&]*&|[^ \t\r\n\"'&>]*&)",
)
_TAG_APART = rf"</?(?:{'|'.join(_APART)})[ \t\r\n/>]"
_QUOTED_APART = rf"=(?:\"[^\"]*{_TAG_APART}|'[^']*{_TAG_APART})"


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
            beside = [_rest_of(words, label)]
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
    word = max(total.label.split(), key=str.isdigit)  # digits have no case
    at = -1
    for _ in range(_MOST_LABELS):
        at = page.markup.find(total.label, at + 1)
        if at < 0:
            break
        for text, start in _beside(page.markup, at, total.label):
            if _number(text) == expected:
                is_first = word.isdigit() and page.markup.count(word, 0, at) < _MOST_LABELS
                return is_first and _is_clearly_shown(page, start)
    return False


def _beside(markup: str, at: int, label: str) -> Iterator[tuple[str, int]]:
    """What is left of the text that holds the label, the text after it and the one before.

    Each with where it begins, or the label's text if that is earlier.
    """
    start = markup.rfind(">", 0, at) + 1
    whole = _WHOLE_TEXT.match(markup, start)
    if whole is None:
        return
    text = _plain(whole[0])
    if label not in text or len(text) > _LONGEST_LABEL or not _begins_text(markup, start):
        return
    yield _rest_of(" ".join(text.split()).casefold(), label.casefold()), start
    found = _TEXT_AFTER.match(markup, whole.end())
    if found:
        yield _plain(found["text"]), start
    found = _TEXT_BEFORE.search(markup, max(0, start - _NEAR), start)
    if found and _begins_text(markup, found.start("text")):
        yield _plain(found["text"]), found.start("text")


def _begins_text(markup: str, at: int) -> bool:
    """Whether a tag ends there that ends any text before it: a text may hold a ``>`` of its own."""
    tag = _BEGINS_TEXT.match(markup, max(0, markup.rfind("<", 0, at)))
    return tag is not None and tag.end() == at


def _rest_of(words: str, label: str) -> str:
    return words.replace(label, "").strip(" :=-\u2013\u2014()")


def _plain(text: str) -> str:
    """A text of which only that reference needs to be resolved."""
    return text.replace("&nbsp;", " ")


def _element_prints(page: PlainMarkup, total: PageTotal, expected: int) -> bool:
    """Whether the first element of that id begins with the figure."""
    at = page.markup.find(total.element_id)
    start = page.markup.rfind("<", 0, at)
    tag = page.attributes_at(start)
    if tag is None or tag[0].get("id") != total.element_id:
        return False
    inside = _TEXT_INSIDE.match(page.markup, tag[1])
    if not inside or not _HOLDS.fullmatch(page.markup, start, tag[1]):
        return False
    prints = _number(_plain(inside["text"])) == expected
    return prints and _is_clearly_shown(page, start)


@cache
def _mark(text: str) -> Marks:
    return Marks([text.encode()])  # which looks for it ten times as fast as str does


def _is_clearly_shown(page: PlainMarkup, at: int) -> bool:
    """Whether that is no place in a tag, nor in an element whose texts are not the page's own."""
    before = page.markup[:at].lower()
    if (
        any(_found(pattern).is_valid(page.markup) for pattern in _REFERRED)
        or _found(_QUOTED_APART).is_valid(before)
        or not page.is_outside_tags(at)
    ):
        return False
    depths = dict.fromkeys(_APART, 0)
    for found in _OPENS_OR_CLOSES.finditer(before):
        depths[found[2]] += -1 if found[1] else 1
        if min(depths.values()) < 0:
            return False
    return not any(depths.values())


_found = cache(linear_pattern)


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
