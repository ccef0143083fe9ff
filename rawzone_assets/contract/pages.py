"""Pages: whether an answer says that it is one page of many. Pure.

APIs say it in few ways: a link or token that leads to another page, a yes to whether there is more, a number
of pages. It stands at the top, beside the records, or in an object about paging at either place. A ``cursor``
alone says nothing: it stands on last pages too. Links hold access tokens, so that no value is ever handed on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

_HOLDERS = ("data", "paging", "pagination", "page_info", "pageInfo", "paging_info", "links", "meta")
_LEADING = frozenset(
    {
        "nextPageToken", "prevPageToken", "next_page_token", "next_page_url", "nextPageUrl", "next_cursor",
        "nextCursor", "prev_page_url",
    }
)  # fmt: skip
_LEADING_INSIDE = frozenset({"next", "previous", "prev"})  # words that elsewhere may mean anything
_MORE = frozenset({"has_more", "hasMore", "has_next", "hasNext", "has_next_page", "hasNextPage"})
_PAGES = frozenset(
    {"total_page", "total_pages", "totalPage", "totalPages", "page_count", "last_page", "lastPage"}
)
_TELLING = _LEADING | _LEADING_INSIDE | _MORE | _PAGES
_NO = (None, "", False, 0, "0", "false", "False", "no")


def other_pages(answer: Any) -> Iterator[tuple[str, ...]]:
    """Where the answer says that there are pages beside it."""
    waiting: list[tuple[tuple[str, ...], Any]] = [((), answer)]
    while waiting:
        at, value = waiting.pop(0)
        if isinstance(value, dict):
            if not _TELLING.isdisjoint(value):
                yield from ((*at, name) for name, said in value.items() if _says(name, said, inside=bool(at)))
            if len(at) < 2:
                waiting.extend(((*at, name), value[name]) for name in _HOLDERS if name in value)


def _says(name: str, said: Any, *, inside: bool) -> bool:
    if name in _LEADING or (inside and name in _LEADING_INSIDE):
        return said not in _NO and not isinstance(said, list)
    if name in _MORE:
        return said not in _NO
    if name in _PAGES:
        number = str(said) if isinstance(said, int | str) and not isinstance(said, bool) else ""
        return number.isascii() and number.isdigit() and int(number[:9]) > 1
    return False
