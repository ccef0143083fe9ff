"""``rawzone archive``: what is due for the archive, moving it there once approved, and what is there."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NoReturn

import click

from rawzone_assets.commands.archive_drill import command as drill_command
from rawzone_assets.commands.archive_restore import command as restore_command
from rawzone_assets.commands.display import byte_progress
from rawzone_assets.commands.evidence import deliver
from rawzone_assets.commands.hold import said
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import counted, readable_size
from rawzone_assets.health.archive_plan import MOST_BYTES, Plan, PlanRefused, make_plan, read_plan
from rawzone_assets.health.archiving import USUAL_SHARE, Outcome, apply_plan
from rawzone_assets.health.figures import shown_time
from rawzone_assets.health.holds import HoldOver
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.index_custody import Kept
from rawzone_assets.zone.zone import Zone


@click.group(name="archive")
def command() -> None:
    """What is due for the archive, moving it there once approved, and bringing it back."""


command.add_command(drill_command)
command.add_command(restore_command)


@command.command()
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@click.option(
    "--older-than",
    type=click.IntRange(0, 36500),
    metavar="DAYS",
    help="Instead of the policy's hot_days; never below its recent_days and minimum_age_days.",
)
@click.option(
    "-o",
    "--out",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the plan to this new file, for a person to read and approve.",
)
@home_option
@json_option
def plan(*, feeds: tuple[str, ...], older_than: int | None, out: Path | None, as_json: bool) -> None:
    """Say what is due for the archive, why, and what stays because of a hold. Nothing moves.

    FEED is a feed (distrokid/streams) or a platform (distrokid). With --json and without --out the plan itself
    is printed, which 'rawzone archive apply' takes as well.
    """
    settings = open_settings_of_a_zone()
    with open_zone(settings) as zone:
        chosen = chosen_feeds(feeds, zone.index.feeds())
        made = make_plan(zone, chosen or None, older_than=older_than)
    if made.ledger.seq < 0:
        fail("The ledger is empty, so there is nothing to plan: promote something first.")
    if out is not None:
        deliver(made.document(), out)
    if as_json and out is None:
        click.echo(made.document(indented=False), nl=False)
    elif as_json:
        emit(_plan_record(made, out))
    else:
        for line in made.summary:
            click.echo(printable(line))
        if out is not None:
            _say_how_to_go_on(made, out)


def _say_how_to_go_on(made: Plan, out: Path) -> None:
    if not made.files:
        note(f"The plan in {out} names no file, so there is nothing to apply.")
        return
    most = max(share.percent for share in made.feeds)
    asked = f" --share {most}" if most > USUAL_SHARE else ""
    note(
        f"The plan is in {out} (SHA-256 {made.digest}): read it, then run "
        f"'rawzone archive apply {out} --approved-by NAME{asked}'."
    )


def _plan_record(made: Plan, out: Path | None) -> dict[str, Any]:
    return {
        "record": "planned",
        "plan": str(out),
        "digest": made.digest,
        "files": len(made.files),
        "bytes": sum(share.bytes for share in made.feeds),
        "stored_bytes": sum(share.stored_bytes for share in made.feeds),
        "held": len(made.held),
        "feeds": [vars(share) for share in made.feeds],
    }


@command.command(name="apply")
@click.argument("path", metavar="PLAN", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--approved-by", required=True, metavar="NAME", callback=said, help="Who read the plan and answers for it."
)
@click.option(
    "--share",
    type=click.IntRange(0, 100),
    default=USUAL_SHARE,
    show_default=True,
    metavar="PERCENT",
    help="The largest share of a feed's files in raw that may leave at once.",
)
@home_option
@json_option
def apply_(*, path: Path, approved_by: str, share: int, as_json: bool) -> None:
    """Move what an approved PLAN names from raw to the archive.

    Each file is copied, read back from the archive's disk, compared with the ledger in both its forms, and
    recorded; only then does its copy in raw go. Refused under a hold, below the policy's ages, for more than
    --share of a feed, and when the plan was edited or is stale. Interrupted, run it again: it does the rest.
    """
    settings = open_settings_of_a_zone()
    try:
        approved = read_plan(_read(path), str(path))
        with Zone(settings) as zone, byte_progress("archiving") as progress:
            outcome = apply_plan(zone, approved, approved_by=approved_by, share=share, progress=progress)
    except (PlanRefused, HoldOver) as refusal:
        _refuse(refusal, as_json=as_json)
    for planned in outcome.archived if as_json else ():
        emit({"record": "archive", "outcome": "archived", **vars(planned)})
    for left in outcome.not_moved:
        if as_json:
            emit({"record": "archive", "outcome": "not archived", "key": left.key, "reason": left.reason})
        else:
            click.echo(printable(f"not archived: {left.key}: {left.reason}."))
    if as_json:
        emit(_applied_record(outcome, approved.digest))
    else:
        click.echo(_applied(outcome))
    leave(FOUND if outcome.not_moved else FINE)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(MOST_BYTES + 1)
    except OSError as error:
        fail(f"{path} cannot be read ({(error.strerror or str(error)).lower()}): give the path of a plan.")
    if len(data) > MOST_BYTES:
        raise PlanRefused(f"{path} is no plan (it is larger than any): make one with 'rawzone archive plan'.")
    return data


def _refuse(refusal: ZoneError, *, as_json: bool) -> NoReturn:
    """A plan that may not be carried out is a finding, not a fault of the environment."""
    if as_json:
        emit({"record": "refused", "reason": str(refusal)})
    note(str(refusal))
    click.get_current_context().exit(FOUND)


def _applied(outcome: Outcome) -> str:
    moved = counted(len(outcome.archived), "file was", "files were")
    before = f"; {outcome.already:,} of the plan lay in the archive before" if outcome.already else ""
    return f"{moved} archived ({readable_size(outcome.stored_bytes)} as stored){before}."


def _applied_record(outcome: Outcome, digest: str) -> dict[str, Any]:
    return {
        "record": "summary",
        "plan": digest,
        "archived": len(outcome.archived),
        "stored_bytes": outcome.stored_bytes,
        "already": outcome.already,
        "not_archived": len(outcome.not_moved),
    }


@command.command(name="ls")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@home_option
@json_option
def list_archived(*, feeds: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """List what is in the archive and not in raw, by feed and capture day."""
    checked_range(since, until)
    with open_zone(open_settings_of_a_zone()) as zone:
        chosen = chosen_feeds(feeds, zone.index.feeds())
        shown = 0
        found = zone.index.custody.kept(feeds=chosen, since=since, until=until, whereabouts=Whereabouts.ARCHIVE)
        for kept in found:
            shown += 1
            if as_json:
                emit(_kept_record(zone, kept))
            else:
                click.echo(printable(_line(kept)))
    if not shown and not as_json:
        note("Nothing matches in the archive.")


def _kept_record(zone: Zone, kept: Kept) -> dict[str, Any]:
    record = kept.custody.record or {}
    told = ("feed", "partition", "key", "sha256", "size", "stored_sha256", "stored_size", "encoding")
    return {
        **{name: record.get(name) for name in (*told, "why", "plan", "approved_by")},
        "archived_at": kept.custody.at,
        "path": str(zone.layout.archived(kept.key)),
        "seq": kept.custody.seq,
    }


def _line(kept: Kept) -> str:
    at, by = shown_time(kept.custody.at), (kept.custody.record or {}).get("approved_by", "")
    return f"{kept.partition}  {readable_size(kept.size):>10}  {kept.key}  archived {at}, approved by {by}"
