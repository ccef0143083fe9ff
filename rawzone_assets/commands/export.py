"""``rawzone export``: hand a feed's files over so that others can check them without this software."""

from __future__ import annotations

from pathlib import Path

import click
import orjson

from rawzone_assets.access.exports import Export, Form, export
from rawzone_assets.access.opening import cache_of
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

_CHECKED_BY = {
    Form.SHA256SUMS: "sha256sum --check --strict SHA256SUMS",
    Form.BAGIT: "bagit.py --validate .",
}


@click.command(name="export")
@click.argument("feed")
@click.option(
    "--to",
    "form",
    type=click.Choice([form.value for form in Form]),
    required=True,
    help="SHA256SUMS beside the files, or a BagIt bag.",
)
@click.argument("folder", metavar="DEST", type=click.Path(path_type=Path))
@range_options
@click.option("--newest", is_flag=True, help="Only the newest revision of each name.")
@home_option
@json_option
def command(
    *,
    feed: str,
    form: str,
    folder: Path,
    since: str | None,
    until: str | None,
    newest: bool,
    as_json: bool,
) -> None:
    """Write the exact original bytes of FEED to the new folder DEST, with their receipts.

    Every byte is compared with its receipt on the way. Exit code 1 when objects are damaged or gone: all others
    are written, and those are named.
    """
    checked_range(since, until)
    settings = open_settings_of_a_zone()
    with open_zone(settings) as zone:
        meant = chosen_feeds([feed], zone.index.feeds())
        if len(meant) > 1:
            fail(f"{feed!r} means {len(meant)} feeds and an export has one: name one of {', '.join(meant)}.")
        done = export(
            zone,
            folder,
            Form(form),
            feed=meant[0],
            since=since,
            until=until,
            newest_only=newest,
            cache=cache_of(settings),
        )
    _tell(done, as_json=as_json)
    leave(FOUND if done.unreadable else FINE)


def _tell(done: Export, *, as_json: bool) -> None:
    facts = done.facts
    for missing in done.unreadable:
        note(f"Not exported: {missing.problem}")
    if as_json:
        emit({**orjson.loads(facts.document()), "to": str(done.form), "folder": str(done.folder)})
        return
    count = counted(facts.files, "file")
    verb = "is" if facts.files == 1 else "are"
    click.echo(
        printable(
            f"{count} of {facts.name} ({readable_size(facts.size)}) as of commit {facts.head.seq} {verb} in "
            f"{done.folder}. Anyone can check them there: {_CHECKED_BY[done.form]}"
        )
    )
