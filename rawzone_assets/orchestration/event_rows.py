"""Event rows: the heads of the ledger that Dagster's own SQLite database holds, read without Dagster.

To import Dagster, open its instance and make objects of some thousand events takes several times as long as to
re-read a zone. The rows are those of Dagster 1.13; a database that is kept elsewhere, or looks different, is
asked through Dagster (``testimony``), and a test compares both.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.health.witnesses import Witness
from rawzone_assets.orchestration.dagster_home import default_database, state_of

SEQ_NOTED, HEAD_NOTED = "ledger_seq", "ledger_head"
# GLOB looks through megabytes of events in two thirds of the time that instr() takes.
_MATERIALIZATIONS = """
    SELECT asset_key, NULL, partition, timestamp, event FROM event_logs
    WHERE dagster_event_type = 'ASSET_MATERIALIZATION' AND asset_key IS NOT NULL
    AND event GLOB '*"ledger_head"*' ORDER BY id DESC LIMIT :most"""
_EVALUATIONS = """
    SELECT asset_key, check_name, partition, create_timestamp, evaluation_event FROM asset_check_executions
    WHERE evaluation_event GLOB '*"ledger_head"*' ORDER BY id DESC LIMIT :most"""
_ALL = -1


class NoRows(Exception):
    """There are no rows that could be read here."""


def heads_in_rows(home: Path, *, newest: int = _ALL) -> list[Witness]:
    """Every head of the ledger in the events of a home whose database is Dagster's default one.

    ``newest`` are all that is wanted of materializations, and of evaluations.

    Raises:
        NoRows: The home's configuration may keep events elsewhere, or the database cannot be read so.
    """
    database = default_database(home)
    if database is None:
        raise NoRows
    try:
        before = state_of(database)
        if before.is_at_rest:
            # Else SQLite makes files beside it, which not every reader may make or can remove.
            found = _heads_in(database, "immutable=1", newest)
            if state_of(database) == before:
                return found
        return _heads_in(database, "mode=ro", newest)
    except (sqlite3.Error, ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
        raise NoRows from error


def _heads_in(database: Path, how: str, most: int) -> list[Witness]:
    with closing(sqlite3.connect(f"{database.absolute().as_uri()}?{how}", uri=True)) as connection:
        return [
            witness
            for query in (_MATERIALIZATIONS, _EVALUATIONS)
            for row in connection.execute(query, {"most": most})
            for witness in _witness(*row)
        ]


def _witness(asset: str, check: str | None, partition: str | None, at: str, event: str) -> Iterator[Witness]:
    data = orjson.loads(event)["dagster_event"]["event_specific_data"]
    noted = data["metadata"].items() if check else _entries(data["materialization"]["metadata_entries"])
    values = {name: value for name, value in noted if name in {SEQ_NOTED, HEAD_NOTED}}
    seq, head = values.get(SEQ_NOTED, {}).get("value"), values.get(HEAD_NOTED, {}).get("text")
    yield from witness_of(seq, head, asset="/".join(json.loads(asset)), check=check, partition=partition, at=at)


def witness_of(
    seq: object, head: object, *, asset: str, check: str | None, partition: str | None, at: str
) -> Iterator[Witness]:
    """The witness that an event is, if what it notes is a head; ``at`` begins with its time in UTC."""
    if isinstance(seq, int) and seq >= 0 and isinstance(head, str):
        what = f"the check {check} of {asset}" if check else f"the materialization of {asset}"
        day = f" for {partition}" if partition else ""
        yield Witness(seq=seq, head=head, event=f"{what}{day} of {at[:19]} UTC in Dagster")


def _entries(entries: Iterable[Mapping[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in entries:
        yield entry["label"], entry["entry_data"]
