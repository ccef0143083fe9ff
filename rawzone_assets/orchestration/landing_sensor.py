"""The landing sensor: what lies in landing, less what the ledger knows, becomes runs of a few days each.

It also starts runs for days that the ledger knows and Dagster does not show, which heals a crash between commit
and report, and a run that was stopped before it reported, without waiting for the next file. Correctness is
promotion's own: launching too often, too late or twice changes nothing.
"""

from collections.abc import Iterator, Mapping, Sequence

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.plain_text import printable
from rawzone_assets.contract.wording import counted
from rawzone_assets.orchestration import launches, witness
from rawzone_assets.orchestration.arrivals import arrivals
from rawzone_assets.orchestration.hidden_verdicts import days_to_tell_again
from rawzone_assets.orchestration.liveness import active_assets, report_dead_runs
from rawzone_assets.orchestration.names import (
    CONSISTENCY,
    DRILL,
    FIXITY,
    STRANGERS,
    UNRECOGNIZED,
    ZONE_HEALTH,
    columnar_key,
    health_key,
    raw_key,
)
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.partitions import days_inside
from rawzone_assets.orchestration.pending import Pending, plan
from rawzone_assets.orchestration.strangers import shows_strangers, stranger_content
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.survey import Delivery, Survey
from rawzone_assets.zone.zone import Zone

_SECONDS = 30
_MOST_REQUESTS = 12  # creating a run takes the daemon 0.2 s or more, and other sensors wait meanwhile


def landing_sensor(
    platforms: Sequence[Platform], partitions: Mapping[str, dg.DailyPartitionsDefinition]
) -> dg.SensorDefinition:
    ours = [*(raw_key(feed_id) for feed_id in partitions), UNRECOGNIZED]
    health = [CONSISTENCY, DRILL, FIXITY, ZONE_HEALTH, *(health_key(platform.id) for platform in platforms)]
    locking = [*ours, *map(columnar_key, partitions), *health]  # whose runs hold locks

    @dg.sensor(
        name="landing",
        asset_selection=dg.AssetSelection.assets(*ours),
        minimum_interval_seconds=_SECONDS,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Promotes what has landed and kept still. Looks at all of landing each time.",
    )
    def watch_landing(
        context: dg.SensorEvaluationContext, zone: dg.ResourceParam[ZoneResource]
    ) -> dg.SensorResult:
        before = launches.read_cursor(context.cursor)
        try:
            with zone.open() as opened:
                active = active_assets(context.instance)
                # A dead run's feed counts as active once more: Dagster may be about to retry the run itself.
                dead = report_dead_runs(context.instance, opened, locking)  # first: landing may be away
                found = zone.look(opened, platforms)
                pending = list(pending_work(context.instance, opened, found, partitions))
                events = list(arrivals(context.instance, found.ready, partitions))
                now = opened.clock()
        except ZoneError as error:
            return dg.SensorResult(skip_reason=str(error))
        tick = plan(pending, before=before, active=active, now=now, most=_MOST_REQUESTS)
        notes = [f"run {run_id[:8]} was dead" for run_id in dead] + tick.notes
        seen = list(_rest(found))
        summary = "; ".join([*(notes or (["nothing new"] if seen else [])), *seen]) or "landing is empty"
        if tick.requests:
            context.log.info(summary)
        return dg.SensorResult(
            run_requests=tick.requests,
            asset_events=events,
            cursor=launches.write_cursor(tick.attempts),
            skip_reason=None if tick.requests else summary,
        )

    return watch_landing


def pending_work(
    instance: dg.DagsterInstance,
    zone: Zone,
    found: Survey,
    partitions: Mapping[str, dg.DailyPartitionsDefinition],
) -> Iterator[Pending]:
    """What waits for a run: ready deliveries, days that Dagster was not told of, files of no feed."""
    ready: dict[str, list[Delivery]] = {}
    for delivery in found.ready:
        ready.setdefault(delivery.feed_id, []).append(delivery)
    untold = witness.unreported(instance, zone, partitions)
    for feed_id, hidden in days_to_tell_again(instance, zone, partitions).items():
        untold[feed_id] = sorted({*untold.get(feed_id, ()), *hidden})
    for feed_id in sorted(ready.keys() | untold.keys()):
        deliveries, days = ready.get(feed_id, []), untold.get(feed_id, [])
        targets = _target_days(partitions[feed_id], [*(d.partition for d in deliveries), *days])
        if not targets:
            continue
        parts = [f"{d.landed.label} {d.landed.signature}" for d in deliveries] + days
        what = f"{len(deliveries)} ready" + (f", {counted(len(days), 'day')} to report" if days else "")
        yield Pending(
            name=feed_id,
            asset=raw_key(feed_id),
            days=targets,
            fingerprint=launches.fingerprint(parts),
            what=what,
        )
    labels = found.strangers
    if not shows_strangers(instance, labels):
        fingerprint = stranger_content(labels)[:8]
        yield Pending(
            name=STRANGERS,
            asset=UNRECOGNIZED,
            days=(),
            fingerprint=fingerprint,
            what=counted(len(labels), "file"),
        )


def _target_days(partitions: dg.DailyPartitionsDefinition, days: Sequence[str]) -> tuple[str, ...]:
    """The partitions to run for. Deliveries of no partition are taken by any run, so the newest day will do."""
    inside = sorted(days_inside(partitions, days))
    if inside:
        return tuple(inside)
    newest = partitions.get_last_partition_key()
    return (newest,) if newest else ()


def _rest(found: Survey) -> Iterator[str]:
    if found.decided:
        yield f"{counted(len(found.decided), 'file')} dealt with"
    if found.waiting:
        yield f"{len(found.waiting)} waiting ({printable(found.waiting[0].label)}: {found.waiting[0].reason})"
    if found.unreadable:
        yield f"folders that cannot be listed: {printable(', '.join(found.unreadable[:3]))}"
