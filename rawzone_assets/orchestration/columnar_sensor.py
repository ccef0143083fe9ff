"""The columnar sensor: days of raw that are newer than their columns become runs of a few days each.

Level-triggered like the landing sensor, and with its pauses: a history that was promoted before a daemon ran, a
reindex of an empty Dagster and a run that failed all leave days behind, which the next look sees. Dagster's own
automation conditions see updates only, once each, and ask for a run for every gap between days.
"""

from collections.abc import Iterator, Mapping

import dagster as dg

from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import launches, witness
from rawzone_assets.orchestration.liveness import active_assets
from rawzone_assets.orchestration.names import columnar_key, raw_key
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.partitions import days_inside
from rawzone_assets.orchestration.pending import Pending, plan

_SECONDS = 60
_MOST_REQUESTS = 4
"""Dagster's daemon launches what a tick asks for before it asks the next sensor, and takes seconds a run where
others are busy: a history of all feeds at once would hold up promotion and alerts. Columns can wait."""


def columnar_sensor(partitions: Mapping[str, dg.DailyPartitionsDefinition]) -> dg.SensorDefinition:
    """Asks for the days of each feed whose raw partition was materialized after their projection."""

    @dg.sensor(
        name="columnar",
        asset_selection=dg.AssetSelection.assets(*map(columnar_key, partitions)),
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Projects the days of raw that are newer than their columns, also after a run that failed.",
    )
    def watch_raw(context: dg.SensorEvaluationContext, zone: dg.ResourceParam[ZoneResource]) -> dg.SensorResult:
        tick = plan(
            list(_behind(context.instance, partitions)),
            before=launches.read_cursor(context.cursor),
            active=active_assets(context.instance),
            now=zone.overrides.clock(),
            most=_MOST_REQUESTS,
        )
        summary = "; ".join(tick.notes) or "every day of raw is projected"
        if tick.requests:
            context.log.info(summary)
        return dg.SensorResult(
            run_requests=tick.requests,
            cursor=launches.write_cursor(tick.attempts),
            skip_reason=None if tick.requests else summary,
        )

    return watch_raw


def _behind(
    instance: dg.DagsterInstance, partitions: Mapping[str, dg.DailyPartitionsDefinition]
) -> Iterator[Pending]:
    for feed_id, days in partitions.items():
        raw = witness.newest_materializations(instance, raw_key(feed_id))
        projected = witness.newest_materializations(instance, columnar_key(feed_id))
        newer = {day for day, stored in raw.items() if stored > projected.get(day, -1)}
        behind = tuple(sorted(days_inside(days, newer)))
        if behind:
            key = columnar_key(feed_id)
            yield Pending(
                name="/".join(key.path),  # not the feed's: its promotion need not wait for this
                asset=key,
                days=behind,
                fingerprint=launches.fingerprint(f"{day} {raw[day]}" for day in behind),
                what=counted(len(behind), "day"),
            )
