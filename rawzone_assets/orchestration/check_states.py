"""Check states: what became of each day's newest execution of a check, planned or ended.

Dagster's own answer also says of each day what its newest materialization is, which takes it ten times as long
and is not asked here. Private API of Dagster 1.13, as in ``witness``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus


class CheckState(NamedTuple):
    """The newest execution of a check on one day."""

    status: AssetCheckExecutionRecordStatus
    run_id: str  # of the run that planned or evaluated it


def newest_states(
    instance: dg.DagsterInstance, check: dg.AssetCheckKey, days: Sequence[str]
) -> dict[str, CheckState]:
    """Of each of the days on which the check was ever planned or evaluated."""
    # Storages bring SQLAlchemy, Alembic and more: whoever has an instance has them, definitions need not.
    from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable  # noqa: PLC0415
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage  # noqa: PLC0415
    from sqlalchemy import func, select  # noqa: PLC0415

    storage, row = instance.event_log_storage, AssetCheckExecutionsTable.c
    if not isinstance(storage, SqlEventLogStorage):
        infos = storage.get_asset_check_partition_info([check], partition_keys=days)
        return {
            info.partition_key: CheckState(info.latest_execution_status, info.latest_planned_run_id)
            for info in infos
            if info.partition_key
        }
    newest = (
        select(func.max(row.id))
        .where(
            row.asset_key == check.asset_key.to_string(),
            row.check_name == check.name,
            row.evaluation_event_storage_id.isnot(None),  # an older Dagster left it out of what it planned
            row.partition.in_(days),
        )
        .group_by(row.partition)
    )
    with storage.index_connection() as connection:
        found = connection.execute(
            select(row.partition, row.execution_status, row.run_id).where(row.id.in_(newest))
        )
        return {
            day: CheckState(AssetCheckExecutionRecordStatus(status), run_id) for day, status, run_id in found
        }
