"""``rawzone log``: the ledger's receipts, newest last."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from contextlib import closing
from datetime import datetime

import click

from rawzone_assets.access.catalog import history
from rawzone_assets.commands.receipts import receipt_record
from rawzone_assets.commands.selection import chosen_feeds
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    note,
    open_settings,
    open_zone,
    printable,
)
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.receipt import Verdict


@click.command(name="log")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice([str(verdict.value) for verdict in Verdict]),
    help="Only this verdict.",
)
@click.option("-n", "--last", type=click.IntRange(min=1), metavar="N", help="Only the last N.")
@home_option
@json_option
def command(*, feeds: tuple[str, ...], verdicts: tuple[str, ...], last: int | None, as_json: bool) -> None:
    """The ledger: one line a verdict, newest last.

    Unrecognized files have no feed: they show when no FEED is given.
    """
    with open_zone(open_settings()) as zone:
        wanted = chosen_feeds(feeds, zone.index.feeds())
        shown = 0
        # Closed before the zone is, also when the reader of our output goes away in the middle.
        with closing(history(zone, feeds=wanted, verdicts=verdicts)) as receipts:
            found: Iterable[tuple[Entry, datetime]] = deque(receipts, maxlen=last) if last else receipts
            for entry, at in found:
                shown += 1
                if as_json:
                    emit(receipt_record(entry, at))
                else:
                    click.echo(printable(_line(entry, at)))
    if not shown and not as_json:
        note("The ledger holds no such receipt." if feeds or verdicts else "The ledger is empty.")


def _line(entry: Entry, at: datetime) -> str:
    receipt = entry.receipt
    became = f" -> {receipt.key}" if receipt.key else ""
    reasons = sorted({finding["code"] for finding in receipt.findings})
    why = f"  [{', '.join(reasons)}]" if reasons else ""
    return f"{entry.seq:>6}  {at:%Y-%m-%d %H:%M:%S}  {receipt.verdict:<12}  {receipt.landing_path}{became}{why}"
