"""Day columns: the days of a series' records, and what rules and diaries ask of all of them.

Days are kept as ordinals, as ``date.toordinal`` counts them: numbers are compared, told apart and looked up in
half the time that dates take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from rawzone_assets.contract.calendar_runs import Run
from rawzone_assets.contract.forms import day_of

_MOST_KNOWN = 20_000
_SHORTEST_RUN = 30  # shorter ones are looked up as fast


@dataclass(kw_only=True)
class DayColumn:
    """The day of each record that has one, in the records' order, and where these records stand."""

    ordinals: list[int] | range
    indexes: Sequence[int]
    span: range = field(init=False)  # from the first day to the last
    in_a_row: bool = field(init=False)  # each of them once, in order: as nearly always, and the quickest to ask
    extent: tuple[date, date] | None = field(init=False)  # the first and the last day

    def __post_init__(self) -> None:
        days = self.ordinals
        span = range(days[0], days[-1] + 1) if days else range(0)
        self.in_a_row = span == days or (len(span) == len(days) and [*span] == days)
        self.span = span if self.in_a_row else range(min(days), max(days) + 1)
        self.extent = (date.fromordinal(self.span[0]), date.fromordinal(self.span[-1])) if days else None

    @classmethod
    def of(cls, days: Iterable[date]) -> DayColumn:
        """Of records that all have one."""
        ordinals = list(map(date.toordinal, days))
        return cls(ordinals=ordinals, indexes=range(len(ordinals)))

    @classmethod
    def read(cls, texts: Sequence[Any]) -> DayColumn:
        """Of records of which some may have ``None``, or a value that is no day."""
        run = _run_between(texts)
        if run and run.texts == [*texts]:  # nothing needs to be looked up
            first = run.oldest.toordinal()
            return cls(ordinals=range(first, first + run.length), indexes=range(run.length))
        found: list[Any]
        try:
            found = list(map(_known.get, texts))
        except TypeError:  # some value is a list or an object
            found = [None] * len(texts)
        if None not in found:
            return cls(ordinals=found, indexes=range(len(found)))
        found = [day or _learned(text) for day, text in zip(found, texts, strict=True)]
        indexes = [index for index, day in enumerate(found) if day]
        return cls(ordinals=[found[index] for index in indexes], indexes=indexes)

    @property
    def dates(self) -> Iterable[date]:
        return map(date.fromordinal, self.ordinals)

    @property
    def different(self) -> int:
        """How many different days there are."""
        return len(self.ordinals) if self.in_a_row else len(self.position_of)

    @property
    def has_repeats(self) -> bool:
        return self.different < len(self.ordinals)

    @cached_property
    def position_of(self) -> Mapping[int, int]:
        """Where in the column each different day stands, or stands last."""
        return dict(zip(self.ordinals, range(len(self.ordinals)), strict=True))

    def newest(self, until: int) -> int | None:
        """The newest of the days up to one; ``None`` when there is none of them."""
        if self.in_a_row:
            return min(until, self.span[-1]) if self.span and until >= self.span[0] else None
        return max((day for day in self.position_of if day <= until), default=None)

    def positions(self, days: range) -> range | list[int | None]:
        """Where each of the days stands, or stands last, of those between the first and the last."""
        if self.in_a_row:
            return range(days.start - self.span.start, days.stop - self.span.start)
        return list(map(self.position_of.get, days))


def _run_between(texts: Sequence[Any]) -> Run | None:
    """The days in a row that begin and end as the texts do, if they are as many and both ends are known."""
    if len(texts) < _SHORTEST_RUN or not isinstance(texts[0], str) or not isinstance(texts[-1], str):
        return None
    first, last = _known.get(texts[0], 0), _known.get(texts[-1], 0)
    return Run(date.fromordinal(first), len(texts)) if 0 < first == last - len(texts) + 1 else None


def _learned(value: Any) -> int | None:
    day = day_of(value) if isinstance(value, str) else None
    if day is None:
        return None
    if len(_known) < _MOST_KNOWN:
        _known[value] = day.toordinal()
    return day.toordinal()


_known: dict[str, int] = {}  # captures tell the same days again and again
