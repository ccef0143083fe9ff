"""``rawzone hold``: legal holds. Nothing under one leaves hot storage or is erased."""

from __future__ import annotations

from typing import Any

import click

from rawzone_assets.commands.selection import checked_range, range_options
from rawzone_assets.commands.surroundings import (
    emit,
    fail,
    home_option,
    json_option,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.health.figures import shown_time
from rawzone_assets.health.holds import add_hold, release_hold
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.custody import Hold
from rawzone_assets.zone.zone import Zone, person


def said(_context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    """Words that the ledger will keep: some, and no novel."""
    if value is not None and not 0 < len(value.strip()) <= 4000:
        raise click.BadParameter("say something, in at most 4,000 characters.", param=parameter)
    if value is not None and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise click.BadParameter("write it in UTF-8, as the ledger keeps it.", param=parameter)
    return value.strip() if value else None


reason_option = click.option("--reason", required=True, metavar="TEXT", callback=said, help="Why.")
authority_option = click.option(
    "--authority", required=True, metavar="TEXT", callback=said, help="Who ordered it, or by which right."
)
by_option = click.option("--by", metavar="NAME", callback=said, help="Who says so. [default: user@host]")


@click.group(name="hold")
def command() -> None:
    """Legal holds: nothing under one leaves hot storage or is erased."""


@command.command()
@click.option("--platform", metavar="PLATFORM", help="Everything of this platform, such as distrokid.")
@click.option("--feed", metavar="FEED", help="Everything of this feed, such as distrokid/streams.")
@range_options
@reason_option
@authority_option
@by_option
@home_option
@json_option
def add(
    *,
    platform: str | None,
    feed: str | None,
    since: str | None,
    until: str | None,
    reason: str,
    authority: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Put a hold on a platform, a feed, or (with neither) everything; --since and --until are capture days.

    What arrives later is under it as well. An object that can be read under several days, because it was
    delivered again, is under every hold over any of them.
    """
    checked_range(since, until)
    if platform and feed:
        fail("A hold is of a platform or of a feed: leave out --platform or --feed.")
    settings = open_settings_of_a_zone()
    with Zone(settings) as zone:
        zone.index.catch_up()
        platform = _known("platform", platform, _platforms(zone))
        feed = _known("feed", feed, _feeds(zone))
        hold = add_hold(
            zone,
            platform=platform,
            feed=feed,
            since=since,
            until=until,
            reason=reason,
            authority=authority,
            by=by or person(),
        )
    if as_json:
        emit(_record(hold))
    else:
        click.echo(printable(f"{hold.id}: nothing of {hold.scope} leaves hot storage or is erased."))


@command.command()
@click.argument("identity", metavar="ID", callback=said)
@reason_option
@authority_option
@by_option
@home_option
@json_option
def release(*, identity: str, reason: str, authority: str, by: str | None, as_json: bool) -> None:
    """Lift the hold of this ID. The ledger keeps both, with their reasons."""
    with Zone(open_settings_of_a_zone()) as zone:
        hold, is_new = release_hold(zone, identity, reason=reason, authority=authority, by=by or person())
    if as_json:
        emit(_record(hold))
    elif is_new:
        click.echo(printable(f"{hold.id} of {hold.scope} is lifted."))
    else:
        click.echo(
            printable(f"{hold.id} of {hold.scope} was lifted already, on {shown_time(hold.released_at)}.")
        )


@command.command(name="ls")
@click.option("--all", "also_lifted", is_flag=True, help="Those that were lifted too.")
@home_option
@json_option
def list_holds(*, also_lifted: bool, as_json: bool) -> None:
    """List the holds in force, oldest first."""
    with open_zone(open_settings_of_a_zone()) as zone:
        holds = zone.index.holds.ever() if also_lifted else zone.index.holds.in_force()
    for hold in holds:
        if as_json:
            emit(_record(hold))
        else:
            click.echo(printable(_line(hold)))
    if not holds and not as_json:
        note("No hold is in force." if not also_lifted else "There never was a hold.")


def _line(hold: Hold) -> str:
    lifted = ""
    if hold.released:
        told = f"{hold.released['reason']} ({hold.released['authority']})"
        lifted = f"; lifted {shown_time(hold.released_at)} by {hold.released['by']}: {told}"
    began = f"since {shown_time(hold.at)} by {hold.by}"
    return f"{hold.id}  {hold.scope}, {began}: {hold.reason} ({hold.authority}){lifted}"


def _record(hold: Hold) -> dict[str, Any]:
    return {"record": "hold", **vars(hold), "active": hold.is_active, "scope": hold.scope}


def _known(kind: str, wanted: str | None, known: set[str]) -> str | None:
    """A name as it is known: a mistyped hold would hold nothing."""
    if wanted is None:
        return None
    name = wanted.strip("/").lower()
    if name not in known:
        fail(f"There is no {kind} {wanted!r}: the {kind}s are {', '.join(sorted(known))}.")
    return name


def _feeds(zone: Zone) -> set[str]:
    return {feed.id for platform in all_platforms() for feed in platform.feeds} | set(zone.index.feeds())


def _platforms(zone: Zone) -> set[str]:
    declared = {platform.id for platform in all_platforms()}
    return declared | {feed.rpartition("/")[0] for feed in _feeds(zone)}
