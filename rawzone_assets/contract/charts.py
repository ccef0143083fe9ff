"""Charts: the data arrays that pages hand to AmCharts in inline scripts.

The call is JavaScript, ``AmCharts.makeChart("id", {... "dataProvider": [...] ...})``, and the array in it a
script's value (``script_values.py``), read to its own end. Regular expressions that cut at the first ``;`` or
``]`` break on the first text that holds one. Which charts a page must have is its feed's to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from rawzone_assets.contract.script_comments import Comments
from rawzone_assets.contract.script_values import NotAValueError, read_value, starts_of_items

MOST_CHARTS = 100  # of a script; a page has four

# Blanks and comments, the latter of bounded length: an endless one is looked for from every call.
_GAP = r"(?>\s*(?:(?:/\*(?>[^*]|\*(?!/)){0,400}\*/|//[^\r\n]{0,400})\s*){0,9})"
# Both begin with plain letters: those the engine finds fast. That no word ends there is asked afterwards.
_CALL = re.compile(rf"""makeChart\s*\({_GAP}(["'])(?P<id>[A-Za-z0-9_.-]{{1,80}})\1""")
_MOST_PROVIDERS = 20  # of a call; a chart has one, and perhaps others in comments and scroll bars
_PROVIDER = re.compile(rf"""dataProvider["']?\s*:{_GAP}""")


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart of a page. ``rows`` is ``None`` when its data cannot be read, and ``problem`` says why.

    ``comments`` are the script's, and ``call`` is where the call starts in it.
    """

    id: str
    script: str
    start: int  # of the array, or of the call when there is no array; characters from the script's start
    rows: list[Any] | None
    call: int
    comments: Comments
    problem: str = ""

    @property
    def is_inline(self) -> bool:
        """Whether the data stand in the call itself, readable or not, and not in a variable or nowhere."""
        return self.script.startswith("[", self.start)

    @property
    def has_data(self) -> bool:
        """Whether it is given any, readable or not: a call without leaves the chart to another of its name."""
        return self.is_inline if self.rows is None else bool(self.rows)

    @property
    def is_commented_out(self) -> bool:
        """Whether the call seems to stand in a comment: an old one, perhaps, that the browser never makes."""
        return self.comments.hold(self.call)

    def position_of(self, row: int) -> int:
        """Where a row starts in the script."""
        return self._positions[row]

    @cached_property
    def _positions(self) -> tuple[int, ...]:
        """Where the rows start. Found only when there are findings to place: it takes reading again."""
        return starts_of_items(self.script, self.start)


def charts_in(script: str) -> Iterator[Chart]:
    """All charts that the script makes, in order."""
    comments = Comments(script)
    calls = list(islice(_words(_CALL, script, 0, len(script)), MOST_CHARTS))
    for index, call in enumerate(calls):
        end = calls[index + 1].start() if index + 1 < len(calls) else len(script)
        providers = list(islice(_words(_PROVIDER, script, call.end(), end), _MOST_PROVIDERS))
        if len(providers) > 1:
            providers.sort(key=lambda provider: comments.hold(provider.start()))
        start, rows, problem = call.start(), None, "has no dataProvider"
        for number, provider in enumerate(providers):
            found, why = _read(script, provider.end())
            if number == 0 or found:
                start, rows, problem = provider.end(), found, why
            if found:
                break
        yield Chart(
            id=call["id"],
            script=script,
            start=start,
            rows=rows,
            call=call.start(),
            comments=comments,
            problem=problem,
        )


def _words(pattern: re.Pattern[str], script: str, start: int, end: int) -> Iterator[re.Match[str]]:
    """What the pattern finds from ``start`` to ``end`` that does not begin inside a word."""
    while found := pattern.search(script, start, end):
        before = script[found.start() - 1] if found.start() else " "
        if before.isalnum() or before == "_":
            start = found.start() + 1
        else:
            yield found
            start = found.end()


def _read(script: str, start: int) -> tuple[list[Any] | None, str]:
    """The rows that start there, or none and why."""
    if not script.startswith("[", start):
        return None, "has a dataProvider that is no list"
    try:
        return read_value(script, start), ""
    except NotAValueError:
        return None, "has a dataProvider that is no list of plain values, or has no end"
