"""Calendar runs: days in a row as dates, as texts, and as months and days, to hold whole columns against.

Nearly every table of days has each day once and in order. Whoever finds a column to be such a run knows its
dates and that none of them is missing, stands twice or stands elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from functools import lru_cache
from itertools import chain
from typing import NamedTuple

from rawzone_assets.contract.months import MonthDay


class Run(NamedTuple):
    """Days in a row, the oldest first, in three forms."""

    dates: Sequence[date]
    texts: Sequence[str]  # YYYY-MM-DD
    month_days: Sequence[MonthDay]


def run_from(oldest: date, length: int) -> Run:
    """So many days from ``oldest`` on; fewer where the calendar ends."""
    last = min(oldest.toordinal() + length - 1, date.max.toordinal())
    years = map(_year, range(oldest.year, date.fromordinal(last).year + 1))
    start = oldest.toordinal() - date(oldest.year, 1, 1).toordinal()
    return Run(*(list(chain.from_iterable(form))[start : start + length] for form in zip(*years, strict=True)))


@lru_cache(maxsize=64)
def _year(year: int) -> Run:
    ordinals = range(date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal() + 1)
    dates = tuple(map(date.fromordinal, ordinals))
    return Run(dates, tuple(map(str, dates)), tuple([(day.month, day.day) for day in dates]))
