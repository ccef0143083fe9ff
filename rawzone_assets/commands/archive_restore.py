"""``rawzone archive restore``: bring archived objects back into raw."""

from __future__ import annotations

import click

from rawzone_assets.access.reading import resolve, stored_form, with_stored_objects
from rawzone_assets.commands.hold import by_option, said
from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    open_settings_of_a_zone,
    printable,
)
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.unarchiving import restore_objects
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.index_custody import Kept
from rawzone_assets.zone.receipt import ACCEPTED
from rawzone_assets.zone.zone import Zone, person


@click.command(name="restore")
@click.argument("wanted", nargs=-1, metavar="[KEY|SHA|PATH]...")
@click.option(
    "--feed", "feeds", multiple=True, metavar="FEED", help="Everything archived of this feed or platform."
)
@range_options
@click.option("--reason", metavar="TEXT", callback=said, help="Why they are wanted back.")
@by_option
@home_option
@json_option
def command(
    *,
    wanted: tuple[str, ...],
    feeds: tuple[str, ...],
    since: str | None,
    until: str | None,
    reason: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Bring archived objects back into raw, verified; their copies in the archive stay.

    What is restored stays in raw for as long as recent files do (recent_days of the policy).
    """
    checked_range(since, until)
    if bool(wanted) == bool(feeds or since or until):
        fail("Say what to restore: keys, or a feed with --feed, or days with --since and --until.")
    with Zone(open_settings_of_a_zone()) as zone:
        zone.index.catch_up()
        if wanted:
            keys = [key for one in wanted for key in _keys_meant(zone, one)]
            _refuse_erased(zone, keys)
        else:
            keys = _keys_of(zone, chosen_feeds(feeds, zone.index.feeds()), since, until)
        objects, here = _archived(zone, keys)
        outcome = restore_objects(zone, objects, by=by or person(), reason=reason)
    for kept in outcome.restored:
        if as_json:
            emit({"record": "restore", "outcome": "restored", "key": kept.key, "feed": kept.feed})
        else:
            click.echo(printable(f"restored: {kept.key}"))
    for left in outcome.not_restored:
        if as_json:
            emit({"record": "restore", "outcome": "not restored", "key": left.key, "reason": left.reason})
        else:
            click.echo(printable(f"not restored: {left.key}: {left.reason}."))
    summary = {
        "record": "summary",
        "restored": len(outcome.restored),
        "already": here,
        "not_restored": len(outcome.not_restored),
    }
    if as_json:
        emit(summary)
    else:
        before = f"; {here:,} are in raw already" if here else ""
        click.echo(f"{counted(len(outcome.restored), 'file was', 'files were')} restored{before}.")
    leave(FOUND if outcome.not_restored else FINE)


def _keys_meant(zone: Zone, wanted: str) -> list[str]:
    receipt = stored_form(with_stored_objects(zone, resolve(zone, wanted)), wanted)
    return [receipt.key] if receipt.key else []


def _refuse_erased(zone: Zone, keys: list[str]) -> None:
    """See to it that nobody is told that something is in raw that the law has had removed."""
    for key in keys:
        for erasure in zone.index.custody.erasures(place=f"{upkeep.RAW}/{key}"):
            authority = erasure.record["authority"]
            fail(
                f"{key} was erased by law in commit {erasure.seq}, by authority of {authority}, so nothing is "
                "restored: leave it out."
            )


def _keys_of(zone: Zone, feeds: list[str], since: str | None, until: str | None) -> list[str]:
    """The objects that can be read under these days, duplicates leading to theirs."""
    entries = zone.index.entries(feeds=feeds, since=since, until=until, verdicts=ACCEPTED)
    return [entry.receipt.key for entry in entries if entry.receipt.key]


def _archived(zone: Zone, keys: list[str]) -> tuple[list[Kept], int]:
    """Those of the objects that are in the archive alone, and how many are not."""
    wanted = dict.fromkeys(keys)
    archived = {kept.key: kept for kept in zone.index.custody.kept(whereabouts=Whereabouts.ARCHIVE)}
    found = [archived[key] for key in wanted if key in archived]
    return found, len(wanted) - len(found)
