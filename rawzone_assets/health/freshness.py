"""Freshness: does a feed still bring news? Judged by what was captured, never by when something ran.

The ledger is asked, so an empty run changes nothing; capture days count, so promoting old files again or
late does not make a dead feed look alive; content counts, so an extractor that lands the same page under new
names every day is found out. A delivery may be late by its feed's grace, and is not awaited on weekdays on
which the feed does not come. Pure but for one reading of the index. Who is told is not decided here.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from rawzone_assets.contract.deadlines import due_at, longest_wait, overdue_at
from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.wording import counted
from rawzone_assets.zone.receipt import ACCEPTED, Receipt, Verdict, moment
from rawzone_assets.zone.zone import Zone


class State(StrEnum):
    """How alive a feed is."""

    FRESH = "fresh"
    STALE = "stale"
    NEVER = "never"  # nothing was ever accepted


@dataclass(frozen=True, kw_only=True)
class Freshness:
    """A feed's state and what it was read from. Reasons name days, not ages: they change when facts do."""

    feed: str
    state: State
    reasons: tuple[str, ...] = ()
    newest_capture: str | None = None  # capture day of the newest accepted delivery
    newest_data: str | None = None  # newest day that its data speak of
    last_change: str | None = None  # capture day that last brought other content
    last_arrival: datetime | None = None  # when the newest accepted delivery was promoted
    expected_by: datetime | None = None  # when the next one is due
    overdue_at: datetime | None = None  # when that one is no longer merely late


def freshness_of(zone: Zone, platform: Platform, feed: Feed) -> Freshness:
    """The freshness of a feed as the index knows it; catch up first."""
    receipts = (entry.receipt for entry in zone.index.newest(feed.id))
    return assess(feed, receipts, now=zone.clock(), timezone=platform.timezone_of(feed))


def assess(feed: Feed, receipts: Iterable[Receipt], *, now: datetime, timezone: str = "UTC") -> Freshness:
    """The freshness that ``receipts``, newest capture day first, amount to.

    ``timezone`` is where the feed is read: its weekdays are that place's.
    """
    patience = longest_wait(feed.cadence) + timedelta(days=feed.cadence.stale_after_days)
    recent = _recent(receipts, patience=patience, now=now)
    newest, refused = recent.newest, recent.refused
    if newest is None:
        problem = f"nothing was accepted, {_were(refused)} refused" if refused else "nothing ever arrived"
        return Freshness(feed=feed.id, state=State.NEVER, reasons=(problem,))
    newest_day = next(iter(recent.content))
    captured_at = moment(newest.captured_at or "")
    # A source a day ahead of its capture is a time zone, not news from the future.
    newest_data = min(recent.data_max, newest_day.isoformat()) if recent.data_max else None
    last_change = recent.last_change
    reasons: list[str] = []
    overdue = overdue_at(feed.cadence, captured_at, timezone)
    if now > overdue:
        every, late = _span(feed.cadence.every), _span(feed.cadence.patience)
        reasons.append(
            f"the newest delivery was captured on {newest_day}; one is expected every {every}"
            + (f" and may be {late} late" if late else "")
        )
    usual = feed.cadence.stale_after_days
    if newest_data and date.fromisoformat(newest_data) < newest_day - timedelta(days=usual):
        reasons.append(
            f"its data end on {newest_data} although it was captured on {newest_day}; "
            f"{usual} days between them are the most that is usual"
        )
    if last_change < newest_day - patience:
        reasons.append(f"the deliveries captured since {last_change} brought nothing new")
    if reasons and refused:
        reasons.append(f"{_were(refused)} refused that came later")
    return Freshness(
        feed=feed.id,
        state=State.STALE if reasons else State.FRESH,
        reasons=tuple(reasons),
        newest_capture=newest_day.isoformat(),
        newest_data=newest_data,
        last_change=last_change.isoformat(),
        last_arrival=moment(newest.promoted_at) if newest.promoted_at else None,
        expected_by=due_at(feed.cadence, captured_at, timezone),
        overdue_at=overdue,
    )


@dataclass
class _Recent:
    """What the newest captures came to. A feed may have thousands of them a day, so none is kept."""

    newest: Receipt | None = None  # the accepted one that was captured last
    content: dict[date, set[str]] = field(default_factory=dict)  # of accepted ones by capture day, newest first
    data_max: str = ""
    refused: int = 0  # captured after all accepted ones

    def accept(self, receipt: Receipt) -> None:
        self.content.setdefault(_day(receipt), set()).add(receipt.substance or receipt.sha256 or "")
        self.data_max = max(self.data_max, receipt.data_max or "")
        if self.newest is None or (receipt.captured_at or "") > (self.newest.captured_at or ""):
            self.newest = receipt

    @property
    def last_change(self) -> date:
        """The newest capture day whose content the captures before it did not have."""
        for day, before in pairwise(self.content):
            if not self.content[day] <= self.content[before]:
                return day
        return next(reversed(self.content))


def _recent(receipts: Iterable[Receipt], *, patience: timedelta, now: datetime) -> _Recent:
    """The accepted receipts of the newest captures, and the refused ones captured after all of them.

    As far back as patience reaches and one capture day further, so that unchanged content can be told.
    """
    recent = _Recent()
    content = recent.content
    for receipt in receipts:
        if receipt.verdict in ACCEPTED:
            if content:
                newest, oldest = next(iter(content)), next(reversed(content))
                if oldest < newest - patience and _day(receipt) != oldest:
                    break
            recent.accept(receipt)
        elif (
            receipt.verdict is Verdict.QUARANTINED and not content and moment(receipt.captured_at or "") <= now
        ):
            recent.refused += 1
    return recent


def _day(receipt: Receipt) -> date:
    return date.fromisoformat(receipt.partition or "")


def _were(refused: int) -> str:
    return counted(refused, "delivery was", "deliveries were")


def _span(span: timedelta) -> str:
    """A span in words; nothing for none."""
    if span >= timedelta(days=2) or span == timedelta(days=1):
        return "day" if span.days == 1 else f"{span / timedelta(days=1):.3g} days"
    return f"{span / timedelta(hours=1):.3g} hours" if span else ""
