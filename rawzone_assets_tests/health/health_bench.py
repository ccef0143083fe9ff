"""A health report made by hand, so that what shows it can be tested with any figures and names."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from rawzone_assets.health.coverage import Coverage
from rawzone_assets.health.disks import Disk
from rawzone_assets.health.forecast import forecast
from rawzone_assets.health.freshness import Freshness, State
from rawzone_assets.health.report import FeedHealth, Flow, ZoneHealth
from rawzone_assets.health.status import FeedStatus, ZoneStatus
from rawzone_assets.health.throughput import Throughput
from rawzone_assets.zone.drills import DrillTotals
from rawzone_assets.zone.ledger import Head

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def flow(*, accepted: int = 1, refused: int = 0, days: int = 28) -> tuple[Flow, ...]:
    first = NOW.date() - timedelta(days=days - 1)
    return tuple(
        Flow(day=first + timedelta(days=number), accepted=accepted * number, refused=refused * number)
        for number in range(days)
    )


def status_of(feed: str, **changes) -> FeedStatus:
    usual = FeedStatus(
        feed=feed,
        objects=1200,
        revisions=3,
        duplicates=34,
        quarantined=5,
        deliveries=1300,
        refused=66,
        waiting=2,
        waiting_bytes=2048,
        waiting_since="2026-11-25T11:00:00.000000Z",
        bytes=10**9,
        stored_bytes=10**8,
        newest_data="2026-11-22",
        data_lag_days=3,
        last_arrival="2026-11-25T08:00:00.000000Z",
        freshness=Freshness(feed=feed, state=State.FRESH),
    )
    return replace(usual, **changes)


def feed_health(feed: str, **changes) -> FeedHealth:
    speed = Throughput(files=1300, bytes=10**9, seconds=20.0)
    return FeedHealth(
        status=status_of(feed, **changes),
        throughput=speed,
        work=speed,
        coverage=Coverage(total_bytes=10**8, covered_bytes=10**8, oldest="2026-11-01T00:00:00.000000Z"),
        damaged=0,
        flow=flow(accepted=3, refused=1),
    )


def health_of(*feeds: FeedHealth, **changes) -> ZoneHealth:
    outlook = forecast([10**9] * 60, usable=400 * 10**9, today=date(2026, 11, 25))
    usual = ZoneHealth(
        at=NOW,
        status=ZoneStatus(
            feeds=tuple(feed.status for feed in feeds),
            unrecognized=0,
            landed_bytes=0,
            unreadable=(),
            landing_problem=None,
            head=Head(seq=41, sha256="ab" * 32, at=NOW),
        ),
        feeds=feeds,
        groups={"tiny": tuple(feed.status.feed for feed in feeds)},
        total=status_of("", freshness=None),
        throughput=Throughput(files=1300, bytes=10**9, seconds=20.0),
        coverage=Coverage(total_bytes=10**8, covered_bytes=10**8, oldest=None),
        scrub_window=30.0,
        damaged=0,
        drills=DrillTotals(copies=0, drilled=0, failed=(), last_at=None, oldest_copy_at=None),
        disks=(
            Disk(
                roots=("landing", "raw"),
                size=10**12,
                free=4 * 10**11,
                reserve=2**26,
                zone_bytes=10**9,
                forecast=outlook,
            ),
        ),
    )
    return replace(usual, **changes)
