"""Retention: what is due for the archive, by the policy and the ledger's clock. It decides; nothing moves here.

Age counts from the newest capture time under which an object can be read up to the newest commit's time, so
that a clock that runs ahead makes nothing old. Where this machine's clock is behind the ledger's, one of the
two is wrong, and the earlier time counts: a file can only stay longer than it should.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rawzone_assets.contract.retention import Retention
from rawzone_assets.zone.custody import Hold
from rawzone_assets.zone.index_custody import HotObject
from rawzone_assets.zone.receipt import moment, timestamp
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Due:
    """An object that is old enough to move. With ``holds``, or back from the archive lately, it stays."""

    object: HotObject
    days: int  # its age
    due_days: int  # from which it was due
    is_back: bool = False
    holds: tuple[Hold, ...] = ()

    @property
    def moves(self) -> bool:
        return not self.holds and not self.is_back

    @property
    def why(self) -> str:
        return f"{self.days} days old, due from {self.due_days} days on"


@dataclass(kw_only=True)
class DueTotal:
    """What is due of a feed and under no hold. Bytes as stored."""

    files: int = 0
    stored_size: int = 0
    held: int = 0


@dataclass(kw_only=True)
class Clock:
    """The time up to which ages are counted, or ``None`` while the ledger is empty."""

    now: datetime | None = field(default=None)

    @classmethod
    def of(cls, zone: Zone) -> Clock:
        at = zone.index.head.at
        return cls(now=min(at, zone.clock()) if at else None)


def due_objects(
    zone: Zone, feeds: Sequence[str] | None = None, *, older_than: int | None = None
) -> Iterator[Due]:
    """The objects that are old enough to leave hot storage, by feed, oldest first, those that stay as well.

    ``older_than`` days stand in the place of the policy's ``hot_days``, never below its floor.
    """
    now = Clock.of(zone).now
    if now is None:
        return
    for feed in zone.index.feeds() if feeds is None else feeds:
        rule = zone.settings.policy.retention_of(feed)
        days = due_days(rule, older_than)
        for found in zone.index.custody.hot_since(feed, _ago(now, days)):
            yield Due(
                object=found,
                days=age_of(found, now),
                due_days=days,
                is_back=is_back_too_lately(found, rule, now),
                holds=tuple(zone.index.holds.over(feed, found.receipt.key or "")),
            )


def due_days(rule: Retention, older_than: int | None) -> int:
    """From which age on an object is due."""
    return rule.due_days if older_than is None else max(older_than, rule.floor_days)


def age_of(found: HotObject, now: datetime) -> int:
    """Whole days since the newest capture time under which an object can be read."""
    return (now - moment(found.newest_capture)).days


def is_back_too_lately(found: HotObject, rule: Retention, now: datetime) -> bool:
    """Whether an object was restored within the recent days: somebody wanted it, so it stays as long."""
    return found.restored_at is not None and now - moment(found.restored_at) < timedelta(days=rule.recent_days)


def due_by_feed(zone: Zone) -> dict[str, DueTotal]:
    """How much is due of each feed that has anything due."""
    if not zone.index.holds.in_force():
        return _counted(zone)
    totals: dict[str, DueTotal] = {}
    for due in due_objects(zone):
        total = totals.setdefault(due.object.receipt.feed or "", DueTotal())
        if due.holds:
            total.held += 1
        elif due.moves:
            total.files += 1
            total.stored_size += due.object.receipt.stored_size or 0
    return totals


def _counted(zone: Zone) -> dict[str, DueTotal]:
    """The same while no hold is in force, without opening a receipt."""
    now = Clock.of(zone).now
    totals: dict[str, DueTotal] = {}
    if now is None:
        return totals
    for feed in zone.index.feeds():
        rule = zone.settings.policy.retention_of(feed)
        until, restored_until = _ago(now, rule.due_days), _ago(now, rule.recent_days)
        files, stored_size = zone.index.custody.count_hot(feed, until, restored_until)
        if files:
            totals[feed] = DueTotal(files=files, stored_size=stored_size)
    return totals


def _ago(now: datetime, days: int) -> str:
    """The time so many days before; nothing is older than the calendar."""
    try:
        return timestamp(now - timedelta(days=days))
    except OverflowError:
        return ""
