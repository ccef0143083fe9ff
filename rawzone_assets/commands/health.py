"""``rawzone health``: the zone's figures with its disks and speed, on the terminal or as a page."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.health_records import records_of
from rawzone_assets.commands.pages import write_page
from rawzone_assets.commands.status import feed_table, retention_lines
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
from rawzone_assets.health import figures
from rawzone_assets.health.page import page_of
from rawzone_assets.health.report import SPEED_DAYS, FeedHealth, ZoneHealth, read_health
from rawzone_assets.health.throughput import Throughput
from rawzone_assets.platforms import all_platforms

_COLUMNS = ("feed", "refused", "waiting bytes", "waiting since", "data lag", "speed", "re-read", "damaged")


@click.command(name="health")
@click.option(
    "--html",
    "page",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write everything as one page that needs no network and no script.",
)
@home_option
@json_option
def command(*, page: Path | None, as_json: bool) -> None:
    """Everything there is in figures: what 'rawzone status' shows, refusals, backlog, speed, scrub and disks.

    Dagster shows the same in the asset zone/health. Exit code 1 when there is something to look at.
    """
    with open_zone(open_settings_of_a_zone()) as zone:
        health = read_health(zone, all_platforms())
    if page is not None:
        write_page(page, page_of(health))
        note(f"The page was written to {page}.")
    if as_json:
        for record in records_of(health):
            emit(record)
    elif page is None:
        _show(health)
    leave(FOUND if health.concerns else FINE)


def _show(health: ZoneHealth) -> None:
    feed_table(health)
    click.echo()
    print_table(_COLUMNS, [_row(feed) for feed in health.feeds], numbers=_COLUMNS[1:])
    click.echo()
    for line in _lines(health):
        click.echo(printable(line))
    if health.concerns:
        click.echo("\nTo look at:")
    for sentence in health.concerns:
        click.echo(printable(f"- {sentence}."))


def _lines(health: ZoneHealth) -> Iterator[str]:
    total = health.total
    still_open = counted(total.quarantined, "refusal is", "refusals are")
    yield (
        f"{counted(total.files, 'file')} can be read: {readable_size(total.bytes)} as landed, "
        f"{readable_size(total.stored_bytes)} stored ({figures.ratio(total.ratio)})."
    )
    yield (
        f"{total.refused:,} of {total.deliveries:,} deliveries were refused "
        f"({figures.percent(total.quarantine_rate)}), {still_open} open."
    )
    yield f"Promotion in the last {SPEED_DAYS} days: {_speed(health.throughput)}."
    yield (
        f"{health.coverage.percent:g} % of the stored bytes were read within the last "
        f"{health.scrub_window:g} days."
    )
    yield from retention_lines(health)
    for disk in health.disks:
        yield (
            f"Disk of {', '.join(disk.roots)}: {readable_size(disk.free)} of {readable_size(disk.size)} free, "
            f"{readable_size(disk.zone_bytes)} are the zone's; {disk.outlook}."
        )


def _row(feed: FeedHealth) -> list[str]:
    status = feed.status
    return [
        status.feed,
        figures.percent(status.quarantine_rate),
        readable_size(status.waiting_bytes) if status.waiting else "",
        figures.shown_time(status.waiting_since),
        figures.days(status.data_lag_days),
        _speed(feed.throughput),
        f"{feed.coverage.percent:g} %" if feed.coverage.total_bytes else figures.UNKNOWN,
        str(feed.damaged),
    ]


def _speed(throughput: Throughput) -> str:
    return figures.speed(throughput.files_per_second, throughput.bytes_per_second)
