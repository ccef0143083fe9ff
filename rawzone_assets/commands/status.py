"""``rawzone status``: what each feed holds, awaits and refused."""

from __future__ import annotations

from collections.abc import Iterator

import click

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.health_records import records_of
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.health.figures import shown_time
from rawzone_assets.health.report import ZoneHealth, read_health
from rawzone_assets.health.status import FeedStatus
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

    The last arrival is the newest capture time of any delivery, refused ones included, that is not in the
    future. With --json every figure of 'rawzone health'. Exit code 1 when a feed is stale; one that never
    brought anything is not.
    """
    with open_zone(open_settings_of_a_zone()) as zone:
        health = read_health(zone, all_platforms())
    status = health.status
    if as_json:
        for record in records_of(health):
            emit(record)
    else:
        feed_table(health)
        if status.unrecognized is not None:
            hint = " ('rawzone log --verdict unrecognized')" if status.unrecognized else ""
            click.echo(f"\nUnrecognized in landing: {status.unrecognized}{hint}")
        for line in retention_lines(health):
            click.echo(line)
        for line in _troubles(health):
            click.echo(printable(line))
    if status.landing_problem:
        note(status.landing_problem)
    for folder in status.unreadable:
        note(f"The folder {folder} in landing cannot be listed: give this user read access.")
    leave(FOUND if health.stale else FINE)


def _troubles(health: ZoneHealth) -> Iterator[str]:
    yield from health.absent
    if health.damaged:
        yield f"Known to be damaged: {counted(health.damaged, 'stored file')} ('rawzone repair --dry-run')."
    for feed in health.status.feeds:
        if feed.freshness and feed.is_stale:
            yield f"{feed.feed} is stale: {'; '.join(feed.freshness.reasons)}."
        for sentence in feed.incomplete:
            yield f"{feed.feed}: {sentence}."


def retention_lines(health: ZoneHealth) -> Iterator[str]:
    """What is in the archive, what is due for it, and how its drills went; nothing where there is neither."""
    total = health.total
    if total.archived:
        size = readable_size(total.archived_bytes)
        yield f"In the archive: {counted(total.archived, 'file')}, {size} as stored."
    if total.due:
        yield (
            f"Due for the archive: {counted(total.due, 'file')}, {readable_size(total.due_bytes)} as stored "
            "('rawzone archive plan')."
        )
    if total.held:
        yield f"Due for the archive, but under a hold: {counted(total.held, 'file')} ('rawzone hold ls')."
    if health.drills.copies:
        yield health.drills.sentence


def feed_table(health: ZoneHealth) -> None:
    """Print what each feed holds, a line each."""
    print_table(_COLUMNS, [_row(feed) for feed in health.status.feeds], numbers=_NUMBERS)


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
        feed.freshness.state if feed.freshness else "not declared",
    ]
