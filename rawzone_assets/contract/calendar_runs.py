"""Calendar runs: days in a row as dates, as texts, and as months and days, to hold whole columns against.

Nearly every table of days has each day once and in order. Whoever finds a column to be such a run knows its
dates and that none of them is missing, stands twice or stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from rawzone_assets.contract.months import MonthDay


@dataclass(frozen=True)
class Run:
    """So many days from ``oldest`` on; fewer where the calendar ends."""

    oldest: date
    length: int

    @property
    def dates(self) -> list[date]:
        return self._cut([year.dates for year in self._years])

    @property
    def texts(self) -> list[str]:
        """YYYY-MM-DD."""
        return self._cut([year.texts for year in self._years])

    @property
    def month_days(self) -> list[MonthDay]:
        return self._cut([year.month_days for year in self._years])

    @property
    def _years(self) -> list[_Year]:
        last = min(self.oldest.toordinal() + self.length - 1, date.max.toordinal())
        return [_year(year) for year in range(self.oldest.year, date.fromordinal(last).year + 1)]

    def _cut(self, years: list[Sequence[Any]]) -> list[Any]:
        start = self.oldest.toordinal() - date(self.oldest.year, 1, 1).toordinal()
        return list(chain.from_iterable(years))[start : start + self.length]


class _Year(NamedTuple):
    dates: Sequence[date]
    texts: Sequence[str]
    month_days: Sequence[MonthDay]


@lru_cache(maxsize=64)
def _year(year: int) -> _Year:
    ordinals = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
    dates = tuple(map(date.fromordinal, ordinals))
    return _Year(dates, tuple(map(str, dates)), tuple([(day.month, day.day) for day in dates]))
