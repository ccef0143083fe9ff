"""Testimony: the heads of the ledger that Dagster's database holds, in every event that notes one.

Dagster's database is kept elsewhere than the zone and grows by its own runs, so whoever rewrites or rolls back
a zone would have to rewrite it as well. Read only: no database is created by asking.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import dagster as dg

from rawzone_assets.health.witnesses import Witness
from rawzone_assets.orchestration.event_rows import HEAD_NOTED, SEQ_NOTED, witness_of
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.orchestration.names import INTEGRITY
from rawzone_assets.zone.settings import Settings

_AT_ONCE = 1000


def testimonies(settings: Settings) -> Iterator[Witness]:
    """Every head that Dagster's database has seen, asset by asset, newest event first.

    Raises:
        InstanceUnusable: Dagster's home, its configuration or its database cannot be used.
    """
    with open_instance(settings) as instance:
        for key in sorted(instance.get_asset_keys(), key=lambda key: tuple(key.path)):
            yield from _materializations(instance, key)
            if key.path[0] == "raw":
                yield from _evaluations(instance, dg.AssetCheckKey(key, INTEGRITY))


def _materializations(instance: dg.DagsterInstance, key: dg.AssetKey) -> Iterator[Witness]:
    cursor: str | None = None
    while True:
        found = instance.fetch_materializations(key, limit=_AT_ONCE, cursor=cursor)
        for record in found.records:
            event = record.asset_materialization
            if event:
                yield from _witness(event.metadata, key, None, event.partition, record.timestamp)
        if not found.has_more:
            return
        cursor = found.cursor


def _evaluations(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> Iterator[Witness]:
    cursor: int | None = None
    while True:
        found = instance.event_log_storage.get_asset_check_execution_history(key, limit=_AT_ONCE, cursor=cursor)
        for record in found:
            event = record.event.dagster_event if record.event else None
            data = event.event_specific_data if event else None
            if isinstance(data, dg.AssetCheckEvaluation):
                at = record.create_timestamp
                yield from _witness(data.metadata, key.asset_key, key.name, data.partition, at)
        if len(found) < _AT_ONCE:
            return
        cursor = found[-1].id


def _witness(
    metadata: Any, asset: dg.AssetKey, check: str | None, partition: str | None, at: float
) -> Iterator[Witness]:
    seq, head = (metadata[name].value if name in metadata else None for name in (SEQ_NOTED, HEAD_NOTED))
    when = f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}"
    yield from witness_of(seq, head, asset=asset.to_user_string(), check=check, partition=partition, at=when)
