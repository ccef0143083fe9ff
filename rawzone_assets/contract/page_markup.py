"""Page markup: what judging asks of a page, read plainly where that is proven to give the same answer.

Beautiful Soup is the reference and explains every refusal. Plain pages (``plain_markup.py``) are read thirty
times as fast; the tree is built only for what their plain reading cannot settle.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING

from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.html_pages import PageTotal
from rawzone_assets.contract.marks import Marks, folded_text
from rawzone_assets.contract.page_totals import candidates, prints_plainly
from rawzone_assets.contract.plain_markup import plain_markup

if TYPE_CHECKING:  # most processes, Dagster's among them, never need the library
    from bs4 import BeautifulSoup, Tag

_PAGE = re.compile(r"<html\b")
_PAGES = Marks((b"<html",))
# Not any: what is included by a server may bring a page's tags along, which browsers pass over. Whoever saves a
# page may put a comment before it.
_SECOND_PAGE = re.compile(
    r"(?:</html\s*+>|<!doctype[^<>]{0,500}+>)"
    r"(?:\s++|<!--[^<>]{0,2000}+>|<!doctype[^<>]{0,500}+>){0,9}+<html\b"
)


class UnparsableMarkup(ValueError):
    """The page is not plain, and Beautiful Soup cannot parse it either."""


class PageMarkup:
    """One page: UTF-8 without a byte order mark.

    Raises:
        UnparsableMarkup: It is not plain, and Beautiful Soup cannot parse it either.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.plain = plain_markup(data)
        if self.plain is None:
            _ = self.soup

    @cached_property
    def text(self) -> str:
        """All of it. Reading a plain page needs none of it."""
        return self._data.decode()

    @cached_property
    def soup(self) -> BeautifulSoup:
        """The page as a tree."""
        from bs4 import BeautifulSoup, UnusualUsageWarning  # noqa: PLC0415  see above
        from bs4.exceptions import ParserRejectedMarkup  # noqa: PLC0415

        with warnings.catch_warnings():  # about XHTML and the like: whoever promotes can do nothing about it
            warnings.simplefilter("ignore", UnusualUsageWarning)
            try:
                return BeautifulSoup(self.text, "html.parser")
            except ParserRejectedMarkup as error:
                raise UnparsableMarkup(str(error)) from error

    def scripts(self) -> Iterator[str]:
        """What stands in the page's inline scripts, in order."""
        if self.plain:
            yield from self.plain.scripts
        else:
            yield from (str(script.string) for script in self.soup.find_all("script") if script.string)

    def options_with(self, values: tuple[str, ...]) -> Iterator[Tag]:
        """The selected options that have one of these values, in any case."""
        if self.plain and not any(_is_among(value, values) for value in self.plain.selected):
            return
        for option in self.soup.find_all("option", selected=True):
            if _is_among(str(option.get("value")), values):
                yield option

    def options_instead_of(self, own: str) -> Iterator[Tag]:
        """The selected options, none of which has this value, of a choice that offers it, in any case."""
        if self.plain and (
            not self.plain.selected or any(_is_among(value, (own,)) for value in self.plain.selected)
        ):
            return
        for choice in self.soup.find_all("select"):
            options = [(option, _is_among(str(option.get("value")), (own,))) for option in choice("option")]
            selected = [(option, is_own) for option, is_own in options if option.has_attr("selected")]
            if any(is_own for _, is_own in options) and not any(is_own for _, is_own in selected):
                yield from (option for option, _ in selected)

    def has_plain_form(self, name: str) -> bool:
        """Whether a form certainly has this id, name or class, told without building the tree."""
        return self.plain is not None and self.plain.has_form(name)

    def second_page(self) -> Place | None:
        """Where another page begins after this one has ended, or with a doctype of its own; if any does.

        Raises:
            UnparsableMarkup: It is plain, and Beautiful Soup cannot parse it.
        """
        folded = folded_text(self._data)
        first = _PAGE.search(folded)
        if not first or not _PAGES.are_in(folded, first.end()):
            return None
        if not _SECOND_PAGE.search(folded, first.end()):
            return None
        pages = self.soup.find_all("html", limit=2)  # what scripts, comments and quotes hold is none
        return Place(line=pages[1].sourceline) if len(pages) > 1 else None

    def figures_beside(self, total: PageTotal, expected: int) -> list[int]:
        """Every printed number that may be the total, or ``expected`` alone where it surely is one."""
        if self.plain and prints_plainly(self.plain, total, expected):
            return [expected]
        return candidates(self.soup, total)


def _is_among(value: str, values: tuple[str, ...]) -> bool:
    return value.strip().casefold() in values
