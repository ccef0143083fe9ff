"""A sample: one generated delivery and what must become of it. How deliveries look is the platform modules'."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Literal

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
    folder: str
    name: str  # with {stamp} for YYYYMMDD_HHMMSS or {day} for YYYYMMDD
    make: Callable[[date, Random], bytes]
    title: str
    codes: tuple[str, ...] = ()
    verdict: Verdict = "quarantined"

    def build(self, day: date, *, seed: int, minute: int) -> Sample:
        """The sample of this case as captured at ten o'clock and some minutes."""
        stamp = f"{day:%Y%m%d}_{10 + minute // 60:02d}{minute % 60:02d}00"
        name = self.name.format(stamp=stamp, day=f"{day:%Y%m%d}")
        data = self.make(day, Random(f"{seed}/{self.feed}/{self.title}/{day}"))
        return Sample(
            feed=self.feed,
            path=f"{self.folder}/{name}",
            data=data,
            verdict=self.verdict,
            codes=self.codes,
            title=self.title,
        )


@dataclass(frozen=True, kw_only=True)
class Routine:
    """What a feed's extractor lands in the course of things: good deliveries, nearly every day or week."""

    feed: str
    folder: str
    name: str
    make: Callable[[date, Random], bytes]
    weekday: int | None = None  # only on this day of the week, 0 = Monday
    codes: Callable[[date], tuple[str, ...]] = lambda _day: ()

    def build(self, day: date, *, seed: int) -> Sample | None:
        """The delivery of that day, or ``None`` when none comes."""
        if self.weekday is not None and day.weekday() != self.weekday:
            return None
        clock = Random(f"{seed}/{self.feed}/{day}/clock")
        stamp = f"{day:%Y%m%d}_07{clock.randint(0, 59):02d}{clock.randint(0, 59):02d}"
        return Sample(
            feed=self.feed,
            path=f"{self.folder}/{self.name.format(stamp=stamp, day=f'{day:%Y%m%d}')}",
            data=self.make(day, Random(f"{seed}/{self.feed}/{day}")),
            verdict="promoted",
            codes=self.codes(day),
            title=f"the delivery of {day}",
        )


def figure(series: str, day: date) -> int:
    """The figure of a series on a day: always the same, so that captures of other days agree about it."""
    dice = Random(f"{series}/{day}")
    weekend = 1.3 if day.weekday() >= 4 else 1.0  # Friday to Sunday
    return int((dice.randint(40, 900) + (day.toordinal() % 365)) * weekend)


def days_back(last: date, count: int) -> list[date]:
    """``count`` days in order, the newest being ``last``."""
    return [last - timedelta(days=back) for back in range(count - 1, -1, -1)]
