"""The health report as JSON lines: what ``status`` and ``health`` print alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rawzone_assets.health.disks import Disk
from rawzone_assets.health.report import FeedHealth, ZoneHealth
from rawzone_assets.health.status import FeedStatus
from rawzone_assets.health.throughput import Throughput


def records_of(health: ZoneHealth) -> Iterator[dict[str, Any]]:
    """A record for each feed, and last one for the zone."""
    for feed in health.feeds:
        yield _feed(feed)
    yield _zone(health)


def _feed(feed: FeedHealth) -> dict[str, Any]:
    freshness = feed.status.freshness
    return {
        "record": "feed",
        **_status(feed.status),
        "freshness": freshness.state if freshness else None,
        "reasons": list(freshness.reasons) if freshness else [],
        **_throughput(feed.throughput),
        "scrub_coverage_percent": feed.coverage.percent,
        "oldest_verified": feed.coverage.oldest,
        "damaged": feed.damaged,
    }


def _zone(health: ZoneHealth) -> dict[str, Any]:
    status, total = health.status, _status(health.total)
    for name in ("feed", "freshness", "incomplete"):
        del total[name]
    return {
        "record": "zone",
        "at": f"{health.at:%Y-%m-%dT%H:%M:%SZ}",
        **total,
        **_throughput(health.throughput),
        "scrub_coverage_percent": health.coverage.percent,
        "oldest_verified": health.coverage.oldest,
        "scrub_window_days": health.scrub_window,
        "damaged": health.damaged,
        "stale": health.stale,
        "drill": {**asdict(health.drills), "failed": list(health.drills.failed)},
        "disks": [_disk(disk) for disk in health.disks],
        "concerns": list(health.concerns),
        "unrecognized": status.unrecognized,
        "unreadable": list(status.unreadable),
        "landing": status.landing_problem,
        "head_seq": status.head.seq,
        "head": status.head.sha256,
    }


def _status(status: FeedStatus) -> dict[str, Any]:
    return {
        **asdict(status),
        "files": status.files,
        "ratio": _rounded(status.ratio, 2),
        "quarantine_rate": _rounded(status.quarantine_rate, 4),
    }


def _throughput(throughput: Throughput) -> dict[str, Any]:
    return {
        "files_per_second": _rounded(throughput.files_per_second, 2),
        "bytes_per_second": _rounded(throughput.bytes_per_second, 0),
    }


def _disk(disk: Disk) -> dict[str, Any]:
    outlook = asdict(disk.forecast)
    return {
        "roots": list(disk.roots),
        "size": disk.size,
        "free": disk.free,
        "used_percent": disk.used_percent,
        "reserve": disk.reserve,
        "zone_bytes": disk.zone_bytes,
        **outlook,
        "bytes_per_day": _rounded(disk.forecast.bytes_per_day, 0),
        "forecast": disk.outlook,
    }


def _rounded(figure: float | None, digits: int) -> float | None:
    return None if figure is None else round(figure, digits)
