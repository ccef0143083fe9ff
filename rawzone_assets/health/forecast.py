"""Forecast: when a disk will be full if it goes on as in the last weeks. Pure.

The trend is the median of whole weeks: feeds come daily or weekly, and a backfill, an import or an outage of
some weeks must not bend it. The quartiles say how sure it is. Where there is too little history, no growth, or
a date so far away that it means nothing, that is said instead of a date.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from statistics import fmean, quantiles

WEEKS = 12  # looked back at, at most
LEAST_WEEKS = 4  # with fewer, one odd week would be half of the truth
FURTHEST = 3650
"""Days. A disk that lasts longer will be replaced before it is full."""


class Outlook(StrEnum):
    """What can be said of a disk."""

    FULL = "full"  # what may be used is used already
    FILLING = "filling"
    DISTANT = "distant"  # it lasts for more than ten years
    STEADY = "steady"  # the zone adds nothing
    UNKNOWN = "not enough history"


@dataclass(frozen=True, kw_only=True)
class Forecast:
    """When the reserve of a disk will be reached. Days only when it is filling."""

    outlook: Outlook
    days_known: int  # whole days of history
    bytes_per_day: float | None = None  # of a usual week
    full_on: date | None = None
    earliest: date | None = None  # with the growth of the busier weeks
    latest: date | None = None  # with that of the quieter ones; None: not within ten years

    @property
    def sentence(self) -> str:
        """The outlook for a person."""
        if self.outlook is Outlook.FILLING:
            between = f"between {self.earliest} and {self.latest or 'more than ten years from now'}"
            return f"full about {self.full_on} ({between}) if it goes on like this"
        return {
            Outlook.FULL: "full: what is left is kept in reserve, and promotion writes nothing",
            Outlook.DISTANT: "not full within ten years at the present growth",
            Outlook.STEADY: "the zone added nothing in the last weeks",
        }.get(
            self.outlook,
            f"not enough history for a forecast ({self.days_known} of {7 * LEAST_WEEKS} whole days)",
        )


def forecast(added: Sequence[float], *, usable: int, today: date) -> Forecast:
    """When ``usable`` bytes will be used up.

    ``added`` are the bytes that each whole day added, oldest first, up to yesterday. The first day of a zone is
    its import and does not belong there.
    """
    known = len(added)
    if usable <= 0:
        return Forecast(outlook=Outlook.FULL, days_known=known)
    weeks = [sum(added[end - 7 : end]) for end in range(known, 6, -7)][:WEEKS]
    if len(weeks) < LEAST_WEEKS:
        return Forecast(outlook=Outlook.UNKNOWN, days_known=known)
    low, usual, high = (week / 7 for week in quantiles(weeks, n=4, method="inclusive"))
    if usual <= 0:
        # Feeds that come once a month leave most weeks empty: then the mean, without the busiest week.
        usual = fmean(sorted(weeks)[:-1]) / 7
        high = max(high, usual)
    if usual <= 0:
        return Forecast(outlook=Outlook.STEADY, days_known=known, bytes_per_day=0.0)
    full_on = _reached(usable, usual, today)
    return Forecast(
        outlook=Outlook.FILLING if full_on else Outlook.DISTANT,
        days_known=known,
        bytes_per_day=usual,
        full_on=full_on,
        earliest=_reached(usable, high, today) if full_on else None,
        latest=_reached(usable, low, today) if full_on else None,
    )


def _reached(usable: int, bytes_per_day: float, today: date) -> date | None:
    """The day on which the bytes are used up, or ``None`` for none within ten years."""
    if bytes_per_day <= 0 or usable / bytes_per_day > FURTHEST:
        return None
    return today + timedelta(days=int(usable / bytes_per_day))
