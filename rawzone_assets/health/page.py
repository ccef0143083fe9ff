"""The page: the health report as one HTML file that needs nothing else, no network and no script.

Everything that comes from outside (paths, names in sentences) is escaped by the template engine, after
characters that steer have become visible. What counts and how is the report's; here it is only set.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

from rawzone_assets.contract.wording import readable_size
from rawzone_assets.health import figures
from rawzone_assets.health.disks import Disk
from rawzone_assets.health.forecast import Outlook
from rawzone_assets.health.freshness import State
from rawzone_assets.health.markup import template
from rawzone_assets.health.pictures import svg_of
from rawzone_assets.health.report import DAYS_SHOWN, SPEED_DAYS, FeedHealth, Flow, ZoneHealth, flow_of
from rawzone_assets.health.status import FeedStatus
from rawzone_assets.health.throughput import Throughput

_COLUMNS = (
    "files",
    "landed",
    "stored",
    "ratio",
    "refused",
    "open",
    "waiting",
    "data lag",
    "speed",
    "re-read",
    "freshness",
)
_TONES = {State.FRESH: "good", State.STALE: "bad", State.NEVER: "quiet"}


def page_of(health: ZoneHealth) -> str:
    """The report as HTML."""
    return template("health.html").render(
        at=f"{health.at:%Y-%m-%d %H:%M} UTC",
        head=health.status.head,
        concerns=health.concerns,
        otherwise=f"Nothing to look at{health.beside}.",
        notes=tuple(_notes(health)),
        cards=tuple(_cards(health)),
        disks=[_disk(disk) for disk in health.disks],
        groups=[_group(name, health.group(name)) for name in health.groups],
        columns=_COLUMNS,
        days=DAYS_SHOWN,
        speed_days=SPEED_DAYS,
        window=f"{health.scrub_window:g}",
    )


def _cards(health: ZoneHealth) -> Iterator[dict[str, str]]:
    total, ratio = health.total, figures.ratio(health.total.ratio)
    for label, value in (
        ("files that can be read", f"{total.files:,}"),
        (
            f"stored of {readable_size(total.bytes)} landed ({ratio})",
            readable_size(total.stored_bytes),
        ),
        (f"of {total.deliveries:,} deliveries were refused", figures.percent(total.quarantine_rate)),
        ("refusals are open", f"{total.quarantined:,}"),
        (
            f"waiting{_how_much(total.waiting_bytes)}{_since(total.waiting_since)}",
            _count(total.waiting),
        ),
        ("lag of the data furthest behind", figures.days(total.data_lag_days)),
        ("files a second while promoting", _speed(health.throughput)),
        (f"of the stored bytes re-read in {health.scrub_window:g} days", f"{health.coverage.percent:g} %"),
        *(_archive_cards(total) if total.archived or total.due else ()),
    ):
        yield {"label": label, "value": value}


def _archive_cards(total: FeedStatus) -> Iterator[tuple[str, str]]:
    yield f"in the archive, {readable_size(total.archived_bytes)} as stored", f"{total.archived:,}"
    yield f"due for the archive, {readable_size(total.due_bytes)} as stored", f"{total.due:,}"


def _notes(health: ZoneHealth) -> Iterator[str]:
    status = health.status
    if status.unrecognized:
        yield f"Files of no feed in landing: {status.unrecognized} ('rawzone log --verdict unrecognized')."
    if health.drills.copies:
        yield health.drills.sentence
    for folder in status.unreadable:
        yield f"The folder {folder} in landing cannot be listed: give this user read access."
    for feed in status.feeds:
        yield from (f"{feed.feed}: {sentence}." for sentence in feed.incomplete)


def _disk(disk: Disk) -> dict[str, Any]:
    return {
        "roots": ", ".join(disk.roots),
        "percent": disk.used_percent,
        "size": readable_size(disk.size),
        "free": readable_size(disk.free),
        "reserve": readable_size(disk.reserve),
        "zone": readable_size(disk.zone_bytes),
        "growth": readable_size(round(disk.forecast.bytes_per_day)) if disk.forecast.bytes_per_day else "",
        "outlook": disk.outlook,
        "is_tight": disk.forecast.outlook is Outlook.FULL or disk.used_percent > 90,
    }


def _group(name: str, feeds: Sequence[FeedHealth]) -> dict[str, Any]:
    return {
        "title": name or "No longer declared",
        "picture": _picture(flow_of(feeds)),
        "feeds": [_feed(feed) for feed in feeds],
    }


def _feed(feed: FeedHealth) -> dict[str, Any]:
    status = feed.status
    state = status.freshness.state if status.freshness else None
    return {
        "name": status.feed,
        "cells": (
            f"{status.files:,}",
            readable_size(status.bytes),
            readable_size(status.stored_bytes),
            figures.ratio(status.ratio),
            figures.percent(status.quarantine_rate),
            f"{status.quarantined:,}",
            _count(status.waiting) + (f" ({readable_size(status.waiting_bytes)})" if status.waiting else ""),
            figures.days(status.data_lag_days),
            _speed(feed.throughput),
            f"{feed.coverage.percent:g} %" if feed.coverage.total_bytes else figures.UNKNOWN,
        ),
        "state": f"{feed.damaged} damaged" if feed.damaged else str(state or "not declared"),
        "tone": "bad" if feed.damaged else _TONES.get(state, "quiet") if state else "quiet",
        "picture": _picture(feed.flow, captioned=False),
    }


def _picture(flow: Sequence[Flow], *, captioned: bool = True) -> Markup:
    return Markup(svg_of(flow, captioned=captioned))  # noqa: S704  numbers and days only


def _speed(throughput: Throughput) -> str:
    return figures.speed(throughput.files_per_second, throughput.bytes_per_second)


def _count(count: int | None) -> str:
    return "?" if count is None else f"{count:,}"


def _how_much(size: int | None) -> str:
    return "" if size is None else f", {readable_size(size)}"


def _since(moment: str | None) -> str:
    return f", the oldest since {moment[:10]}" if moment else ""
