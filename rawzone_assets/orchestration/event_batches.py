"""Event batches: many events stored in one transaction, and then what Dagster would have stored one by one.

One by one, an event costs SQLite four connections and four commits, most of the time that Dagster takes. Here
the rows of a batch are the ones that Dagster's own storage makes of each event, in the same order, and only the
transactions are fewer. Storages other than Dagster's SQLite are handed the events singly.

Private API of Dagster 1.13, which pyproject pins; a test compares the databases row by row.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterable, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import AssetCheckEvaluation
from dagster._core.events import StepMaterializationData
from dagster._core.instance.utils import RUNLESS_RUN_ID
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable, SqlEventLogStorageTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import SqliteEventLogStorage
from sqlalchemy import Connection, CursorResult, bindparam, select

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation

_MOST_AT_ONCE = 250  # the database is locked for others meanwhile: about a quarter of a second
_IDENTITY = ("asset_key", "check_name", "partition")


def store(instance: dg.DagsterInstance, entries: Sequence[dg.EventLogEntry]) -> None:
    """Store materializations and check evaluations, in their order. Assets show a whole batch or nothing."""
    storage = instance.event_log_storage
    for start in range(0, len(entries), _MOST_AT_ONCE):
        some = entries[start : start + _MOST_AT_ONCE]
        run_ids = {entry.run_id for entry in some}
        # Dagster refuses some evaluations that belong to no run; that is its own to do.
        if type(storage) is SqliteEventLogStorage and len(run_ids) == 1 and not _has_runless_checks(some):
            _store_together(storage, some, run_ids.pop())
        else:
            for entry in some:
                instance.handle_new_event(entry)


def of_step(context: dg.AssetExecutionContext, events: Iterable[Event]) -> list[dg.EventLogEntry]:
    """The entries that Dagster would make of these events if the step yielded them."""
    step = context.op_execution_context.get_step_execution_context()
    made = []
    for event in events:
        kind, data, message = _parts(event)
        entry = dg.EventLogEntry(  # type: ignore[no-untyped-call]
            error_info=None,
            level=logging.DEBUG,
            user_message=message,
            run_id=step.run_id,
            timestamp=time.time(),
            step_key=step.step.key,
            job_name=step.job_name,
            dagster_event=dg.DagsterEvent(
                event_type_value=kind.value,
                job_name=step.job_name,
                step_handle=step.step.handle,
                node_handle=step.step.node_handle,
                step_kind_value=step.step.kind.value,
                logging_tags=step.event_tags,
                event_specific_data=data,
                message=message,
                pid=os.getpid(),
            ),
        )
        made.append(entry)
    return made


def outside_of_steps(
    event: Event, *, job_name: str, run_id: str = RUNLESS_RUN_ID, at: float | None = None
) -> dg.EventLogEntry:
    """The entry that Dagster would make of an event reported from outside; ``at`` is now when not given."""
    kind, data, _ = _parts(event)
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level=logging.INFO,
        user_message="",
        run_id=run_id,
        timestamp=at or time.time(),
        step_key=None,
        job_name=job_name,
        dagster_event=dg.DagsterEvent(event_type_value=kind.value, job_name=job_name, event_specific_data=data),
    )


def _parts(event: Event) -> tuple[dg.DagsterEventType, Any, str]:
    if isinstance(event, dg.AssetMaterialization):
        label = f" {event.label}" if event.label else ""
        message = event.description or f"Materialized value{label}."
        return dg.DagsterEventType.ASSET_MATERIALIZATION, StepMaterializationData(event), message
    outcome = "passed." if event.passed else "did not pass."
    described = "" if event.description is None else f" Description: '{event.description}'"
    asset = event.asset_key.to_user_string()
    message = f"Asset check '{event.check_name}' on '{asset}' {outcome}{described}"
    return dg.DagsterEventType.ASSET_CHECK_EVALUATION, event, message


def _has_runless_checks(entries: Iterable[dg.EventLogEntry]) -> bool:
    return any(entry.run_id == RUNLESS_RUN_ID and _evaluation_in(entry) for entry in entries)


def _evaluation_in(entry: dg.EventLogEntry) -> AssetCheckEvaluation | None:
    data = entry.dagster_event.event_specific_data if entry.dagster_event else None
    return data if isinstance(data, AssetCheckEvaluation) else None


def _store_together(storage: SqliteEventLogStorage, entries: Sequence[dg.EventLogEntry], run_id: str) -> None:
    rows = [storage._event_to_row(entry) for entry in entries]  # noqa: SLF001
    insert = SqlEventLogStorageTable.insert()
    with storage.run_connection(run_id) as connection:  # the run's own log, which its page in the UI shows
        connection.execute(insert, rows)
    with storage.index_transaction() as connection:
        ids: list[int] = [_number_of(connection.execute(insert, row)) for row in rows]
        told = [(e, i) for e, i in zip(entries, ids, strict=True) if _evaluation_in(e) is None]
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
        evaluation = _evaluation_in(entry)
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
