"""Health facts: the zone's figures, and those of feeds, as Dagster's metadata.

Each number is an entry of its own, because Dagster plots those; a feed's numbers stand in its platform's asset,
so that no event grows beyond some kB. Pictures are Markdown below the length that Dagster shows in place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import readable_size
from rawzone_assets.health import figures
from rawzone_assets.health.coverage import Coverage
from rawzone_assets.health.disks import Disk
from rawzone_assets.health.pictures import markdown_of
from rawzone_assets.health.report import FeedHealth, ZoneHealth, flow_of
from rawzone_assets.health.status import FeedStatus
from rawzone_assets.health.throughput import Throughput
from rawzone_assets.zone.receipt import moment

_MOST_CONCERNS = 12
_LONGEST_CONCERN = 240
_MOST_FEEDS = 30

Facts = dict[str, Any]


def zone_facts(health: ZoneHealth) -> Facts:
    """The metadata of ``zone/health``."""
    concerns = health.concerns
    facts: Facts = {
        "concerns": len(concerns),
        "to_look_at": dg.MetadataValue.md(_list(concerns)) if concerns else f"nothing{health.beside}",
        **_figures(health.total, health.throughput, health.coverage, health.at),
        "feeds_stale": health.stale,
        "damaged_files": health.damaged,
        "unrecognized_files": health.status.unrecognized,
        **_disk_facts(health.disks),
    }
    for name in health.groups:
        if name:
            facts[f"picture {name}"] = dg.MetadataValue.md(markdown_of(flow_of(health.group(name)), name))
    return _known({**facts, "feeds": _feeds_table(health.feeds), "disks": _disks_table(health.disks)})


def platform_facts(platform: Platform, feeds: Sequence[FeedHealth], at: datetime) -> Facts:
    """The metadata of a platform's asset: the figures of its feeds as they were at that time."""
    facts: Facts = {"picture": dg.MetadataValue.md(markdown_of(flow_of(feeds), platform.id))}
    for feed in feeds:
        short = feed.status.feed.removeprefix(f"{platform.id}/").rpartition("/")[2]
        numbers = _figures(feed.status, feed.throughput, feed.coverage, at)
        state = feed.status.freshness
        facts[f"{short} freshness"] = str(state.state) if state else None
        facts |= {f"{short} {name}": value for name, value in numbers.items()}
    return _known(facts)


def _figures(status: FeedStatus, throughput: Throughput, coverage: Coverage, at: datetime) -> Facts:
    since = moment(status.waiting_since) if status.waiting_since else at
    waited = round(max(0.0, (at - since).total_seconds()) / 3600, 1)
    return {
        "files": status.files,
        "bytes": status.bytes,
        "stored_bytes": status.stored_bytes,
        "archived_files": status.archived or None,  # most zones have none, and an event is small
        "due_for_archive": status.due or None,
        "compression_ratio": _rounded(status.ratio, 2),
        "quarantine_rate": _rounded(status.quarantine_rate, 4),
        "open_refusals": status.quarantined,
        "waiting_files": status.waiting,
        "waiting_bytes": status.waiting_bytes,
        "waiting_oldest_hours": None if status.waiting is None else waited,
        "data_lag_days": status.data_lag_days,
        "files_per_second": _rounded(throughput.files_per_second, 2),
        "bytes_per_second": _rounded(throughput.bytes_per_second, 0),
        "scrub_coverage_percent": coverage.percent,
    }


def _disk_facts(disks: Sequence[Disk]) -> Facts:
    """Numbers of the disk that raw lies on; the table has all."""
    disk = next((disk for disk in disks if "raw" in disk.roots), None)
    if disk is None:
        return {}
    return {
        "disk_used_percent": disk.used_percent,
        "disk_free_bytes": disk.free,
        "disk_zone_bytes": disk.zone_bytes,
        "disk_growth_bytes_per_day": _rounded(disk.forecast.bytes_per_day, 0),
        "disk_forecast": disk.outlook,
        "disk_full_on": disk.forecast.full_on.isoformat() if disk.forecast.full_on else None,
    }


def _feeds_table(feeds: Sequence[FeedHealth]) -> dg.MetadataValue[Any]:
    rows: list[Mapping[str, str | int]] = [
        {
            "feed": feed.status.feed,
            "state": str(feed.status.freshness.state) if feed.status.freshness else "not declared",
            "open": feed.status.quarantined,
            "waiting": "?" if feed.status.waiting is None else str(feed.status.waiting),
            "lag": figures.days(feed.status.data_lag_days),
            "refused": figures.percent(feed.status.quarantine_rate),
            "files": feed.status.files,
        }
        for feed in feeds[:_MOST_FEEDS]
    ]
    kinds = dict.fromkeys(("feed", "state", "open", "waiting", "lag", "refused", "files"), "string")
    return _table(rows, {**kinds, "open": "int", "files": "int"})


def _disks_table(disks: Sequence[Disk]) -> dg.MetadataValue[Any]:
    rows: list[Mapping[str, str | int]] = [
        {
            "roots": ", ".join(disk.roots),
            "size": readable_size(disk.size),
            "free": readable_size(disk.free),
            "the zone's": readable_size(disk.zone_bytes),
            "outlook": disk.outlook,
        }
        for disk in disks
    ]
    return _table(rows, dict.fromkeys(("roots", "size", "free", "the zone's", "outlook"), "string"))


def _table(rows: Sequence[Mapping[str, str | int]], kinds: dict[str, str]) -> dg.MetadataValue[Any]:
    schema = dg.TableSchema.from_name_type_dict(kinds)
    return dg.MetadataValue.table(records=[dg.TableRecord(dict(row)) for row in rows], schema=schema)


def _list(sentences: Sequence[str]) -> str:
    """A Markdown list. What stands in it may come from names and paths, so nothing in it is markup."""
    shown = [printable(sentence)[:_LONGEST_CONCERN] for sentence in sentences[:_MOST_CONCERNS]]
    more = [f"and {len(sentences) - len(shown)} more"] if len(sentences) > len(shown) else []
    return "\n".join(f"- {_plain(sentence)}" for sentence in (*shown, *more))


def _plain(text: str) -> str:
    return "".join(f"\\{c}" if c in "\\`*_{}[]()<>#+!|~&" else c for c in text)


def _known(facts: Facts) -> Facts:
    return {name: value for name, value in facts.items() if value is not None}


def _rounded(figure: float | None, digits: int) -> float | None:
    return None if figure is None else round(figure, digits)
