"""``rawzone repair``: put back what is damaged or missing, from wherever the same bytes still lie."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings,
    open_settings_of_a_zone,
    printable,
    recorded_feeds,
)
from rawzone_assets.commands.testimony import ask_witnesses, witness_options
from rawzone_assets.health.repair import repair
from rawzone_assets.health.restoring import Outcome
from rawzone_assets.zone.zone import Zone


@click.command(name="repair")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@click.option(
    "--from",
    "others",
    multiple=True,
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="The home of another whole copy of the zone, or its raw folder; may be given more than once.",
)
@click.option(
    "--refill",
    is_flag=True,
    help="Put files back into a quarantine or archive that is empty, as its disk is lost and not only away.",
)
@click.option("--dry-run", is_flag=True, help="Say what would be put back and from where; write nothing.")
@witness_options
@home_option
@json_option
def command(
    *,
    feeds: tuple[str, ...],
    since: str | None,
    until: str | None,
    others: tuple[Path, ...],
    refill: bool,
    dry_run: bool,
    no_witness: bool,
    require_witness: bool,
    as_json: bool,
) -> None:
    """Put back damaged and missing objects, quarantined copies, findings and ledger files.

    The bytes come from landing, quarantine, raw, archive, a renamed file, or a copy given with --from, and only
    bytes that hash to what the ledger recorded are used. What lay in the place is kept in quarantine/_evidence,
    and every repair is recorded in the ledger. A sound file is never replaced, so running it again changes
    nothing. Exit code 1 when something stays damaged.
    """
    checked_range(since, until)
    settings = open_settings() if others else open_settings_of_a_zone()  # all of it may be lost
    chosen = chosen_feeds(feeds, recorded_feeds(settings) if feeds else ())
    testimony = ask_witnesses(settings, skip=no_witness, require=require_witness)
    with Zone(settings) as zone:
        outcome = repair(
            zone,
            run_id="repair",
            feeds=chosen,
            since=since,
            until=until,
            others=[other.absolute() for other in others],
            witnessed={witness.seq: witness.head for witness in testimony.witnesses},
            refill=refill,
            dry_run=dry_run,
        )
    for record in _records(outcome, dry_run=dry_run):
        if as_json:
            emit(record)
        else:
            click.echo(printable(_line(record)))
    if as_json:
        emit(_summary(outcome, dry_run=dry_run))
    elif not (outcome.repaired or outcome.unrepaired):
        click.echo("Nothing needs repair.")
    for absent in outcome.absent:
        note(absent.state)
    left = outcome.unrepaired or (dry_run and outcome.repaired)
    leave(FOUND if left else FINE)


def _records(outcome: Outcome, *, dry_run: bool) -> Iterator[dict[str, Any]]:
    for found in outcome.repaired:
        yield {
            "record": "repair",
            "outcome": "would be repaired" if dry_run else "repaired",
            **asdict(found.damage),
            "source": found.source,
            "evidence": found.evidence,
            "new_form": found.is_new_form,
            "reason": None,
        }
    for left in outcome.unrepaired:
        yield {
            "record": "repair",
            "outcome": "not repaired",
            **asdict(left.damage),
            "source": None,
            "evidence": None,
            "new_form": False,
            "reason": left.reason,
        }


def _summary(outcome: Outcome, *, dry_run: bool) -> dict[str, Any]:
    return {
        "record": "summary",
        "dry_run": dry_run,
        "repaired": 0 if dry_run else len(outcome.repaired),
        "would_be_repaired": len(outcome.repaired) if dry_run else 0,
        "not_repaired": len(outcome.unrepaired),
        "recorded_late": outcome.recorded_late,
    }


def _line(record: dict[str, Any]) -> str:
    if record["reason"]:
        return f"{record['outcome']}: {record['path']} ({record['problem']}): {record['reason']}"
    kept = f", the damaged bytes are kept as {record['evidence']}" if record["evidence"] else ""
    form = ", compressed differently than before" if record["new_form"] else ""
    return f"{record['outcome']}: {record['path']} ({record['problem']}) from {record['source']}{kept}{form}"
