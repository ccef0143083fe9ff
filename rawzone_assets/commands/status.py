"""``rawzone status``: what each feed holds, awaits and refused."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.figures import readable_size, shown_time
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings,
    open_zone,
    printable,
)
from rawzone_assets.health.status import FeedStatus, ZoneStatus, read_status
from rawzone_assets.platforms import all_platforms

_COLUMNS = (
    "feed",
    "files",
    "bytes",
    "stored",
    "ratio",
    "newest data",
    "last arrival",
    "quarantined",
    "waiting",
    "freshness",
)
_NUMBERS = ("files", "bytes", "stored", "ratio", "quarantined", "waiting")


@click.command(name="status")
@home_option
@json_option
def command(*, as_json: bool) -> None:
    """Each feed in numbers: files that can be read, their bytes, what is refused or waiting, and freshness.

    The last arrival is the newest capture time of any delivery, refused ones included. Exit code 1 when a
    feed is stale; a feed that never brought anything is not.
    """
    with open_zone(open_settings()) as zone:
        status = read_status(zone, all_platforms())
    if as_json:
        for feed in status.feeds:
            emit(_record(feed))
        emit(_totals(status))
    else:
        print_table(_COLUMNS, [_row(feed) for feed in status.feeds], numbers=_NUMBERS)
        if status.unrecognized is not None:
            hint = " ('rawzone log --verdict unrecognized')" if status.unrecognized else ""
            click.echo(f"\nUnrecognized in landing: {status.unrecognized}{hint}")
        for feed in status.feeds:
            if feed.freshness and feed.is_stale:
                click.echo(f"{feed.feed} is stale: {'; '.join(feed.freshness.reasons)}.")
            for sentence in feed.incomplete:
                click.echo(printable(f"{feed.feed}: {sentence}."))
    if status.landing_problem:
        note(status.landing_problem)
    for folder in status.unreadable:
        note(f"The folder {folder} in landing cannot be listed: give this user read access.")
    leave(FOUND if any(feed.is_stale for feed in status.feeds) else FINE)


def _record(feed: FeedStatus) -> dict[str, Any]:
    ratio = None if feed.ratio is None else round(feed.ratio, 2)
    return {
        "record": "feed",
        **asdict(feed),
        "files": feed.files,
        "ratio": ratio,
        "freshness": feed.freshness.state if feed.freshness else None,
        "reasons": list(feed.freshness.reasons) if feed.freshness else [],
    }


def _totals(status: ZoneStatus) -> dict[str, Any]:
    return {
        "record": "zone",
        "unrecognized": status.unrecognized,
        "unreadable": list(status.unreadable),
        "landing": status.landing_problem,
        "head_seq": status.head.seq,
        "head": status.head.sha256,
    }


def _row(feed: FeedStatus) -> list[str]:
    return [
        feed.feed,
        str(feed.files),
        readable_size(feed.bytes),
        readable_size(feed.stored_bytes),
        "" if feed.ratio is None else f"{feed.ratio:.1f}",
        feed.newest_data or "",
        shown_time(feed.last_arrival),
        str(feed.quarantined),
        "?" if feed.waiting is None else str(feed.waiting),
        feed.freshness.state if feed.freshness else "",
    ]
