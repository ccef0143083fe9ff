"""``rawzone catalog``: the ledger's receipts as Parquet files, for whatever reads those."""

from __future__ import annotations

from collections.abc import Callable

import click

from rawzone_assets.access.parquet_catalog import ParquetCatalog, Standing, catalog_of
from rawzone_assets.commands.surroundings import (
    emit,
    fail,
    home_option,
    json_option,
    open_settings_of_a_zone,
    printable,
)
from rawzone_assets.contract.wording import readable_size
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.zone import Zone


@click.group(name="catalog")
def command() -> None:
    """The ledger's receipts as Parquet files.

    One schema, findings and all. They are derived from the ledger and may be deleted at any time. pandas,
    Polars and DuckDB read FOLDER/*.parquet, also while it is brought up to date.
    """


@command.command()
@home_option
@json_option
def update(*, as_json: bool) -> None:
    """Take in what was committed since, and print the folder. Builds it when none fits."""
    _run(ParquetCatalog.update, as_json=as_json)


@command.command()
@home_option
@json_option
def rebuild(*, as_json: bool) -> None:
    """Build it from nothing, with the same result, and only then replace what was there."""
    _run(ParquetCatalog.rebuild, as_json=as_json)


def _run(build: Callable[[ParquetCatalog], Standing], *, as_json: bool) -> None:
    settings = open_settings_of_a_zone()
    if not settings.layout.ledger.is_dir():
        fail(f"There is no ledger in {settings.layout.raw}, so there is nothing to take in: promote first.")
    with Zone(settings) as zone:
        catalog = catalog_of(zone)
        try:
            standing = build(catalog)
        except OSError as error:
            raise StorageFailed("write the catalog", error) from error
    if as_json:
        emit(
            {
                "record": "catalog",
                "folder": str(standing.folder),
                "seq": standing.seq,
                "head": standing.head,
                "files": standing.files,
                "receipts": standing.receipts,
                "size": standing.size,
            }
        )
        return
    click.echo(
        printable(
            f"{standing.folder}: {standing.receipts} receipts up to commit {standing.seq}, "
            f"{standing.files} files, {readable_size(standing.size)}"
        )
    )
