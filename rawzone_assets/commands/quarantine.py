"""``rawzone quarantine``: what was refused, why, and where its copy lies."""

from __future__ import annotations

from contextlib import closing

import click

from rawzone_assets.access.catalog import CommitTimes, history
from rawzone_assets.access.reading import resolve
from rawzone_assets.commands.receipts import finding_lines, receipt_record
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    emit,
    fail,
    home_option,
    json_option,
    note,
    open_settings,
    open_zone,
    printable,
)
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.zone import Zone


@click.group(name="quarantine")
def command() -> None:
    """What was refused, why, and where its copy lies."""


@command.command(name="ls", short_help="List refused deliveries.")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@home_option
@json_option
def list_refused(*, feeds: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """List refused deliveries, newest last, with the codes of what blocks them."""
    checked_range(since, until)
    with open_zone(open_settings()) as zone:
        chosen = chosen_feeds(feeds, zone.index.feeds())
        shown = 0
        refused = history(zone, feeds=chosen, since=since, until=until, verdicts=(Verdict.QUARANTINED,))
        # Closed before the zone is, also when the reader of our output goes away in the middle.
        with closing(refused):
            for entry, at in refused:
                shown += 1
                if as_json:
                    emit(receipt_record(entry, at))
                else:
                    click.echo(printable(_line(entry.receipt)))
    if not shown and not as_json:
        note("Nothing that matches was refused.")


@command.command(name="show", short_help="Why a delivery was refused, and where its copy lies.")
@click.argument("wanted", metavar="PATH|NAME|SHA")
@home_option
@json_option
def show_refused(*, wanted: str, as_json: bool) -> None:
    """Why a delivery was refused: every finding with its place and what to do, and where its copy lies."""
    with open_zone(open_settings()) as zone:
        entries = resolve(zone, wanted)
        refused = [entry for entry in entries if entry.receipt.verdict is Verdict.QUARANTINED]
        if not refused:
            verdict = entries[-1].receipt.verdict
            fail(f"{printable(wanted)!r} was not refused: it is {verdict}, see 'rawzone show'.")
        times = CommitTimes(zone)
        for number, entry in enumerate(refused):
            if as_json:
                emit(receipt_record(entry, times[entry.seq]))
                continue
            if number:
                click.echo()
            for line in _lines(zone, entry.receipt):
                click.echo(printable(line))


def _line(receipt: Receipt) -> str:
    blocking = list(dict.fromkeys(finding["code"] for finding in receipt.findings if finding["blocking"]))
    return f"{receipt.partition}  {receipt.landing_path}  {', '.join(blocking)}"


def _lines(zone: Zone, receipt: Receipt) -> list[str]:
    places = receipt.quarantine or {}
    return [
        f"{receipt.landing_path} was refused by {receipt.feed} for {receipt.partition}",
        f"sha256    {receipt.sha256} ({receipt.size} bytes)",
        f"copy      {zone.layout.quarantined(places['path'])}",
        f"findings  {zone.layout.quarantined(places['findings'])}",
        *finding_lines(receipt.findings),
    ]
