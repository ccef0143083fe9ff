"""A sample: one generated delivery and what must become of it. How deliveries look is the platform modules'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from random import Random
from typing import Literal

WINDOW = 60  # days in an export that names its first one

Verdict = Literal["promoted", "quarantined", "duplicate", "unrecognized", "ignored"]


@dataclass(frozen=True, kw_only=True)
class Sample:
    """One delivery. ``codes`` are the findings that judging it must at least raise."""

    feed: str  # "" for files that are no delivery
    path: str  # below landing
    data: bytes
    verdict: Verdict
    codes: tuple[str, ...]
    title: str


@dataclass(frozen=True, kw_only=True)
class Case:
    """A kind of delivery that a test or demo wants: a name, how to make its bytes, what must become of it."""

    feed: str
    folder: str  # may hold {stamp} when the folder dates its files
    name: str  # with {stamp} for YYYYMMDD_HHMMSS or {day} for YYYYMMDD; the others are in _filled
    make: Callable[[date, Random], bytes]
    title: str
    codes: tuple[str, ...] = ()
    verdict: Verdict = "quarantined"

    def build(self, day: date, *, seed: int, minute: int) -> Sample:
        """The sample of this case as captured at ten o'clock and some minutes."""
        data = self.make(day, Random(f"{seed}/{self.feed}/{self.title}/{day}"))
        return Sample(
            feed=self.feed,
            path=self.path_at(day, minute),
            data=data,
            verdict=self.verdict,
            codes=self.codes,
            title=self.title,
        )

    def path_at(self, day: date, minute: int) -> str:
        """Where below landing the sample would lie."""
        stamp = f"{day:%Y%m%d}_{10 + minute // 60:02d}{minute % 60:02d}00"
        return _filled(f"{self.folder}/{self.name}", day, stamp)


@dataclass(frozen=True, kw_only=True)
class Routine:
    """What a feed's extractor lands in the course of things: good deliveries, nearly every day or week."""

    feed: str
    folder: str
    name: str
    make: Callable[[date, Random], bytes]
    weekday: int | None = None  # only on this day of the week, 0 = Monday
    day_of_month: int | None = None  # only on this day of the month
    codes: Callable[[date], tuple[str, ...]] = lambda _day: ()

    def lands_on(self, day: date) -> bool:
        """Whether a delivery comes that day."""
        return self.weekday in (None, day.weekday()) and self.day_of_month in (None, day.day)

    def build(self, day: date, *, seed: int) -> Sample:
        """The delivery of that day, which is one that it comes on."""
        clock = Random(f"{seed}/{self.feed}/{day}/clock")
        stamp = f"{day:%Y%m%d}_07{clock.randint(0, 59):02d}{clock.randint(0, 59):02d}"
        return Sample(
            feed=self.feed,
            path=self.path_at(day, stamp),
            data=self.make(day, Random(f"{seed}/{self.feed}/{day}")),
            verdict="promoted",
            codes=self.codes(day),
            title=f"the delivery of {day}",
        )

    def path_at(self, day: date, stamp: str) -> str:
        """Where below landing a capture of ``stamp`` (YYYYMMDD_HHMMSS) would lie."""
        return _filled(f"{self.folder}/{self.name}", day, stamp)


def _filled(template: str, day: date, stamp: str) -> str:
    """A path with its dates: of the capture, of the month before it, and of a zip's first day and epoch."""
    moment = datetime.strptime(stamp, "%Y%m%d_%H%M%S").replace(tzinfo=UTC)
    return template.format(
        stamp=stamp,
        day=f"{day:%Y%m%d}",
        month=f"{day.replace(day=1) - timedelta(days=1):%m-%Y}",
        number=stamp[9:],
        first=day - timedelta(days=WINDOW - 1),
        epoch=int(moment.timestamp()),
    )


@cache
def figure(series: str, day: date) -> int:
    """The figure of a series on a day: always the same, so that captures of other days agree about it."""
    dice = Random(f"{series}/{day}")
    weekend = 1.3 if day.weekday() >= 4 else 1.0  # Friday to Sunday
    return int((dice.randint(40, 900) + (day.toordinal() % 365)) * weekend)


def days_back(last: date, count: int) -> list[date]:
    """``count`` days in order, the newest being ``last``."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
