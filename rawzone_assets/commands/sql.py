"""``rawzone sql``: ask the zone in SQL, as a table, JSON lines or CSV."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

import click
import orjson

from rawzone_assets.access import sql
from rawzone_assets.access.columnar import bring_up_to_date
from rawzone_assets.commands.display import print_table
from rawzone_assets.commands.surroundings import (
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    open_zone,
)
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.platforms import all_feeds
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 1000


@click.command(name="sql")
@click.argument("query")
@click.option("--csv", "as_csv", is_flag=True, help="CSV on standard output.")
@click.option(
    "--no-refresh", is_flag=True, help="Read what is projected already, without projecting what is new."
)
@home_option
@json_option
def command(*, query: str, as_csv: bool, no_refresh: bool, as_json: bool) -> None:
    """Ask the zone in SQL (DuckDB). What QUERY names is projected from raw first, as far as it is new.

    Views: one a feed (distrokid_streams), one a table of it (distrokid_streams__trendWeekly), and raw_files,
    raw_findings and raw_ledger. 'rawzone sql "SHOW TABLES"' lists them. The query can read nothing else and
    change nothing. Exit code 1 means that a delivery could not be projected: the answer lacks its rows.
    """
    if as_csv and as_json:
        fail("--csv and --json exclude each other: choose one.")
    feeds = all_feeds()
    with open_zone(open_settings_of_a_zone()) as zone:
        lacking = 0 if no_refresh else _refresh(zone, sql.named_feeds(query, feeds))
        named = sql.named_ledger_views(query)
        connection = sql.connect(zone, feeds, ledger_views=named, is_confined=True)
    try:
        _answer(connection, query, as_csv=as_csv, as_json=as_json)
    except _errors() as error:
        fail(f"The query cannot be answered: {_sentence(error)}")
    finally:
        connection.close()
    leave(FOUND if lacking else 0)


def _refresh(zone: Zone, feeds: Sequence[Feed]) -> int:
    """Bring these feeds' projections up to date; how many deliveries have no rows, or not all."""
    lacking = 0
    for feed in feeds:
        for day in bring_up_to_date(zone, feed):
            for one in day.unprojected:
                lacking += 1
                note(f"{one.key} has no rows, or not all of them, in the answer: {one.reason}")
    return lacking


def _answer(connection: Any, query: str, *, as_csv: bool, as_json: bool) -> None:
    sql.require_reading(connection, query)
    result = connection.execute(query)
    columns = [column[0] for column in result.description or ()]
    rows = _rows(result)
    if as_json:
        for row in rows:
            emit({name: _jsonable(value) for name, value in zip(columns, row, strict=True)})
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows([_text(value) for value in row] for row in rows)
        sys.stdout.flush()
    else:
        shown = [[_text(value) for value in row] for row in rows]
        print_table(columns, shown)
        note(counted(len(shown), "row"))


def _rows(result: Any) -> Iterator[Sequence[Any]]:
    while rows := result.fetchmany(_AT_ONCE):
        yield from rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, Decimal):
        return _plain(value)
    return value if isinstance(value, str) else str(value)


def _plain(value: Decimal) -> str:
    """All digits and no zeros that mean nothing."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _jsonable(value: Any) -> Any:
    """Numbers with all their digits; orjson itself knows whole numbers of 64 bits only."""
    if isinstance(value, Decimal):
        return orjson.Fragment(_plain(value))
    if isinstance(value, int) and not isinstance(value, bool):
        return orjson.Fragment(str(value))
    if isinstance(value, dict):
        return {str(name): _jsonable(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_jsonable(part) for part in value]
    return value


def _errors() -> type[Exception]:
    import duckdb  # noqa: PLC0415  there by now

    return duckdb.Error


def _sentence(error: Exception) -> str:
    """DuckDB's message without the picture of the place."""
    return " ".join(str(error).partition("\n\nLINE")[0].split())
