"""``rawzone verify``: the whole scrub, by hand, and what witnesses say of the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from functools import cache, partial
from typing import Any

import click

from rawzone_assets.commands.display import byte_progress
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
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
    recorded_feeds,
    zone_without_index_file,
)
from rawzone_assets.commands.testimony import Testimony, ask_witnesses, witness_options
from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.health import clock
from rawzone_assets.health.damage import Damage
from rawzone_assets.health.scrub import ScrubReport, scrub
from rawzone_assets.health.witnesses import contradictions, doubt


@click.command(name="verify")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@witness_options
@click.option("--strict", is_flag=True, help="Sound files that somebody could change count as damage too.")
@home_option
@json_option
def command(
    *,
    feeds: tuple[str, ...],
    since: str | None,
    until: str | None,
    no_witness: bool,
    require_witness: bool,
    strict: bool,
    as_json: bool,
) -> None:
    """Re-read objects, quarantined copies and the whole ledger, and name every file that is not as recorded.

    The ledger is also compared with the heads that Dagster's database has seen, so that one rewritten or rolled
    back as a whole is noticed. FEED, --since and --until narrow the objects and copies, never the ledger.
    """
    checked_range(since, until)
    settings = open_settings_of_a_zone()
    chosen = chosen_feeds(feeds, recorded_feeds(settings) if feeds else ())
    # Once, and before the ledger's end is read: it may grow meanwhile, but what was seen before stays true.
    asked = cache(partial(ask_witnesses, settings, skip=no_witness, require=require_witness))
    if require_witness:
        asked()  # so that one who is missing is told before anything is read
    # What an index says is no evidence: the scrub reads the ledger itself.
    with zone_without_index_file(settings) as zone, byte_progress("verifying") as progress:
        report = scrub(zone, feeds=chosen, since=since, until=until, progress=progress, meanwhile=asked)
        testimony = asked()
        damages = [*report.damages, *contradictions(zone, report.recorded, testimony.witnesses)]
    for damage in damages:
        _show(damage, "damage", as_json=as_json)
    for weakness in report.weaknesses:
        _show(weakness, "weakness", as_json=as_json)
    for erased in report.erased:
        if as_json:
            emit({**erased.record, "seq": erased.seq, "at": erased.at})
        else:
            click.echo(printable(f"erased   {erased.sentence}"))
    if as_json:
        emit(_record(report, damages, testimony))
    else:
        click.echo(_summary(report, damages))
        click.echo(printable(testimony.summary))
    if damages and not report.commits:
        note(
            f"No commit lies in {settings.layout.ledger}: if its disk is away, mount it before anything else, "
            "and move nothing away."
        )
    _add(report, testimony, now=zone.clock())
    leave(FOUND if damages or (strict and report.weaknesses) else FINE)


def _add(report: ScrubReport, testimony: Testimony, *, now: datetime) -> None:
    """What else the reader of these results is to know."""
    if ahead := clock.contradiction(report.head, now):
        note(f"Mind that {ahead}: {clock.REMEDY}.")
    doubted = doubt(report.recorded, testimony.witnesses, source=testimony.source)
    if doubted:
        note(doubted)
    for absent in report.absent:
        note(absent.state)
    if report.interrupted:
        note(
            f"In flight or interrupted: {counted(report.interrupted, 'batch', 'batches')}; the next promotion "
            "finishes what was interrupted."
        )


def _show(damage: Damage, word: str, *, as_json: bool) -> None:
    if as_json:
        emit({"record": word, **asdict(damage)})
    else:
        click.echo(printable(f"{damage.kind:<8} {damage.path}: {damage.problem}"))


def _record(report: ScrubReport, damages: Sequence[Damage], testimony: Testimony) -> dict[str, Any]:
    return {
        "record": "verified",
        "objects": report.objects,
        "archived": report.archived,
        "refused": report.refused,
        "erased": len(report.erased),
        "bytes": report.bytes,
        "commits": report.commits,
        "head_seq": report.head.seq,
        "head": report.head.sha256,
        "damages": len(damages),
        "weaknesses": len(report.weaknesses),
        "interrupted": report.interrupted,
        "witnesses": len(testimony.witnesses) if testimony.source else None,
        "witnesses_asked": testimony.source,
        "witnesses_not_asked_because": testimony.silence,
    }


def _summary(report: ScrubReport, damages: Sequence[Damage]) -> str:
    archived = f" ({report.archived:,} of them in the archive)" if report.archived else ""
    checked = (
        f"{counted(report.objects, 'object')}{archived} and "
        f"{counted(report.refused, 'quarantined copy', 'quarantined copies')} "
        f"({readable_size(report.bytes)}) and {counted(report.commits, 'commit')} were read"
    )
    weak = ""
    if report.weaknesses:
        they_are = counted(len(report.weaknesses), "sound file or folder is", "sound files or folders are")
        weak = f" {they_are} not protected."
    if damages:
        repairable = any(damage.kind.is_repairable for damage in damages)
        hint = " ('rawzone repair --dry-run' says what can be put back)" if repairable else ""
        return f"{checked}: {len(damages):,} not as recorded{hint}.{weak}"
    head = f" The ledger's head is {report.head.sha256} (commit {report.head.seq})." if report.commits else ""
    return f"{checked}: all are as recorded.{head}{weak}"
