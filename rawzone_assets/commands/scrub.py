"""``rawzone scrub``: one session of the rolling scrub, as the nightly schedule runs it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from rawzone_assets.commands.display import byte_progress
from rawzone_assets.commands.selection import FiniteRange
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
from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.health.figures import shown_time
from rawzone_assets.health.rolling import Session, scrub_rolling
from rawzone_assets.zone.zone import Zone


@click.command(name="scrub")
@click.option(
    "--budget",
    type=FiniteRange(min=0),
    metavar="SECONDS",
    help="How long to read. [default: RAWZONE_SCRUB_BUDGET, else 1800]",
)
@click.option(
    "--window",
    type=FiniteRange(min=0, min_open=True),
    metavar="DAYS",
    help="Within how many days every byte is to be re-read. [default: RAWZONE_SCRUB_WINDOW, else 30]",
)
@home_option
@json_option
def command(*, budget: float | None, window: float | None, as_json: bool) -> None:
    """Re-read the files unread for longest, as far as the budget goes, and record that in the ledger.

    The next session goes on where this one ends, also after a kill. Exit code 1 when damage is known or a file
    was not read within the window.
    """
    settings = open_settings_of_a_zone()
    with Zone(settings) as zone, byte_progress("scrubbing") as progress:
        session = scrub_rolling(
            zone,
            run_id="scrub",
            budget=settings.scrub_budget if budget is None else budget,
            window=settings.scrub_window if window is None else window,
            progress=progress,
        )
    for damage in session.damages:
        if as_json:
            emit({"record": "damage", **asdict(damage)})
        else:
            click.echo(printable(f"{damage.kind:<8} {damage.path}: {damage.problem}"))
    if as_json:
        emit(_record(session))
    else:
        click.echo(_summary(session))
    if not session.is_recorded:
        note("The ledger is damaged, so this session could not be recorded: run 'rawzone verify'.")
    if session.is_behind:
        note(f"Not all was read within {session.window:g} days: give a larger budget, or scrub more often.")
    leave(FOUND if session.damages or session.is_behind else FINE)


def _record(session: Session) -> dict[str, Any]:
    return {
        "record": "scrubbed",
        "files": session.files,
        "objects": session.objects,
        "refused": session.refused,
        "bytes": session.bytes,
        "finished": session.finished,
        "damages": len(session.damages),
        "sound_again": list(session.sound_again),
        "coverage_percent": session.coverage.percent,
        "oldest_verified": session.coverage.oldest,
        "window_days": session.window,
        "commits": session.commits,
        "head_seq": session.head.seq,
        "head": session.head.sha256,
        "recorded": session.is_recorded,
    }


def _summary(session: Session) -> str:
    read = (
        f"{counted(session.objects, 'object')} and "
        f"{counted(session.refused, 'quarantined copy', 'quarantined copies')} ({readable_size(session.bytes)})"
    )
    all_or_part = "all there are" if session.finished else "as far as the budget went"
    oldest = (
        f"; the file unread for longest was read at {shown_time(session.coverage.oldest)}"
        if session.files
        else ""
    )
    found = " None of it is damaged."
    if session.damages:
        found = f" {counted(len(session.damages), 'is', 'are')} not as recorded."
    healed = f" {counted(len(session.sound_again), 'is', 'are')} sound again." if session.sound_again else ""
    return (
        f"{read} were re-read, {all_or_part}.{found}{healed} "
        f"{session.coverage.percent:g} % was read in the last {session.window:g} days{oldest}."
    )
