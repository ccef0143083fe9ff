"""Metrics: the health report as Prometheus exposes it. Labels are feeds, verdicts and roots, never names.

Names and units follow Prometheus' conventions: base units, ``_total`` for what only grows, times as seconds
since 1970, and what is not known is left out instead of being called zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.registry import Collector

from rawzone_assets import __version__
from rawzone_assets.health.freshness import State
from rawzone_assets.health.report import FeedHealth, ZoneHealth
from rawzone_assets.health.status import FeedStatus
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


def _staleness(status: FeedStatus) -> float | None:
    if status.freshness is None or status.freshness.state is State.NEVER:
        return None
    return float(status.is_stale)


_OF_STATUS: tuple[tuple[str, str, Callable[[FeedStatus], float | None]], ...] = (
    ("rawzone_objects", "Objects in raw, revisions counted.", lambda status: status.objects),
    ("rawzone_duplicates", "Deliveries that are links to an object.", lambda status: status.duplicates),
    ("rawzone_original_bytes", "Bytes of the objects as landed.", lambda status: status.bytes),
    ("rawzone_stored_bytes", "Bytes of the objects as stored.", lambda status: status.stored_bytes),
    ("rawzone_archived_files", "Objects in the archive and not in raw.", lambda status: status.archived),
    ("rawzone_archived_bytes", "Their bytes as stored.", lambda status: status.archived_bytes),
    ("rawzone_due_files", "Objects in raw that are due for the archive.", lambda status: status.due),
    ("rawzone_due_bytes", "Their bytes as stored.", lambda status: status.due_bytes),
    ("rawzone_held_files", "Objects that are due and under a hold.", lambda status: status.held),
    ("rawzone_open_refusals", "Refused deliveries not accepted since.", lambda status: status.quarantined),
    ("rawzone_waiting_files", "Files waiting in landing.", lambda status: status.waiting),
    ("rawzone_waiting_bytes", "Bytes waiting in landing.", lambda status: status.waiting_bytes),
    (
        "rawzone_waiting_oldest_timestamp_seconds",
        "Since when the file waits that waits for longest.",
        lambda status: _seconds(status.waiting_since),
    ),
    (
        "rawzone_newest_data_timestamp_seconds",
        "Begin of the newest day that the data speak of.",
        lambda status: _seconds(f"{status.newest_data}T00:00:00.000000Z" if status.newest_data else None),
    ),
    (
        "rawzone_newest_capture_timestamp_seconds",
        "When the newest delivery of any verdict was captured.",
        lambda status: _seconds(status.last_arrival),
    ),
    (
        "rawzone_feed_stale",
        "1 when the feed brought news once and does no longer; absent when it never came.",
        _staleness,
    ),
)
"""Gauges by feed: name, what it says, and the figure; ``None`` where there is none."""

_OF_WORK: tuple[tuple[str, str, Callable[[FeedHealth], float]], ...] = (
    (
        "rawzone_promotion_files",
        "Deliveries decided in batches whose time is known.",
        lambda feed: feed.work.files,
    ),
    ("rawzone_promotion_bytes", "Their bytes as landed.", lambda feed: feed.work.bytes),
    (
        "rawzone_promotion_seconds",
        "How long those batches took; files by seconds is speed.",
        lambda feed: feed.work.seconds,
    ),
)
"""Counters by feed: name, what it says, and the figure."""


def _feed_families(feeds: Sequence[FeedHealth]) -> Iterator[Family]:
    def by_feed(name: str, said: str, figures: Sequence[float | None]) -> Family:
        labels = [(feed.status.feed,) for feed in feeds]
        return _gauge(name, said, ("feed",), list(zip(labels, figures, strict=True)))

    deliveries = CounterMetricFamily(
        "rawzone_deliveries", "Deliveries judged, by whether they were refused.", labels=("feed", "outcome")
    )
    for status in (feed.status for feed in feeds):
        deliveries.add_metric((status.feed, "accepted"), status.deliveries - status.refused)
        deliveries.add_metric((status.feed, "refused"), status.refused)
    yield deliveries
    for name, said, of_status in _OF_STATUS:
        yield by_feed(name, said, [of_status(feed.status) for feed in feeds])
    for name, said, of_work in _OF_WORK:
        family = CounterMetricFamily(name, said, labels=("feed",))
        for feed in feeds:
            family.add_metric((feed.status.feed,), of_work(feed))
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
