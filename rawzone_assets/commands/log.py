"""``rawzone log``: the ledger's receipts, or all of its records, newest last."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing

import click

from rawzone_assets.access.catalog import history
from rawzone_assets.access.chronicle import Written, chronicle
from rawzone_assets.commands.ledger_lines import ledger_line
from rawzone_assets.commands.selection import chosen_feeds
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.zone.receipt import Verdict, timestamp
from rawzone_assets.zone.zone import Zone


@click.command(name="log")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option(
    "--verdict",
    "verdicts",
    multiple=True,
    type=click.Choice([str(verdict.value) for verdict in Verdict]),
    help="Only this verdict.",
)
@click.option("-n", "--last", type=click.IntRange(1, 1_000_000_000), metavar="N", help="Only the last N.")
@click.option("--all", "everything", is_flag=True, help="Scrubs, damage, repairs, replays too: every record.")
@home_option
@json_option
def command(
    *, feeds: tuple[str, ...], verdicts: tuple[str, ...], last: int | None, everything: bool, as_json: bool
) -> None:
    """The ledger: one line a verdict, newest last; with --all one line a record of any kind. Times are UTC.

    Unrecognized files and scrubs have no feed: they show when no FEED is given. Only verdicts show when one is
    asked for.
    """
    with open_zone(open_settings_of_a_zone()) as zone:
        wanted = chosen_feeds(feeds, zone.index.feeds())
        written = chronicle if everything else _receipts
        shown = 0
        # Closed before the zone is, also when the reader of our output goes away in the middle.
        with closing(written(zone, feeds=wanted, verdicts=verdicts)) as records:
            found: Iterable[Written] = deque(records, maxlen=last) if last else records
            for one in found:
                shown += 1
                if as_json:
                    emit({**one.record, "seq": one.seq, "at": timestamp(one.at)})
                else:
                    click.echo(printable(ledger_line(one.seq, one.at, one.record)))
    if not shown and not as_json:
        what = "record" if everything else "receipt"
        note(f"The ledger holds no such {what}." if feeds or verdicts else "The ledger is empty.")


def _receipts(zone: Zone, *, feeds: Sequence[str], verdicts: Sequence[str]) -> Generator[Written, None, None]:
    """The receipts as the index knows them: in the stored form that a repair may have left."""
    with closing(history(zone, feeds=feeds, verdicts=verdicts)) as receipts:
        for entry, at in receipts:
            yield Written(seq=entry.seq, at=at, record=entry.receipt.as_record())
