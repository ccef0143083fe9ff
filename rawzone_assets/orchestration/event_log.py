"""Dagster's event log, read from where the last reading ended: in order, nothing lost, nothing twice.

Ids alone are no safe cursor. A database with many writers shows a lower id after a higher one, so what is
younger than a while is read again and compared with what was handled. SQLite gives ids again once the newest
run was deleted, so the cursor never lies above the newest id. Storage methods are private API of Dagster 1.13:
its public reader refuses plain cursors on SQLite, and has no successor for checks.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import dagster as dg

READ = (
    dg.DagsterEventType.ASSET_CHECK_EVALUATION,
    dg.DagsterEventType.FRESHNESS_STATE_CHANGE,
    dg.DagsterEventType.RUN_FAILURE,
    dg.DagsterEventType.RUN_SUCCESS,
)
_MOST_OF_A_TYPE = 2000  # about a second's reading
_UNSETTLED = 120.0  # seconds within which a transaction that took an id early has committed


@dataclass(frozen=True, kw_only=True)
class News:
    """One event that was not handled before."""

    id: int
    at: datetime
    run_id: str
    event: dg.DagsterEvent


@dataclass(frozen=True, kw_only=True)
class Position:
    """All up to ``cursor`` is handled, and of what came after it those in ``handled`` (id to timestamp)."""

    instance: str
    cursor: int
    handled: Mapping[int, float]

    def as_json(self) -> dict[str, Any]:
        handled = {str(number): at for number, at in self.handled.items()}
        return {"instance": self.instance, "cursor": self.cursor, "handled": handled}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Position:
        """Read back what :meth:`as_json` wrote."""
        handled = {int(number): float(at) for number, at in record["handled"].items()}
        return cls(instance=str(record["instance"]), cursor=int(record["cursor"]), handled=handled)


def newest_position(instance: dg.DagsterInstance) -> Position:
    """The end of the log as it is now."""
    newest = instance.event_log_storage.get_maximum_record_id() or 0
    return Position(instance=_database(instance), cursor=newest, handled={})


def is_of(position: Position, instance: dg.DagsterInstance) -> bool:
    """Whether a position was noted in this Dagster database and not in another one."""
    return position.instance == _database(instance)


def read_news(
    instance: dg.DagsterInstance, position: Position, *, now: float | None = None
) -> tuple[list[News], Position, bool]:
    """The next events in the order of their ids, the position after them, and whether the log goes on."""
    newest = instance.event_log_storage.get_maximum_record_id() or 0
    if position.cursor > newest:
        handled = {number: at for number, at in position.handled.items() if number <= newest}
        position = Position(instance=position.instance, cursor=newest, handled=handled)
    found: list[dg.EventLogRecord] = []
    ends: list[int] = []
    limit = _MOST_OF_A_TYPE + len(position.handled)
    for kind in READ:
        records = _records(instance, kind, after=position.cursor, limit=limit)
        if len(records) == limit:
            ends.append(records[-1].storage_id)
        found += records
    # Beyond the end of a type that goes on, events of the others would overtake its own.
    upto = min(ends, default=None)
    ordered = sorted(
        (record for record in found if upto is None or record.storage_id <= upto),
        key=lambda record: record.storage_id,
    )
    news = [_news(r) for r in ordered if position.handled.get(r.storage_id) != r.event_log_entry.timestamp]
    return news, _moved(position, ordered, time.time() if now is None else now), bool(ends)


def _records(
    instance: dg.DagsterInstance, kind: dg.DagsterEventType, *, after: int, limit: int
) -> list[dg.EventLogRecord]:
    # Storages bring SQLAlchemy, Alembic and more: whoever reads a log has them loaded, definitions need not.
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage  # noqa: PLC0415

    storage, wanted = instance.event_log_storage, dg.EventRecordsFilter(event_type=kind, after_cursor=after)
    if isinstance(storage, SqlEventLogStorage):
        # Around SQLite's own method, which looks into a database a run and knows no cursor.
        return list(SqlEventLogStorage.get_event_records(storage, wanted, limit=limit, ascending=True))
    return list(storage.get_event_records(wanted, limit=limit, ascending=True))


def _moved(position: Position, read: Iterable[dg.EventLogRecord], now: float) -> Position:
    """The cursor stops at the last event that is too old for another to appear before it."""
    handled: dict[int, float] = {}
    cursor = position.cursor
    for record in read:
        at = record.event_log_entry.timestamp
        if handled or now - at < _UNSETTLED:
            handled[record.storage_id] = at
        else:
            cursor = record.storage_id
    return Position(instance=position.instance, cursor=cursor, handled=handled)


def _database(instance: dg.DagsterInstance) -> str:
    """The name that a database gave itself when it was created."""
    from dagster._core.storage.runs.sql_run_storage import SqlRunStorage  # noqa: PLC0415  see above

    storage = instance.run_storage
    return str(storage.get_run_storage_id()) if isinstance(storage, SqlRunStorage) else ""


def _news(record: dg.EventLogRecord) -> News:
    entry = record.event_log_entry
    return News(
        id=record.storage_id,
        at=datetime.fromtimestamp(entry.timestamp, UTC),
        run_id=entry.run_id,
        event=entry.get_dagster_event(),
    )
