"""``rawzone archive drill``: bring archived objects back for a trial."""

from __future__ import annotations

import click

from rawzone_assets.commands.display import file_progress
from rawzone_assets.commands.hold import by_option
from rawzone_assets.commands.selection import chosen_feeds
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    printable,
)
from rawzone_assets.health.drilling import USUAL_OBJECTS, Outcome, drill
from rawzone_assets.platforms import ADDRESS, all_feeds
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.zone import Zone, person


@click.command(name="drill")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option(
    "--objects",
    type=click.IntRange(1, 1_000_000),
    default=USUAL_OBJECTS,
    show_default=True,
    metavar="N",
    help="How many to bring back, those undrilled for longest first.",
)
@by_option
@home_option
@json_option
def command(*, feeds: tuple[str, ...], objects: int, by: str | None, as_json: bool) -> None:
    """Bring archived objects back for a trial: into a scratch folder, compared, and read by their parsers.

    Nothing in raw or in the archive changes; the ledger keeps what came of it. Dagster does so every week. Exit
    code 1 when one could not be had back.
    """
    declared = {feed.id: feed for feed in all_feeds()}
    with Zone(open_settings_of_a_zone()) as zone:
        zone.index.catch_up()
        chosen = chosen_feeds(feeds, zone.index.feeds())
        with JudgePool(ADDRESS) as judge, file_progress("restoring") as progress:
            outcome = drill(
                zone,
                declared,
                judge=judge,
                by=by or person(),
                objects=objects,
                only=chosen,
                progress=progress,
            )
    for record in outcome.records:
        if as_json:
            emit(record)
        else:
            click.echo(printable(_line(record)))
    _sum_up(outcome, as_json=as_json)
    leave(FOUND if outcome.failed else FINE)


def _line(record: Record) -> str:
    told = record["problem"] or record["note"] or "restored, hashed and read"
    return f"{record['outcome']:<6}  {record['partition']}  {record['key']}: {told}"


def _sum_up(outcome: Outcome, *, as_json: bool) -> None:
    if as_json:
        emit(
            {
                "record": "summary",
                "drilled": len(outcome.records),
                "failed": len(outcome.failed),
                "archive_copies": outcome.copies,
                "seq": outcome.seq,
            }
        )
    elif not outcome.copies:
        note("Nothing is in the archive, so there is nothing to bring back.")
    elif not outcome.records:
        note("Nothing of these feeds is in the archive.")
    else:
        failed = f"{len(outcome.failed)} could not be had back" if outcome.failed else "all could be had back"
        note(
            f"{len(outcome.records):,} of {outcome.copies:,} objects in the archive were restored for a trial: "
            f"{failed}. It is recorded in commit {outcome.seq}."
        )
