"""Reindex: the ledger reported to a Dagster instance that lost it, or never had it.

For each feed one run is recorded, and its events are stored under it: a materialization and the checks of each
day that Dagster does not know, as a promoting run would have reported them. They bear the time at which the
day's newest delivery was promoted, so that Dagster's own freshness sees what it saw before, and a dead feed
stays dead. Nothing is promoted, and what Dagster knows already is not told again.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import uuid4

import dagster as dg

from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.orchestration import consistency, event_batches, reporting, witness
from rawzone_assets.orchestration.arrivals import arrival_of_record
from rawzone_assets.orchestration.days import Day, Days
from rawzone_assets.orchestration.names import (
    CONSISTENCY,
    FEED_TAG,
    REINDEX_TAG,
    STRANGERS,
    UNRECOGNIZED,
    daily_checks,
    landing_key,
    raw_key,
)
from rawzone_assets.orchestration.partitions import days_inside, days_of_all, feed_partitions
from rawzone_assets.orchestration.strangers import stranger_news
from rawzone_assets.orchestration.targets import newest_targets
from rawzone_assets.orchestration.watch import changed_answers
from rawzone_assets.zone.files import ensure_folder
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.receipt import moment
from rawzone_assets.zone.zone import Zone

_DAYS_AT_ONCE = 100
_NEXT_MOMENT = timedelta(milliseconds=1)
Progress = Callable[[int, int], None]
"""Called with (days dealt with, days in all)."""


@dataclass(frozen=True, kw_only=True)
class Reindexed:
    """What Dagster was told of one feed, or of an asset that belongs to none."""

    name: str
    days: int = 0  # that the ledger knows and Dagster has partitions for
    materialized: int = 0
    arrivals: int = 0
    evaluations: int = 0
    outside: int = 0  # days that are no partition: Dagster cannot show them


def reindex(
    instance: dg.DagsterInstance,
    zone: Zone,
    platforms: Sequence[Platform],
    *,
    feeds: Collection[str] = (),
    progress: Progress | None = None,
) -> Iterator[Reindexed]:
    """Tell Dagster what the ledger knows and it does not, feed by feed; of all feeds unless some are named.

    One that is under way already is waited for: two would tell what neither had told yet.

    Raises:
        ZoneError: The ledger cannot be read.
    """
    with _alone(zone):
        yield from _reindex(instance, zone, platforms, feeds=feeds, progress=progress)


@contextlib.contextmanager
def _alone(zone: Zone) -> Iterator[None]:
    """Hold the lock of whoever reindexes. Without a place for it one goes on all the same."""
    path = zone.layout.state / "reindex.lock"
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            ensure_folder(zone.files, path.parent)
            stack.enter_context(zone.files.lock(path, wait=True))
        yield


def _reindex(
    instance: dg.DagsterInstance,
    zone: Zone,
    platforms: Sequence[Platform],
    *,
    feeds: Collection[str],
    progress: Progress | None,
) -> Iterator[Reindexed]:
    head = zone.index.catch_up().seq
    start = zone.settings.start
    pairs = [(p, feed) for p in platforms for feed in p.feeds if not feeds or feed.id in feeds]
    days: dict[str, list[str]] = {}
    outside: dict[str, int] = {}
    for _, feed in pairs:
        known = zone.index.days_by_commit(feed.id)
        inside = days_inside(feed_partitions(feed, start), known)
        days[feed.id] = [day for day in known if day in inside]
        outside[feed.id] = len(known) - len(inside)
    total, done = sum(map(len, days.values())), 0
    for platform, feed in pairs:
        run = _Recording(instance, feed.id, (raw_key(feed.id), landing_key(feed.id)))
        counted = {"materialized": 0, "arrivals": 0, "evaluations": 0}
        for begin in range(0, len(days[feed.id]), _DAYS_AT_ONCE):
            chunk = days[feed.id][begin : begin + _DAYS_AT_ONCE]
            for kind, number in _report(run, zone, feed, chunk).items():
                counted[kind] += number
            done += len(chunk)
            if progress:
                progress(done, total)
        answers = changed_answers(instance, zone, [(platform, feed)])
        run.tell([(evaluation, None) for evaluation in answers])
        counted["evaluations"] += len(answers)
        yield Reindexed(name=feed.id, days=len(days[feed.id]), outside=outside[feed.id], **counted)
    if not feeds:
        yield from _rest(instance, zone, platforms)
    # A run that promoted meanwhile may have told a day before it was told here as it was until then: whatever
    # was committed since is looked at once more.
    if not feeds or witness.is_marked(instance, zone, head + 1):
        witness.mark_reported(instance, zone, head)


class _Recording:
    """A run under which events are stored. It is recorded with the first of them, and is over."""

    def __init__(self, instance: dg.DagsterInstance, name: str, assets: Sequence[dg.AssetKey]) -> None:
        self.instance = instance
        self._name = name
        self._assets = assets
        self._run_id: str | None = None
        self._moments = event_batches.Moments()

    @property
    def run_id(self) -> str:
        if self._run_id is None:
            self._run_id = str(uuid4())
            self.instance.add_run(
                dg.DagsterRun(
                    job_name="rawzone_reindex",
                    run_id=self._run_id,
                    status=dg.DagsterRunStatus.SUCCESS,
                    asset_selection=frozenset(self._assets),
                    tags={FEED_TAG: self._name, REINDEX_TAG: "true"},
                )
            )
        return self._run_id

    def tell(self, events: Sequence[tuple[event_batches.Event, datetime | None]]) -> None:
        """Store the events, each as one of its time (now when that is ``None``)."""
        if events:
            reporting.tell_all(self.instance, events, run_id=self.run_id, moments=self._moments)


def _report(run: _Recording, zone: Zone, feed: Feed, partitions: Sequence[str]) -> Mapping[str, int]:
    """Tell of these days, in the order in which they were promoted: the newest event comes last."""
    key = raw_key(feed.id)
    days = Days(zone.index, feed.id, partitions)
    known = witness.recorded_days(run.instance, feed.id, days)
    arrived = witness.content_by_partition(run.instance, landing_key(feed.id), list(days))
    counted = {"materialized": 0, "arrivals": 0, "evaluations": 0}
    lacking = (day for partition, day in days.items() if known[partition].lacks_content_of(day))
    materialized = {event.partition: event for event in reporting.materializations(zone, feed, lacking)}
    wiped = witness.wiped_at(run.instance, (key, landing_key(feed.id)))
    told: list[tuple[event_batches.Event, datetime | None]] = []
    for partition in partitions:
        day = days[partition]
        arrival = arrival_of_record(day) if partition not in arrived else None
        events = [event for event in (arrival, materialized.get(partition)) if event]
        told += [(event, _shown(_time_of(day), wiped.get(event.asset_key))) for event in events]
    counted |= {"materialized": len(materialized), "arrivals": len(told) - len(materialized)}
    run.tell(told)
    due = [partition for partition in partitions if known[partition].lacks_verdict_on(days[partition])]
    targets = newest_targets(run.instance, key, due)
    told = []
    for partition in due:
        day = days[partition]
        judged = reporting.evaluations(
            zone,
            feed,
            day,
            names=daily_checks(feed),
            aim=targets.get(partition),
            note=day,
            is_materialized=partition in materialized,
        )
        told += [(evaluation, _time_of(day)) for evaluation in judged]
    run.tell(told)
    counted["evaluations"] = len(told)
    return counted


def _time_of(day: Day) -> datetime | None:
    """When the day's newest accepted delivery was promoted, else when its newest refused one was judged."""
    times = [receipt.promoted_at or receipt.validated_at for receipt in day.accepted]
    times = times or [entry.receipt.validated_at for entry in day.entries]
    newest = max((time for time in times if time), default=None)
    return moment(newest) if newest else None


def _shown(at: datetime | None, wiped: datetime | None) -> datetime | None:
    """The time to tell an event as: Dagster shows nothing of an asset that is not newer than its wipe."""
    return max(at, wiped + _NEXT_MOMENT) if at and wiped else at


def _rest(instance: dg.DagsterInstance, zone: Zone, platforms: Sequence[Platform]) -> Iterator[Reindexed]:
    """Files of no feed, and how the feeds kept in step. The last scrub is not in the ledger: run it again."""
    run = _Recording(instance, STRANGERS, (UNRECOGNIZED,))
    try:
        news = stranger_news(instance, zone, zone.survey(platforms).strangers)
    except LandingMissing:
        news = []  # what lies there cannot be said now; the sensor says it once landing is back
    run.tell([(event, None) for event in news])
    yield Reindexed(name=STRANGERS, materialized=len(news[:1]), evaluations=len(news[1:]))
    every_day = days_of_all((feed for p in platforms for feed in p.feeds), zone.settings.start)
    keeping = _Recording(instance, "consistency", (CONSISTENCY,))
    days = consistency.tell_changes(instance, zone, platforms, every_day, run=lambda: keeping.run_id)
    yield Reindexed(name="consistency", days=days, materialized=days, evaluations=days)
