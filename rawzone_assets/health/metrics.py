"""Metrics: the health report as Prometheus exposes it. Labels are feeds, verdicts and roots, never names.

Names and units follow Prometheus' conventions: base units, ``_total`` for what only grows, times as seconds
since 1970, and what is not known is left out instead of being called zero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from rawzone_assets import __version__
from rawzone_assets.health.freshness import State
from rawzone_assets.health.report import FeedHealth, ZoneHealth
from rawzone_assets.zone.receipt import moment

Family = GaugeMetricFamily | CounterMetricFamily
Figures = Sequence[tuple[Sequence[str], float | None]]


def registry_of(health: ZoneHealth) -> CollectorRegistry:
    """A registry that holds this report and nothing of the process."""
    registry = CollectorRegistry()
    registry.register(_Report(health))
    return registry


class _Report(Collector):
    """Hands one report to a registry."""

    def __init__(self, health: ZoneHealth) -> None:
        self._health = health

    def collect(self) -> Iterator[Family]:
        yield from _feed_families(self._health.feeds)
        yield from _disk_families(self._health)
        yield from _zone_families(self._health)


def _feed_families(feeds: Sequence[FeedHealth]) -> Iterator[Family]:
    def by_feed(name: str, said: str, figures: Sequence[float | None]) -> Family:
        labels = [(feed.status.feed,) for feed in feeds]
        return _gauge(name, said, ("feed",), list(zip(labels, figures, strict=True)))

    statuses = [feed.status for feed in feeds]
    deliveries = CounterMetricFamily(
        "rawzone_deliveries", "Deliveries judged, by whether they were refused.", labels=("feed", "outcome")
    )
    for status in statuses:
        deliveries.add_metric((status.feed, "accepted"), status.deliveries - status.refused)
        deliveries.add_metric((status.feed, "refused"), status.refused)
    yield deliveries
    yield by_feed("rawzone_objects", "Objects in raw, revisions counted.", [s.objects for s in statuses])
    yield by_feed(
        "rawzone_duplicates", "Deliveries that are links to an object.", [s.duplicates for s in statuses]
    )
    yield by_feed("rawzone_original_bytes", "Bytes of the objects as landed.", [s.bytes for s in statuses])
    yield by_feed("rawzone_stored_bytes", "Bytes of the objects as stored.", [s.stored_bytes for s in statuses])
    yield by_feed(
        "rawzone_archived_files", "Objects in the archive and not in raw.", [s.archived for s in statuses]
    )
    yield by_feed("rawzone_archived_bytes", "Their bytes as stored.", [s.archived_bytes for s in statuses])
    yield by_feed(
        "rawzone_due_files", "Objects in raw that are due for the archive.", [s.due for s in statuses]
    )
    yield by_feed("rawzone_due_bytes", "Their bytes as stored.", [s.due_bytes for s in statuses])
    yield by_feed("rawzone_held_files", "Objects that are due and under a hold.", [s.held for s in statuses])
    yield by_feed(
        "rawzone_open_refusals", "Refused deliveries not accepted since.", [s.quarantined for s in statuses]
    )
    yield by_feed("rawzone_waiting_files", "Files waiting in landing.", [s.waiting for s in statuses])
    yield by_feed("rawzone_waiting_bytes", "Bytes waiting in landing.", [s.waiting_bytes for s in statuses])
    yield by_feed(
        "rawzone_waiting_oldest_timestamp_seconds",
        "Since when the file waits that waits for longest.",
        [_seconds(s.waiting_since) for s in statuses],
    )
    yield by_feed(
        "rawzone_newest_data_timestamp_seconds",
        "Begin of the newest day that the data speak of.",
        [_seconds(f"{s.newest_data}T00:00:00.000000Z" if s.newest_data else None) for s in statuses],
    )
    yield by_feed(
        "rawzone_newest_capture_timestamp_seconds",
        "When the newest delivery of any verdict was captured.",
        [_seconds(s.last_arrival) for s in statuses],
    )
    yield by_feed(
        "rawzone_feed_stale",
        "1 when the feed brought news once and does no longer; absent when it never came.",
        [
            None if s.freshness is None or s.freshness.state is State.NEVER else float(s.is_stale)
            for s in statuses
        ],
    )
    for name, said, figures in (
        ("files", "Deliveries decided in batches whose time is known.", [f.work.files for f in feeds]),
        ("bytes", "Their bytes as landed.", [f.work.bytes for f in feeds]),
        ("seconds", "How long those batches took; files by seconds is speed.", [f.work.seconds for f in feeds]),
    ):
        family = CounterMetricFamily(f"rawzone_promotion_{name}", said, labels=("feed",))
        for status, figure in zip(statuses, figures, strict=True):
            family.add_metric((status.feed,), figure)
        yield family
    yield by_feed(
        "rawzone_scrub_coverage_ratio",
        "Part of the stored bytes that was read within the scrub window.",
        [_ratio(feed.coverage.covered_bytes, feed.coverage.total_bytes) for feed in feeds],
    )
    yield by_feed(
        "rawzone_damaged_files", "Files known to be damaged, not repaired.", [feed.damaged for feed in feeds]
    )


def _disk_families(health: ZoneHealth) -> Iterator[Family]:
    def by_disk(name: str, said: str, figures: Sequence[float | None]) -> Family:
        labels = [("+".join(disk.roots),) for disk in health.disks]
        return _gauge(name, said, ("roots",), list(zip(labels, figures, strict=True)))

    disks = health.disks
    yield by_disk("rawzone_disk_size_bytes", "Size of the file system.", [disk.size for disk in disks])
    yield by_disk("rawzone_disk_free_bytes", "Bytes free for this user.", [disk.free for disk in disks])
    yield by_disk(
        "rawzone_disk_reserve_bytes", "Bytes that promotion leaves free.", [disk.reserve for disk in disks]
    )
    yield by_disk("rawzone_disk_zone_bytes", "Bytes that are the zone's.", [disk.zone_bytes for disk in disks])
    yield by_disk(
        "rawzone_disk_growth_bytes_per_second",
        "What the zone adds in a usual week; absent without enough history.",
        [
            None if disk.forecast.bytes_per_day is None else disk.forecast.bytes_per_day / 86400
            for disk in disks
        ],
    )
    yield by_disk(
        "rawzone_disk_full_timestamp_seconds",
        "When the reserve will be reached; absent when that cannot be told.",
        [
            _seconds(f"{disk.forecast.full_on}T00:00:00.000000Z" if disk.forecast.full_on else None)
            for disk in disks
        ],
    )


def _zone_families(health: ZoneHealth) -> Iterator[Family]:
    def single(name: str, said: str, figure: float | None) -> Family:
        return _gauge(name, said, (), [((), figure)])

    commits = CounterMetricFamily("rawzone_ledger_commits", "Commits in the ledger.")
    commits.add_metric((), health.status.head.seq + 1)
    yield commits
    head = health.status.head.at
    yield single(
        "rawzone_ledger_newest_commit_timestamp_seconds",
        "When the newest commit was written.",
        head.timestamp() if head else None,
    )
    yield single(
        "rawzone_unrecognized_files", "Files in landing that belong to no feed.", health.status.unrecognized
    )
    yield single(
        "rawzone_landing_readable",
        "1 when the landing folder could be looked at.",
        float(health.status.landing_problem is None),
    )
    yield single("rawzone_concerns", "Things that somebody should look at.", len(health.concerns))
    yield single("rawzone_report_timestamp_seconds", "When these figures were taken.", health.at.timestamp())
    yield _gauge("rawzone_build_info", "The version that took them.", ("version",), [((__version__,), 1)])


def _gauge(name: str, said: str, labels: Sequence[str], figures: Figures) -> Family:
    family = GaugeMetricFamily(name, said, labels=labels)
    for values, figure in figures:
        if figure is not None:
            family.add_metric(values, figure)
    return family


def _seconds(timestamp: str | None) -> float | None:
    return moment(timestamp).timestamp() if timestamp else None


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
