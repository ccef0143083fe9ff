"""Chart blocks: statistics pages that hold all their charts in one inline variable, ``var chartData = {...};``.

The object is a script's value (``script_values.py``), read to its own end: texts in it hold ``;`` and ``}``
too. It is the document that schema and rules judge. What tells pages apart is as for other pages
(``html_pages.py``).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from operator import itemgetter
from typing import Any

from rawzone_assets.contract import codes, digests
from rawzone_assets.contract.documents import judge_document
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.garbled import garbled_document
from rawzone_assets.contract.html_pages import BlocksFormat
from rawzone_assets.contract.page_examination import (
    is_sign_in,
    printed_total_findings,
    selection_findings,
    surveyed_page,
)
from rawzone_assets.contract.page_markup import PageMarkup
from rawzone_assets.contract.pointers import Parts, pointer
from rawzone_assets.contract.script_comments import Comments
from rawzone_assets.contract.script_values import NotAValueError, read_value
from rawzone_assets.contract.texts import line_of

_Placing = Callable[[Parts], Place]

_MOST_ASSIGNMENTS = 10  # of the variable; a page has one
_ABSENT: Any = object()
# The words that may stand before a name that is set. After any other the browser runs nothing of the script.
_BEFORE_A_NAME = frozenset({"var", "let", "const", "else", "do", "return"})
_LONGEST_WORD = 12  # looked at: longer than any of them
_BEFORE_VARIABLE = re.compile(r"(?:(?<![\w$.])|\b(?P<window>window\.))\Z")
_LAST_WORD = re.compile(r"[\w$]*\Z")
_NOT_SAID = (None, "", "0", "false", "no", "null")  # in any case; pages write truth as 0, false or "0"


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """The variable's value: an object of blocks, or ``None`` and what is wrong with it."""

    script: str
    start: int  # characters from the script's start
    value: dict[str, Any] | None
    problem: str = ""


def examine(form: BlocksFormat, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
    """Add every objection to the page and return what was learned."""
    seen, markup = surveyed_page(content, findings)
    if markup is None:
        return Facts(text=seen.facts)
    blocks = find_blocks(markup, form.variable, form.daily)
    if blocks is None and is_sign_in(markup, form.sign_in):
        findings.add(codes.SIGN_IN_PAGE("a sign-in form, and no chart data"))
        return Facts(text=seen.facts)
    findings.extend(selection_findings(markup, form.own_page, form.other_pages))
    line = cache(partial(_line, markup, blocks))  # looked for only when there are findings to place

    def place(parts: Parts) -> Place:
        return Place(pointer=pointer(parts), line=line())

    findings.extend(_block_findings(form, blocks, place))
    if blocks is None or blocks.value is None:
        return Facts(text=seen.facts)
    written = digests.canonical(blocks.value)
    garbled = garbled_document(blocks.value, written, place) if written is not None else None
    findings.extend([garbled] if garbled else [])
    if findings.blocking:
        return Facts(text=seen.facts)
    facts = judge_document(
        blocks.value,
        feed=feed,
        capture=capture,
        findings=findings,
        place=place,
        rules=form.rules,
        series=form.series,
        figures=form.figures,
        text=seen.facts,
        written=written,
    )
    if not findings.blocking:
        expected = sum(map(int, map(itemgetter(form.series.value), _rows(blocks.value[form.daily]))))
        where = partial(place, (form.daily,))
        findings.extend(printed_total_findings(markup, form.total, expected, where))
    return facts


def _block_findings(form: BlocksFormat, blocks: Blocks | None, place: _Placing) -> Iterator[Finding]:
    """Whether the blocks are there and none says that it failed."""
    if blocks is None:
        yield codes.CHART_MISSING(f"no script of the page sets {form.variable!r}", place(()))
        return
    if blocks.value is None:
        yield codes.CHART_MISSING(f"the value of {form.variable!r} {blocks.problem}", place(()))
        return
    for name, block in blocks.value.items():
        if isinstance(block, dict) and _says(block, "error"):
            message = "the page's own data say that this chart failed"
            yield codes.ERROR_PAYLOAD(message, place((name, "error")))
    yield from _daily_findings(form, blocks.value.get(form.daily, _ABSENT), place)
    for name in form.optional_blocks:
        if name not in blocks.value:
            message = f"{form.variable!r} has no block {name!r}"
            yield codes.CHART_OPTIONAL_MISSING(message, place((name,)))


def _daily_findings(form: BlocksFormat, daily: Any, place: _Placing) -> Iterator[Finding]:
    """Whether the daily block is there, with rows and their total or the word that it is empty."""
    here = (form.daily,)
    if daily is _ABSENT:
        yield codes.CHART_MISSING(f"{form.variable!r} has no block {form.daily!r}", place(here))
    elif daily is None:
        yield codes.EMPTY_FIELD(f"the block {form.daily!r} is null", place(here))
    elif isinstance(daily, dict) and not daily.get("dataProvider"):
        if _says(daily, "isEmpty"):
            yield codes.EMPTY_RESULT("the daily chart says that it is empty", place(here))
        elif "dataProvider" in daily and daily["dataProvider"] is None:
            message = "the daily chart's rows are null, and it does not say that it is empty"
            yield codes.EMPTY_FIELD(message, place((*here, "dataProvider")))
        else:
            message = "the daily chart has no rows and does not say that it is empty"
            yield codes.CHART_MISSING(message, place(here))
    elif isinstance(daily, dict) and daily.get("total") is None:
        total = place((*here, "total"))
        if "total" in daily:
            yield codes.EMPTY_FIELD("the field 'total' is null", total)
        else:
            yield codes.MISSING_FIELD("the field 'total' is missing", total)


def find_blocks(markup: PageMarkup, variable: str, daily: str) -> Blocks | None:
    """The variable's value where the page sets it last, as a browser would have it.

    A value with the daily block goes before one without: scripts have variables of that name of their own. One
    in a comment, which nobody sets, counts where there is no other.
    """
    set_at = [
        (comments, start, code, value)
        for code in markup.scripts()
        for comments in [Comments(code)]
        for start, value in islice(_assignments(code, variable), _MOST_ASSIGNMENTS)
        if _is_set(code, start)
    ]
    if len(set_at) > 1:
        set_at.sort(key=lambda place: not place[0].hold(place[1]))
    found: Blocks | None = None
    for _, _, code, value in set_at:
        blocks = _read(code, value)
        if found is None or not _has(found, daily) or _has(blocks, daily):
            found = blocks
    return found


def _assignments(code: str, variable: str) -> Iterator[tuple[int, int]]:
    """Where the variable, perhaps as a member of ``window``, is assigned to, and where the value starts."""
    # It begins with plain letters, which the engine finds fast; what stands before them is asked afterwards.
    assignment = re.compile(rf"{re.escape(variable)}\s*=(?!=)\s*")
    at = 0
    while match := assignment.search(code, at):
        at = match.end()
        before = _BEFORE_VARIABLE.search(code[max(0, match.start() - _LONGEST_WORD) : match.start()])
        if before:
            yield match.start() - len(before["window"] or ""), match.end()
        else:
            at = match.start() + 1


def _is_set(script: str, start: int) -> bool:
    """Whether a name at ``start`` can be set there, going by the word before it on its line."""
    line = script[max(script.rfind("\n", 0, start), script.rfind("\r", 0, start)) + 1 : start]
    word = _LAST_WORD.search(line.rstrip()[-_LONGEST_WORD:])
    return word is None or not word[0] or word[0] in _BEFORE_A_NAME


def _has(blocks: Blocks, daily: str) -> bool:
    return blocks.value is not None and daily in blocks.value


def _read(script: str, start: int) -> Blocks:
    value, problem = None, ""
    if not script.startswith("{", start):
        problem = "is no object"
    else:
        try:
            value = read_value(script, start)
        except NotAValueError:
            problem = "is no object of plain values, or has no end"
    return Blocks(script=script, start=start, value=value, problem=problem)


def _says(block: dict[str, Any], member: str) -> bool:
    """Whether the block says so, in whatever way pages write yes and no."""
    stated = block.get(member)
    return stated.strip().casefold() not in _NOT_SAID if isinstance(stated, str) else bool(stated)


def _rows(block: Any) -> list[Any]:
    rows = block.get("dataProvider") if isinstance(block, dict) else None
    return rows if isinstance(rows, list) else []


def _line(markup: PageMarkup, blocks: Blocks | None) -> int | None:
    """The line on which the value stands: all of it is on one."""
    start = markup.text.find(blocks.script) if blocks else -1
    return line_of(markup.text, start + blocks.start) if blocks and start >= 0 else None
