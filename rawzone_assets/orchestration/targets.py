"""Targets: the materializations that check evaluations are aimed at, with the run and the time of their own.

Dagster's UI shows both beside each evaluation, and leads there: whoever sees a day turn red must come to the
run that stored it, not to the one that looked. Private API of Dagster 1.13, as in ``witness``.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData,
)

from rawzone_assets.orchestration import witness

Target = AssetCheckEvaluationTargetMaterializationData


def newest_targets(
    instance: dg.DagsterInstance, key: dg.AssetKey, partitions: Sequence[str]
) -> dict[str, Target]:
    """The newest materialization of each day that has any, as what its evaluations are aimed at."""
    numbers = witness.newest_materializations(instance, key, partitions)
    found = {target.storage_id: target for target in _targets(instance, key, list(numbers.values()))}
    # One that was deleted this very moment is none any more.
    return {partition: found[number] for partition, number in numbers.items() if number in found}


def _targets(instance: dg.DagsterInstance, key: dg.AssetKey, numbers: Sequence[int]) -> list[Target]:
    """Of these rows, as rows: to make events of them would take as long as a tenth of all the reporting."""
    # Storages bring SQLAlchemy, Alembic and more: whoever has an instance has them, definitions need not.
    from dagster._core.storage.event_log.schema import SqlEventLogStorageTable  # noqa: PLC0415
    from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage  # noqa: PLC0415
    from sqlalchemy import select  # noqa: PLC0415

    storage, row = instance.event_log_storage, SqlEventLogStorageTable.c
    if not numbers:
        return []
    if not isinstance(storage, SqlEventLogStorage):
        wanted = dg.AssetRecordsFilter(asset_key=key, storage_ids=numbers)
        found = instance.fetch_materializations(wanted, limit=len(numbers)).records
        return [
            Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
            for record in found
        ]
    with storage.index_connection() as connection:
        rows = connection.execute(select(row.id, row.run_id, row.timestamp).where(row.id.in_(numbers)))
        return [
            Target(storage_id=number, run_id=run_id, timestamp=at.replace(tzinfo=UTC).timestamp())
            for number, run_id, at in rows
        ]
