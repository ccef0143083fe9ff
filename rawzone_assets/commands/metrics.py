"""``rawzone metrics``: the zone's figures for Prometheus."""

from __future__ import annotations

from pathlib import Path

import click
from prometheus_client import generate_latest

from rawzone_assets.commands.pages import write_page
from rawzone_assets.commands.surroundings import (
    emit,
    home_option,
    json_option,
    note,
    open_settings_of_a_zone,
    open_zone,
)
from rawzone_assets.health.metrics import registry_of
from rawzone_assets.health.report import read_health
from rawzone_assets.platforms import all_platforms


@click.command(name="metrics")
@click.option(
    "-o",
    "--out",
    "--output",
    "out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write this file at once and whole, for node_exporter's textfile collector (a name ending in .prom).",
)
@home_option
@json_option
def command(*, out: Path | None, as_json: bool) -> None:
    """The figures of 'rawzone health' in Prometheus' text form, on standard output or in a file.

    Labels hold feeds, verdicts and the zone's roots, never names of files or people.
    """
    with open_zone(open_settings_of_a_zone()) as zone:
        registry = registry_of(read_health(zone, all_platforms()))
    if out is not None:
        write_page(out, generate_latest(registry).decode(), what="The metrics")
        note(f"The metrics were written to {out}.")
    if as_json:
        for family in registry.collect():
            for sample in family.samples:
                emit({"record": "sample", "name": sample.name, "labels": sample.labels, "value": sample.value})
    elif out is None:
        click.echo(generate_latest(registry).decode(), nl=False)
