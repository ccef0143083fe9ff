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

Event = dg.AssetMaterialization | dg.AssetCheckEvaluation

_MOST_AT_ONCE = 250  # the database is locked for others meanwhile: about a quarter of a second


class Moments:
    """Gives each materialization of an asset in a run a millisecond of its own.

    Dagster's UI takes two of one run and one millisecond for the same event, and shows only one of them: of
    days that were stored together, its Events tab left out most.
    """

    def __init__(self) -> None:
        self._after: dict[
            tuple[dg.AssetKey, int], int
        ] = {}  # a millisecond that is taken, and where to look on

    def of(self, event: Event, at: float) -> float:
        """The time to store for an event of the time ``at``, in seconds: that one, or the next that is free."""
        if not isinstance(event, dg.AssetMaterialization):
            return at
        wanted = free = int(at * 1000)
        while (event.asset_key, free) in self._after:
            free = self._after[event.asset_key, free]
        self._after[event.asset_key, wanted] = self._after[event.asset_key, free] = free + 1
        return at if free == wanted else (free + 0.5) / 1000  # the middle, for no rounding to reach a neighbour


def store(instance: dg.DagsterInstance, entries: Sequence[dg.EventLogEntry]) -> None:
    """Store materializations and check evaluations, in their order. Assets show a whole batch or nothing."""
    # Storages bring SQLAlchemy, Alembic and more: whoever has an instance has them, definitions need not.
    from rawzone_assets.orchestration import sqlite_events  # noqa: PLC0415

    storage = instance.event_log_storage
    for start in range(0, len(entries), _MOST_AT_ONCE):
        some = entries[start : start + _MOST_AT_ONCE]
        run_ids = {entry.run_id for entry in some}
        # Dagster refuses some evaluations that belong to no run; that is its own to do.
        if sqlite_events.is_ours(storage) and len(run_ids) == 1 and not _has_runless_checks(some):
            sqlite_events.store_together(storage, some, run_ids.pop())
        else:
            for entry in some:
                instance.handle_new_event(entry)


def of_step(
    context: dg.AssetExecutionContext, events: Iterable[Event], moments: Moments
) -> list[dg.EventLogEntry]:
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
            timestamp=moments.of(event, time.time()),
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
    event: Event, *, job_name: str, run_id: str = RUNLESS_RUN_ID, at: float
) -> dg.EventLogEntry:
    """The entry that Dagster would make of an event reported from outside."""
    kind, data, _ = _parts(event)
    return dg.EventLogEntry(  # type: ignore[no-untyped-call]
        error_info=None,
        level=logging.INFO,
        user_message="",
        run_id=run_id,
        timestamp=at,
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
    return any(entry.run_id == RUNLESS_RUN_ID and evaluation_in(entry) for entry in entries)


def evaluation_in(entry: dg.EventLogEntry) -> AssetCheckEvaluation | None:
    """The check evaluation that an entry tells of, if it does."""
    data = entry.dagster_event.event_specific_data if entry.dagster_event else None
    return data if isinstance(data, AssetCheckEvaluation) else None
