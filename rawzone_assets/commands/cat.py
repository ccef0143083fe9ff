"""``rawzone cat``: the exact original bytes, or none."""

from __future__ import annotations

import sys

import click

from rawzone_assets.access.opening import cache_of
from rawzone_assets.access.reading import original_bytes, resolve, stored_form, with_stored_objects
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    open_settings_of_a_zone,
    open_zone,
)


@click.command(name="cat")
@click.argument("wanted", metavar="KEY|SHA|PATH")
@click.option("--quarantined", is_flag=True, help="The copy of a refused delivery instead.")
@home_option
@json_option
def command(*, wanted: str, quarantined: bool, as_json: bool) -> None:
    """Write the exact original bytes of one object to standard output, after checking all of them.

    A duplicate gives the bytes of the object it repeats. With --json, one line tells what was checked and no
    bytes are written.
    """
    settings = open_settings_of_a_zone()
    cache = cache_of(settings)
    with open_zone(settings) as zone:
        entries = with_stored_objects(zone, resolve(zone, wanted))
        receipt = stored_form(entries, wanted, refused=quarantined)
        if as_json:
            size = sum(len(block) for block in original_bytes(zone, receipt, cache=cache))
            emit({"key": receipt.key, "feed": receipt.feed, "sha256": receipt.sha256, "size": size})
            return
        stream = sys.stdout.buffer
        for block in original_bytes(zone, receipt, cache=cache):
            stream.write(block)
        stream.flush()
