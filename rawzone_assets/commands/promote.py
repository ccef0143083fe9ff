"""``rawzone promote``: what the landing sensor does, once, as Dagster runs in this process."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from itertools import islice
from typing import TYPE_CHECKING, Any

import click

from rawzone_assets.commands.display import file_progress, print_table
from rawzone_assets.commands.receipts import receipt_record
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FAILED,
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration.run_results import LocalRuns
from rawzone_assets.orchestration.told import knows_all, remember_told
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.committed import CommittedBy
from rawzone_assets.zone.landing import Landing
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import SETTLING, Survey
from rawzone_assets.zone.zone import Zone

if TYPE_CHECKING:
    from rawzone_assets.orchestration.overrides import Overrides

_MOST_SHOWN = 20
_COLUMNS = (Verdict.PROMOTED, Verdict.DUPLICATE, Verdict.QUARANTINED)


@click.command(name="promote")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@click.option("--now", is_flag=True, help="Do not wait for files to settle.")
@home_option
@json_option
def command(*, feeds: tuple[str, ...], since: str | None, until: str | None, now: bool, as_json: bool) -> None:
    """Promote what has landed, once, as Dagster runs.

    FEED is a feed (distrokid/streams) or a platform (distrokid). Without FEED all are promoted and files of no
    feed are recorded. The runs, with their checks and metadata, show in the Dagster UI of the same home.
    """
    checked_range(since, until)
    chosen = chosen_feeds(feeds)
    settings = open_settings()
    if now:
        settings = replace(settings, settle=0)
    if not settings.layout.landing.is_dir():
        # Before anything is created in a folder meant otherwise.
        raise Landing(settings.layout.landing).missing()
    platforms = all_platforms()
    with Zone(settings) as zone:
        finished = zone.recover()
        found = zone.survey(platforms)
        is_all_known = knows_all(zone, found, platforms)
    if is_all_known:
        done = LocalRuns(committed=CommittedBy(zone.ledger), waiting=list(found.waiting_of(chosen)))
    else:
        done = _of_runs(settings, found, chosen, since=since, until=until)
    done.finished_batches += finished
    done.unlisted = found.unreadable
    if as_json:
        emit_receipts(done)
    else:
        show_summary(done)
    _say_what_remains(done)
    leave(exit_code(done))


def _of_runs(
    settings: Settings, found: Survey, feeds: Collection[str], *, since: str | None, until: str | None
) -> LocalRuns:
    # Importing Dagster takes longer than a look at ten thousand files.
    from rawzone_assets.orchestration.instance import open_instance  # noqa: PLC0415
    from rawzone_assets.orchestration.local_runs import promote_landing  # noqa: PLC0415
    from rawzone_assets.orchestration.overrides import Overrides  # noqa: PLC0415

    overrides = Overrides(settings=settings, since=since, until=until, survey=found)
    with open_instance(settings) as instance, file_progress("promoting") as progress:
        done = promote_landing(
            instance,
            overrides,
            build=_definitions,
            platforms=all_platforms(),
            feeds=feeds,
            progress=progress,
        )
    if done.told:  # only now that its connections are closed is the database as the next process finds it
        remember_told(settings, done.told)
    return done


def _definitions(overrides: Overrides) -> Any:
    # Imported when something is to be run: a landing with nothing new is looked at in half the time without.
    from rawzone_assets.definitions import build_definitions  # noqa: PLC0415

    return build_definitions(overrides)


def exit_code(done: LocalRuns) -> int:
    """What the command found: nothing, something to look at, or an environment in the way."""
    if done.problems:
        return FAILED
    to_look_at = {Verdict.QUARANTINED, Verdict.UNRECOGNIZED} & done.committed.verdicts.keys()
    return FOUND if to_look_at else FINE


def emit_receipts(done: LocalRuns) -> None:
    """A JSON line for each receipt that the runs wrote."""
    for entry, at in done.committed.entries():
        emit(receipt_record(entry, at))


def show_summary(done: LocalRuns) -> None:
    """A table of feeds and verdicts, then what was refused or not recognized, and why."""
    committed = done.committed
    if not committed:
        if not done.problems and not done.waiting:  # what waits or failed is said of its own
            note("Nothing new has landed.")
        return
    show_counts({(feed, verdict): n for (feed, verdict), n in committed.counts.items() if feed})
    for verdict in (Verdict.QUARANTINED, Verdict.UNRECOGNIZED):
        if number := committed.verdicts[verdict]:
            _show_refused(islice(committed.of(verdict), _MOST_SHOWN), verdict, number)


def show_counts(counts: Mapping[tuple[str, Verdict], int]) -> None:
    """A table of how many deliveries each feed and verdict has."""
    feeds = sorted({feed for feed, _ in counts})
    rows = [[feed, *(str(counts.get((feed, v)) or "") for v in _COLUMNS)] for feed in feeds]
    if len(feeds) > 1:
        totals = (sum(counts.get((feed, v), 0) for feed in feeds) for v in _COLUMNS)
        rows.append(["all feeds", *(str(total or "") for total in totals)])
    if rows:
        print_table(["feed", *_COLUMNS], rows, numbers=_COLUMNS)


def _show_refused(first: Iterable[Receipt], verdict: Verdict, number: int) -> None:
    click.echo(f"\n{number} {verdict}:")
    print_table(["  file", "why"], [["  " + r.landing_path, ", ".join(_codes(r))] for r in first])
    if number > _MOST_SHOWN:
        click.echo(f"  … and {number - _MOST_SHOWN} more: 'rawzone log --verdict {verdict}' lists them.")


def _codes(receipt: Receipt) -> list[str]:
    return sorted({finding["code"] for finding in receipt.findings if finding["blocking"]})


def _say_what_remains(done: LocalRuns) -> None:
    if done.finished_batches:
        batches = counted(done.finished_batches, "interrupted batch was", "interrupted batches were")
        note(f"{batches} finished first.")
    if done.waiting:
        first = done.waiting[0]
        hint = "; --now does not wait for files to settle" if first.reason == SETTLING else ""
        files = counted(len(done.waiting), "file is", "files are")
        note(f"{files} left waiting ({first.label}: {first.reason}){hint}.")
    for sentence in (*dict.fromkeys(done.warnings), *done.problems):
        note(sentence)
