"""The health report: everything that can be said of a zone in figures, computed once for all who show it.

Commands, the page, Dagster's asset and the metrics take their figures from here, so that no two differ. It
reads the index and the names in landing, never a stored byte, and counts over commits, not over receipts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.wording import counted
from rawzone_assets.health import clock
from rawzone_assets.health.absence import absences
from rawzone_assets.health.coverage import Coverage, coverage_of
from rawzone_assets.health.disks import Disk, disks_of
from rawzone_assets.health.forecast import Outlook
from rawzone_assets.health.status import FeedStatus, ZoneStatus, read_status
from rawzone_assets.health.throughput import Throughput, throughput_of
from rawzone_assets.zone.drills import DrillTotals
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.receipt import Verdict, moment, timestamp
from rawzone_assets.zone.zone import Zone

DAYS_SHOWN = 28
SPEED_DAYS = 30
_STUCK = timedelta(days=1)
_DRILLED_WITHIN = timedelta(days=30)
_NOTHING_STORED = Coverage(total_bytes=0, covered_bytes=0, oldest=None)


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What became of the deliveries of one capture day."""

    day: date
    accepted: int = 0
    refused: int = 0


@dataclass(frozen=True, kw_only=True)
class FeedHealth:
    """One feed's figures."""

    status: FeedStatus
    throughput: Throughput  # of the last SPEED_DAYS
    work: Throughput  # of all time
    coverage: Coverage
    damaged: int  # files known to be damaged and not repaired
    flow: tuple[Flow, ...]  # a day each, today last


@dataclass(frozen=True, kw_only=True)
class ZoneHealth:
    """A zone's figures. ``groups`` are the declared platforms with their feeds' ids, others stand under ''."""

    at: datetime
    status: ZoneStatus
    feeds: tuple[FeedHealth, ...]
    groups: Mapping[str, tuple[str, ...]]
    total: FeedStatus  # all feeds added up; its lag is that of the feed furthest behind
    throughput: Throughput
    coverage: Coverage
    scrub_window: float  # days
    damaged: int
    drills: DrillTotals
    disks: tuple[Disk, ...]
    absent: tuple[str, ...] = ()  # what is to be said of roots whose disk is away

    def group(self, name: str) -> tuple[FeedHealth, ...]:
        """The feeds of a group."""
        wanted = self.groups[name]
        return tuple(feed for feed in self.feeds if feed.status.feed in wanted)

    @property
    def concerns(self) -> tuple[str, ...]:
        """What somebody should look at, a sentence each."""
        return tuple(_concerns(self))

    @property
    def beside(self) -> str:
        """What to add where there are no concerns. Open refusals are none, as they may stay open for good."""
        refusals = self.total.quarantined
        if not refusals:
            return ""
        return f" but {counted(refusals, 'open refusal')}: 'rawzone quarantine ls --open'"

    @property
    def stale(self) -> int:
        return sum(feed.status.is_stale for feed in self.feeds)


def read_health(zone: Zone, platforms: Iterable[Platform]) -> ZoneHealth:
    """The health of a zone.

    Raises:
        ZoneError: The ledger cannot be read, or a disk does not say how full it is.
    """
    known = tuple(platforms)
    status = read_status(zone, known)
    now, tallies = zone.clock(), zone.index.tallies
    window = zone.settings.scrub_window
    batches = list(tallies.batches())
    whole, by_feed = coverage_of(batches, tallies.scrubs(), now=now, window=window)
    since = timestamp(now - timedelta(days=SPEED_DAYS))
    recent = [batch for batch in batches if batch.at >= since]
    damage = tallies.open_damage()
    try:
        disks = disks_of(zone, landed_bytes=status.landed_bytes)
    except OSError as error:
        raise StorageFailed("see how full the disk is", error) from error
    return ZoneHealth(
        at=now,
        status=status,
        feeds=tuple(
            FeedHealth(
                status=feed,
                throughput=throughput_of(batch for batch in recent if batch.feed == feed.feed),
                work=throughput_of(batch for batch in batches if batch.feed == feed.feed),
                coverage=by_feed.get(feed.feed, _NOTHING_STORED),
                damaged=damage.get(feed.feed, 0),
                flow=_flow(zone, feed.feed),
            )
            for feed in status.feeds
        ),
        groups=_groups(known, status),
        total=_total(status),
        throughput=throughput_of(recent),
        coverage=whole,
        scrub_window=window,
        damaged=sum(damage.values()),
        drills=zone.index.drills.totals(),
        disks=disks,
        absent=tuple(absences(zone)),
    )


def flow_of(feeds: Iterable[FeedHealth]) -> tuple[Flow, ...]:
    """The flows of several feeds, day by day."""
    return tuple(
        Flow(
            day=days[0].day,
            accepted=sum(flow.accepted for flow in days),
            refused=sum(flow.refused for flow in days),
        )
        for days in zip(*(feed.flow for feed in feeds), strict=True)
    )


def _groups(platforms: tuple[Platform, ...], status: ZoneStatus) -> dict[str, tuple[str, ...]]:
    groups = {p.id: tuple(feed.id for feed in p.feeds) for p in platforms if p.feeds}
    declared = {feed for feeds in groups.values() for feed in feeds}
    others = tuple(feed.feed for feed in status.feeds if feed.feed not in declared)
    return {**groups, "": others} if others else groups


def _flow(zone: Zone, feed: str) -> tuple[Flow, ...]:
    today = zone.clock().date()
    days = [today - timedelta(days=number) for number in range(DAYS_SHOWN - 1, -1, -1)]
    counts: dict[str, list[int]] = {day.isoformat(): [0, 0] for day in days}
    for day, verdict, count in zone.index.counts_by_day(feed, since=min(counts), until=max(counts)):
        counts[day][verdict == Verdict.QUARANTINED] += count
    return tuple(
        Flow(day=date.fromisoformat(day), accepted=accepted, refused=refused)
        for day, (accepted, refused) in counts.items()
    )


def _total(status: ZoneStatus) -> FeedStatus:
    feeds = status.feeds
    is_known = status.landing_problem is None
    return FeedStatus(
        feed="",
        objects=sum(feed.objects for feed in feeds),
        revisions=sum(feed.revisions for feed in feeds),
        duplicates=sum(feed.duplicates for feed in feeds),
        quarantined=sum(feed.quarantined for feed in feeds),
        deliveries=sum(feed.deliveries for feed in feeds),
        refused=sum(feed.refused for feed in feeds),
        waiting=sum(feed.waiting or 0 for feed in feeds) if is_known else None,
        waiting_bytes=sum(feed.waiting_bytes or 0 for feed in feeds) if is_known else None,
        waiting_since=min((feed.waiting_since for feed in feeds if feed.waiting_since), default=None),
        bytes=sum(feed.bytes for feed in feeds),
        stored_bytes=sum(feed.stored_bytes for feed in feeds),
        newest_data=max((feed.newest_data for feed in feeds if feed.newest_data), default=None),
        data_lag_days=max(
            (feed.data_lag_days for feed in feeds if feed.data_lag_days is not None), default=None
        ),
        last_arrival=max((feed.last_arrival for feed in feeds if feed.last_arrival), default=None),
        freshness=None,
        archived=sum(feed.archived for feed in feeds),
        archived_bytes=sum(feed.archived_bytes for feed in feeds),
        due=sum(feed.due for feed in feeds),
        due_bytes=sum(feed.due_bytes for feed in feeds),
        held=sum(feed.held for feed in feeds),
    )


def _concerns(health: ZoneHealth) -> Iterable[str]:
    yield from (sentence.rstrip(".") for sentence in health.absent)
    if health.damaged:
        yield f"{counted(health.damaged, 'stored file')} known to be damaged: run 'rawzone repair --dry-run'"
    if ahead := clock.contradiction(health.status.head, health.at):
        yield f"{ahead}: {clock.REMEDY}"
    yield from _drill_concerns(health)
    for disk in health.disks:
        if disk.forecast.outlook is Outlook.FULL or disk.is_soon_full(health.at.date()):
            yield disk.sentence
    for feed in health.feeds:
        status = feed.status
        if status.freshness and status.is_stale:
            yield f"{status.feed} is stale: {'; '.join(status.freshness.reasons)}"
        since = status.waiting_since
        if since and status.waiting and health.at - moment(since) > _STUCK:
            yield (
                f"{status.feed} has {counted(status.waiting, 'file')} waiting since {since[:10]}: is the "
                "landing sensor on? 'rawzone promote' says what keeps them"
            )
    if health.coverage.covered_bytes < health.coverage.total_bytes:
        yield (
            f"only {health.coverage.percent:g} % of the stored bytes were read within the last "
            f"{health.scrub_window:g} days: run 'rawzone scrub', or give it a larger budget"
        )
    if health.status.landing_problem:
        yield health.status.landing_problem.rstrip(".")


def _drill_concerns(health: ZoneHealth) -> Iterable[str]:
    drills = health.drills
    if drills.failed:
        failed = counted(len(drills.failed), "archived file")
        yield f"{failed} could not be had back when last drilled: run 'rawzone verify' and 'rawzone repair'"
    since = drills.last_at or drills.oldest_copy_at
    if since and health.at - moment(since) > _DRILLED_WITHIN:
        yield (
            f"no restore drill since {since[:10]}: is the schedule 'weekly_restore_drill' on? 'rawzone archive "
            "drill' makes one"
        )
