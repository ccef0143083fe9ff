"""``rawzone ls``: which bytes can be read, by feed and capture day."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import click

from rawzone_assets.access.catalog import Listed
from rawzone_assets.access.raw import RawReader
from rawzone_assets.access.reading import whereabouts
from rawzone_assets.commands.selection import (
    checked_range,
    chosen_feeds,
    data_range_options,
    range_options,
)
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.wording import readable_size
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.zone import Zone

_SHOWN = (
    "feed",
    "partition",
    "name",
    "key",
    "verdict",
    "duplicate_of",
    "revises",
    "sha256",
    "size",
    "records",
    "data_min",
    "data_max",
    "captured_at",
    "promoted_at",
    "landing_path",
)


@click.command(name="ls")
@click.argument("feeds", nargs=-1, metavar="[FEED]...")
@range_options
@data_range_options
@click.option("--as-of", metavar="TIME|SEQ", help="As it was at a time (UTC) or at a commit of the ledger.")
@click.option("--all-revisions", is_flag=True, help="Every revision of a name, not only the newest.")
@home_option
@json_option
def command(
    *,
    feeds: tuple[str, ...],
    since: str | None,
    until: str | None,
    data_since: str | None,
    data_until: str | None,
    as_of: str | None,
    all_revisions: bool,
    as_json: bool,
) -> None:
    """List the objects that can be read, the newest revision of each name.

    FEED is a feed (distrokid/streams) or a platform (distrokid). A duplicate is listed under its own name,
    with "=" for its revision and the key of the object that holds its bytes. What is not in raw any more says
    where it is: [archive] is read like everything else.
    """
    checked_range(since, until)
    checked_range(data_since, data_until, of="data-")
    settings = open_settings_of_a_zone()
    with open_zone(settings) as zone:
        found = RawReader(zone).find(
            *sorted(chosen_feeds(feeds, zone.index.feeds())),
            since=since,
            until=until,
            data_since=data_since,
            data_until=data_until,
            as_of=as_of,
            all_revisions=all_revisions,
        )
        shown = 0
        # Closed before the zone is, also when the reader of our output goes away in the middle.
        with closing(found):
            for listed in found:
                shown += 1
                if as_json:
                    emit(_record(zone, listed))
                else:
                    click.echo(_line(zone, listed))
    if not shown and not as_json:
        note(f"No objects match in {settings.layout.raw}.")


def _record(zone: Zone, listed: Listed) -> dict[str, Any]:
    record: dict[str, Any] = {name: getattr(listed.receipt, name) for name in _SHOWN}
    stored = listed.stored
    return {
        **record,
        "revision": stored.revision,
        "stored_size": stored.stored_size,
        "stored_sha256": stored.stored_sha256,
        "encoding": stored.encoding,
        "path": str(path) if (path := whereabouts(zone, stored)) else None,
        "whereabouts": zone.index.custody.of(stored.key or "").whereabouts,
        "seq": listed.seq,
    }


def _line(zone: Zone, listed: Listed) -> str:
    receipt = listed.receipt
    duplicate = receipt.verdict is Verdict.DUPLICATE
    revision = "=" if duplicate else f"r{receipt.revision}"
    name = f"  (landed as {receipt.name})" if duplicate else ""
    where = zone.index.custody.of(listed.stored.key or "").whereabouts
    name += "" if where is Whereabouts.HOT else f"  [{where}]"
    return printable(
        f"{receipt.partition}  {revision:<3} {readable_size(receipt.size):>10}  {receipt.key}{name}"
    )
