"""Status: what each feed holds, awaits and refused, in numbers. Cheap enough to ask all day.

It reads the index and the names in landing, never stored bytes: whether those are still true is the scrub's
question, and when a feed counts as late is freshness's to say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.health.freshness import Freshness, State, freshness_of
from rawzone_assets.health.retention import DueTotal, due_by_feed
from rawzone_assets.zone.capture_days import day_findings
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.index_custody import ErasedTotal, KeptTotal
from rawzone_assets.zone.index_tallies import Total
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.receipt import ACCEPTED, Verdict, timestamp
from rawzone_assets.zone.survey import Survey
from rawzone_assets.zone.zone import Zone

_AHEAD = timedelta(days=1)  # as far as a stamp may be ahead of this clock
_RECENT = timedelta(days=14)  # how far back captures are asked whether they are whole


@dataclass(frozen=True, kw_only=True)
class Backlog:
    """What waits in landing."""

    files: int = 0
    bytes: int = 0
    since: str | None = None  # when the one that waits for longest came to lie there, UTC


@dataclass(frozen=True, kw_only=True)
class FeedStatus:
    """One feed in numbers."""

    feed: str
    objects: int  # in raw or in the archive, every revision counted
    revisions: int  # of them, those that revise an earlier one
    duplicates: int
    quarantined: int  # refused and not accepted since
    deliveries: int  # judged, whatever the verdict; a replay is none
    refused: int  # of them, those that were refused when they came
    waiting: int | None  # None: landing cannot be looked at
    waiting_bytes: int | None
    waiting_since: str | None
    bytes: int  # original
    stored_bytes: int
    newest_data: str | None
    data_lag_days: int | None  # from there to today, UTC
    last_arrival: str | None  # newest capture of any verdict that is not in the future, UTC
    freshness: Freshness | None  # None: the feed is no longer declared
    archived: int = 0  # objects in the archive and not in raw
    archived_bytes: int = 0  # as stored
    due: int = 0  # objects in raw that are due for the archive and under no hold
    due_bytes: int = 0  # as stored
    held: int = 0  # objects that are due and under a hold
    incomplete: tuple[str, ...] = ()  # captures of the last two weeks that are not whole, as sentences

    @property
    def files(self) -> int:
        """Deliveries that can be read: objects and duplicates of them."""
        return self.objects + self.duplicates

    @property
    def is_stale(self) -> bool:
        """Whether the feed brought news once and does no longer."""
        return self.freshness is not None and self.freshness.state is State.STALE

    @property
    def ratio(self) -> float | None:
        """How many original bytes a stored byte holds."""
        return self.bytes / self.stored_bytes if self.stored_bytes else None

    @property
    def quarantine_rate(self) -> float | None:
        """Which part of the deliveries was refused when they came, from 0 to 1."""
        return self.refused / self.deliveries if self.deliveries else None


@dataclass(frozen=True, kw_only=True)
class ZoneStatus:
    """A zone in numbers. ``landing_problem`` says why nothing is known of landing."""

    feeds: tuple[FeedStatus, ...]
    unrecognized: int | None  # in landing now, whether recorded yet or not
    landed_bytes: int | None  # of all that lies in landing
    unreadable: tuple[str, ...]  # folders of landing
    landing_problem: str | None
    head: Head


def read_status(zone: Zone, platforms: Iterable[Platform]) -> ZoneStatus:
    """The status of every declared feed and of every feed that the ledger knows.

    Raises:
        ZoneError: The ledger cannot be read.
    """
    known = tuple(platforms)
    survey, problem = _look_at_landing(zone, known)
    totals: dict[str, dict[Verdict, Total]] = {feed.id: {} for p in known for feed in p.feeds}
    for total in zone.index.tallies.totals():
        totals.setdefault(total.feed, {})[total.verdict] = total
    waiting = _waiting(survey) if survey else None
    today = zone.clock().date()
    refused = zone.index.open_refusals()
    since = (today - _RECENT).isoformat()
    partial = {
        feed.id: _not_whole(zone, feed, since)
        for platform in known
        for feed in platform.feeds
        if feed.capture_set or feed.least_days
    }
    archived = {
        kept.feed: kept for kept in zone.index.custody.totals() if kept.whereabouts is Whereabouts.ARCHIVE
    }
    due = due_by_feed(zone)
    erased = zone.index.custody.erased_totals()
    fresh = {feed.id: freshness_of(zone, platform, feed) for platform in known for feed in platform.feeds}
    return ZoneStatus(
        feeds=tuple(
            replace(
                _with_retention(
                    _status_of(
                        feed,
                        totals[feed],
                        waiting,
                        fresh.get(feed),
                        last_arrival=_last_arrival(zone, feed, totals[feed]),
                        refused=refused.get(feed, 0),
                        erased=erased.get(feed, ErasedTotal()),
                        today=today,
                    ),
                    archived.get(feed),
                    due.get(feed, DueTotal()),
                ),
                incomplete=partial.get(feed, ()),
            )
            for feed in sorted(totals)
        ),
        unrecognized=_unrecognized(survey) if survey else None,
        landed_bytes=survey.size if survey else None,
        unreadable=survey.unreadable if survey else (),
        landing_problem=problem,
        head=zone.index.head,
    )


def _with_retention(status: FeedStatus, archived: KeptTotal | None, due: DueTotal) -> FeedStatus:
    return replace(
        status,
        archived=archived.files if archived else 0,
        archived_bytes=archived.stored_size if archived else 0,
        due=due.files,
        due_bytes=due.stored_size,
        held=due.held,
    )


def _not_whole(zone: Zone, feed: Feed, since: str) -> tuple[str, ...]:
    feed = zone.settings.policy.applied_to(feed)
    entries = zone.index.entries(feeds=[feed.id], since=since)
    return tuple(found.message for _, found in day_findings(feed, (entry.receipt for entry in entries)))


def _look_at_landing(zone: Zone, platforms: tuple[Platform, ...]) -> tuple[Survey | None, str | None]:
    try:
        return zone.survey(platforms), None
    except LandingMissing as missing:
        # What raw holds is known without landing, which may be on a disk that is not mounted today.
        zone.index.catch_up()
        return None, str(missing)


def _waiting(survey: Survey) -> dict[str, Backlog]:
    files: dict[str, list[Landed]] = {}
    for delivery in survey.ready:
        files.setdefault(delivery.feed_id, []).append(delivery.landed)
    for item in survey.waiting:
        if item.feed_id:
            files.setdefault(item.feed_id, []).append(item.landed)
    return {feed: _backlog(landed) for feed, landed in files.items()}


def _backlog(files: list[Landed]) -> Backlog:
    # The change time, as settling goes by it too: a copy may carry any time of modification.
    oldest = min(landed.ctime_ns for landed in files)
    return Backlog(
        files=len(files),
        bytes=sum(landed.size for landed in files),
        since=timestamp(datetime.fromtimestamp(oldest / 1e9, UTC)),
    )


def _unrecognized(survey: Survey) -> int:
    recorded = sum(verdict is Verdict.UNRECOGNIZED for _, verdict in survey.decided.values())
    return recorded + len(survey.unrecognized) + sum(item.feed_id is None for item in survey.waiting)


def _last_arrival(zone: Zone, feed: str, totals: dict[Verdict, Total]) -> str | None:
    """Else a refused delivery of a wrong clock would hide for months whether anything comes."""
    newest = max((total.captured_at for total in totals.values() if total.captured_at), default=None)
    ahead = timestamp(zone.clock() + _AHEAD)
    return zone.index.tallies.newest_capture(feed, before=ahead) if newest and newest >= ahead else newest


def _status_of(
    feed: str,
    totals: dict[Verdict, Total],
    waiting: Mapping[str, Backlog] | None,
    freshness: Freshness | None,
    *,
    last_arrival: str | None,
    refused: int,
    erased: ErasedTotal,
    today: date,
) -> FeedStatus:
    promoted, duplicates = totals.get(Verdict.PROMOTED), totals.get(Verdict.DUPLICATE)
    readable = [totals[verdict] for verdict in ACCEPTED if verdict in totals]
    newest_data = max((total.data_max for total in readable if total.data_max), default=None)
    backlog = None if waiting is None else waiting.get(feed, Backlog())
    deliveries = {verdict: total.receipts - total.replays for verdict, total in totals.items()}
    return FeedStatus(
        feed=feed,
        objects=promoted.receipts - erased.objects if promoted else 0,
        revisions=promoted.revisions - erased.revisions if promoted else 0,
        duplicates=duplicates.receipts - erased.duplicates if duplicates else 0,
        quarantined=refused,
        deliveries=sum(deliveries.values()),
        refused=deliveries.get(Verdict.QUARANTINED, 0),
        waiting=backlog.files if backlog else None,
        waiting_bytes=backlog.bytes if backlog else None,
        waiting_since=backlog.since if backlog else None,
        bytes=promoted.size - erased.size if promoted else 0,
        stored_bytes=promoted.stored_size if promoted else 0,
        newest_data=newest_data,
        # Data ahead of today are a time zone's.
        data_lag_days=max(0, (today - date.fromisoformat(newest_data)).days) if newest_data else None,
        last_arrival=last_arrival,
        freshness=freshness,
    )
