"""Charts: the data arrays that pages hand to AmCharts in inline scripts.

The call is JavaScript, ``AmCharts.makeChart("id", {... "dataProvider": [...] ...})``, but the array in it is
JSON: a JSON decoder finds its end. Regular expressions that cut at the first ``;`` or ``]`` break on the first
text that holds one. Which charts a page must have is its feed's to say.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

import orjson

MOST_CHARTS = 100  # of a script; a page has four

_CALL = re.compile(r"""\bmakeChart\s*\(\s*(["'])(?P<id>[A-Za-z0-9_.-]{1,80})\1""")
_PROVIDER = re.compile(r"""["']?\bdataProvider["']?\s*:\s*""")
_BLANK = re.compile(r"[ \t\r\n]*")
_DECODER = json.JSONDecoder()


@dataclass(frozen=True, kw_only=True)
class Chart:
    """One chart of a page. ``rows`` is ``None`` when its data cannot be read, and ``problem`` says why."""

    id: str
    script: str
    start: int  # of the array, or of the call when there is no array; characters from the script's start
    rows: list[Any] | None
    problem: str = ""

    def position_of(self, row: int) -> int:
        """Where a row starts in the script."""
        return self._positions[row]

    @cached_property
    def _positions(self) -> list[int]:
        """Where the rows start. Found only when there are findings to place: it takes the decoder again."""
        positions: list[int] = []
        position = self.start + 1
        for _ in self.rows or ():
            position = _after_blanks(self.script, position)
            positions.append(position)
            end = _DECODER.raw_decode(self.script, position)[1]
            position = _after_blanks(self.script, end) + 1  # past the comma
        return positions


def charts_in(script: str) -> Iterator[Chart]:
    """All charts that the script makes, in order."""
    calls = list(islice(_CALL.finditer(script), MOST_CHARTS))
    for index, call in enumerate(calls):
        end = calls[index + 1].start() if index + 1 < len(calls) else len(script)
        provider = _PROVIDER.search(script, call.end(), end)
        if provider is None:
            yield Chart(
                id=call["id"], script=script, start=call.start(), rows=None, problem="has no dataProvider"
            )
        else:
            yield _read(call["id"], script, provider.end())


def _read(chart_id: str, script: str, start: int) -> Chart:
    rows, problem = None, ""
    if not script.startswith("[", start):
        problem = "has a dataProvider that is no list"
    else:
        try:
            end = _DECODER.raw_decode(script, start)[1]
            # Read again strictly: the standard decoder only served to find the end, it lets NaN through.
            rows = orjson.loads(script[start:end])
            orjson.dumps(rows)
        except (ValueError, RecursionError, orjson.JSONEncodeError):
            rows, problem = None, "has a dataProvider that is not JSON"
    return Chart(id=chart_id, script=script, start=start, rows=rows, problem=problem)


def _after_blanks(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position
