"""Deadlines: when the next delivery of a feed is due, and until when it is merely late. Pure.

A feed that comes on some weekdays only is never due on another day, and its grace never ends on one. The days
are those of the place where it is read: Friday evening in Los Angeles is no weekend, whatever UTC says.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from rawzone_assets.contract.feed import EVERY_DAY, Cadence

_DAY = timedelta(days=1)
_Day = TypeVar("_Day", date, datetime)


def due_at(cadence: Cadence, captured_at: datetime, timezone: str) -> datetime:
    """When the delivery after the one captured at ``captured_at`` (aware) is due, UTC.

    A capture on a day on which the feed does not come stands for the last day before on which it does, so that
    one late delivery does not put off the next.
    """
    if cadence.weekdays == EVERY_DAY:
        return captured_at.astimezone(UTC) + cadence.every
    local = captured_at.astimezone(ZoneInfo(timezone))
    due = _moved(cadence, local, -_DAY).astimezone(UTC) + cadence.every
    return _moved(cadence, due.astimezone(ZoneInfo(timezone)), _DAY).astimezone(UTC)


def overdue_at(cadence: Cadence, captured_at: datetime, timezone: str) -> datetime:
    """When that delivery is no longer merely late, UTC."""
    late = due_at(cadence, captured_at, timezone) + cadence.patience
    if cadence.weekdays == EVERY_DAY:
        return late
    return _moved(cadence, late.astimezone(ZoneInfo(timezone)), _DAY).astimezone(UTC)


def is_missed(cadence: Cadence, *, last: date, day: date) -> bool:
    """Whether a feed that last came on ``last`` should have come again by the end of ``day``.

    In whole days: a grace of less than a day does not excuse a day.
    """
    due = _moved(cadence, _moved(cadence, last, -_DAY) + max(cadence.every, _DAY), _DAY)
    return day >= _moved(cadence, due + timedelta(days=cadence.patience.days), _DAY)


def longest_wait(cadence: Cadence) -> timedelta:
    """The longest time between two deliveries that are both in time."""
    silent = 0
    if cadence.weekdays != EVERY_DAY:
        week = sorted(cadence.weekdays)
        silent = max(b - a for a, b in zip(week, [*week[1:], week[0] + 7], strict=True)) - 1
    # A deadline is moved twice at most: when the delivery is due, and when its grace ends.
    return cadence.every + cadence.patience + 2 * timedelta(days=silent)


def _moved(cadence: Cadence, day: _Day, step: timedelta) -> _Day:
    """The first day from ``day`` on, in steps, on which the feed comes; wall-clock time is kept."""
    while day.isoweekday() not in cadence.weekdays:
        day += step
    return day
