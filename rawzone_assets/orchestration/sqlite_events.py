"""SQLite events: the rows of a batch of events, in one transaction of Dagster's SQLite event log.

The rows are the ones that Dagster's own storage makes of each event, in the same order. Private API of Dagster
1.13, as in ``event_batches``, which says what for; imported when there is something to store.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeGuard

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import Connection, CursorResult, bindparam, select

from rawzone_assets.orchestration.event_batches import evaluation_in

_IDENTITY = ("asset_key", "check_name", "partition")


def is_ours(storage: object) -> TypeGuard[SqliteEventLogStorage]:
    """Whether a storage is exactly the one whose tables are written to here."""
    return type(storage) is SqliteEventLogStorage


def store_together(storage: SqliteEventLogStorage, entries: Sequence[dg.EventLogEntry], run_id: str) -> None:
    """Store the entries of one run: all, or none."""
    rows = [storage._event_to_row(entry) for entry in entries]  # noqa: SLF001
    insert = SqlEventLogStorageTable.insert()
    with storage.run_connection(run_id) as connection:  # the run's own log, which its page in the UI shows
        connection.execute(insert, rows)
    with storage.index_transaction() as connection:
        ids: list[int] = [_number_of(connection.execute(insert, row)) for row in rows]
        told = [(e, i) for e, i in zip(entries, ids, strict=True) if evaluation_in(e) is None]
        storage._store_asset_event_tags(connection, [e for e, _ in told], [i for _, i in told])  # noqa: SLF001
        # Dagster keeps each asset's newest event in a table of its own: every further one overwrites it.
        for entry, number in {
            entry.get_dagster_event().asset_key: (entry, number) for entry, number in told
        }.values():
            storage._store_asset_event(connection, entry, number)  # noqa: SLF001
        _store_evaluations(connection, list(zip(entries, rows, ids, strict=True)), run_id)


def _number_of(inserted: CursorResult[Any]) -> int:
    key = inserted.inserted_primary_key
    if key is None:
        raise RuntimeError("the database gave a stored event no number")
    return int(key[0])


def _store_evaluations(
    connection: Connection, stored: Sequence[tuple[dg.EventLogEntry, dict[str, Any], int]], run_id: str
) -> None:
    """A row for each check and day of the run: the one planned for it, or a new one. The last event counts."""
    rows: dict[tuple[str, str, str | None], dict[str, Any]] = {}
    for entry, row, number in stored:
        evaluation = evaluation_in(entry)
        if evaluation:
            identity = evaluation.asset_key.to_string(), evaluation.check_name, evaluation.partition
            rows[identity] = _execution_row(evaluation, row, number)
    if not rows:
        return
    table = AssetCheckExecutionsTable.c
    query = select(table.asset_key, table.check_name, table.partition).where(
        table.asset_key.in_({asset for asset, _, _ in rows}),
        table.check_name.in_({check for _, check, _ in rows}),
        table.run_id == run_id,
    )
    known = {tuple(found) for found in connection.execute(query)}
    new = [
        row | dict(zip(_IDENTITY, identity, strict=True))
        for identity, row in rows.items()
        if identity not in known
    ]
    if new:
        connection.execute(AssetCheckExecutionsTable.insert(), new)
    planned = [
        row
        | {f"of_{name}": value for name, value in zip(_IDENTITY, identity, strict=True)}
        | {"of_run": run_id}
        for identity, row in rows.items()
        if identity in known
    ]
    if planned:
        connection.execute(_UPDATE, planned)


_UPDATE = AssetCheckExecutionsTable.update().where(
    *(AssetCheckExecutionsTable.c[name].is_not_distinct_from(bindparam(f"of_{name}")) for name in _IDENTITY),
    AssetCheckExecutionsTable.c.run_id == bindparam("of_run"),
)


def _execution_row(evaluation: AssetCheckEvaluation, row: dict[str, Any], number: int) -> dict[str, Any]:
    status = AssetCheckExecutionRecordStatus
    target = evaluation.target_materialization_data
    return {
        "run_id": row["run_id"],
        "execution_status": (status.SUCCEEDED if evaluation.passed else status.FAILED).value,
        "evaluation_event": row["event"],
        "evaluation_event_timestamp": row["timestamp"],
        "evaluation_event_storage_id": number,
        "materialization_event_storage_id": target.storage_id if target else None,
    }
