"""Consistency in Dagster: an asset with a partition a capture day, whose check says which feeds kept in step.

A day is evaluated once it is over. The newest two weeks are kept up to date by the watch sensor: a delivery
that comes late changes the day it is of. That takes a run, a short one and few a day, because Dagster 1.13
stores only one evaluation a day without a run. Older days can be evaluated in the UI, as a range too.
"""

import hashlib
import json
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.wording import counted, first_of
from rawzone_assets.health.consistency import Day, consistency_of
from rawzone_assets.orchestration import launches, reporting, witness
from rawzone_assets.orchestration.liveness import alive
from rawzone_assets.orchestration.names import CONSISTENCY, IN_STEP, OWNERS, range_tags
from rawzone_assets.orchestration.overrides import ZoneResource
from rawzone_assets.orchestration.partitions import MOST_DAYS_A_RUN, days_inside, days_of_run
from rawzone_assets.orchestration.targets import Target, newest_targets
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.zone import Zone

_WINDOW = 14  # days that are kept up to date, and that a day's "days_consistent" counts
_MOST_NAMED = 8
_DAY = timedelta(days=1)


def consistency_asset(
    platforms: Sequence[Platform], partitions: dg.DailyPartitionsDefinition
) -> dg.AssetsDefinition:
    """The days, to be evaluated by hand."""
    with warnings.catch_warnings():
        # Partitioned checks are marked preview in Dagster 1.13, which pyproject pins.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        check = dg.AssetCheckSpec(
            IN_STEP,
            asset=CONSISTENCY,
            partitions_def=partitions,
            description=(
                "Every feed that was due on the day came, its data reach as near to the day as is usual for "
                "it, and no other platform's data have left them behind. Captures of several files are whole."
            ),
        )

    @dg.multi_asset(
        name="health__consistency",
        specs=[
            dg.AssetSpec(
                CONSISTENCY,
                skippable=True,
                group_name="health",
                partitions_def=partitions,
                description=(
                    "How the feeds kept in step with each other, a partition a capture day: which were "
                    "missing, whose data ended too far back, and up to which day all can be compared. Each "
                    "feed has its own tolerance. The same as `rawzone consistency`."
                ),
                tags={"zone": "raw"},
                owners=OWNERS,
            )
        ],
        check_specs=[check],
        can_subset=True,
        backfill_policy=dg.BackfillPolicy.multi_run(MOST_DAYS_A_RUN),
    )
    def evaluate_days(
        context: dg.AssetExecutionContext, zone: dg.ResourceParam[ZoneResource]
    ) -> Iterator[reporting.Event]:
        try:
            with zone.open() as opened, alive(opened, context.run.run_id):
                opened.index.catch_up()
                today = opened.clock().date()
                wanted = days_of_run(context, (today - _DAY).isoformat)
                wanted = [day for day in wanted if day < today.isoformat()]
                found = _assessed(opened, platforms, wanted)
        except ZoneError as error:
            raise dg.Failure(description=str(error)) from None
        if CONSISTENCY in context.selected_asset_keys:
            yield from (_materialization(item) for item in found)
        days = [item.partition for item in found]
        targets = newest_targets(context.instance, CONSISTENCY, days)
        for item in found:
            yield _evaluation(item, targets.get(item.partition))
        yield from reporting.check_outputs(context)

    return evaluate_days


def run_for_changes(
    instance: dg.DagsterInstance,
    zone: Zone,
    platforms: Sequence[Platform],
    partitions: dg.DailyPartitionsDefinition,
) -> dg.RunRequest | None:
    """A run for the days of the newest two weeks of which Dagster shows something else, if there are any."""
    changed = _changed(instance, zone, platforms, partitions)
    if not changed:
        return None
    first, last = changed[0].partition, changed[-1].partition
    news = launches.fingerprint(f"{item.partition} {item.content}" for item in changed)
    return dg.RunRequest(
        # With the hour, so that a run that failed is not the last word for this content.
        run_key=f"consistency:{news}:{zone.clock():%Y%m%d%H}",
        asset_selection=[CONSISTENCY],
        asset_check_keys=[],
        partition_key=first if first == last else None,
        tags={} if first == last else range_tags(first, last),
    )


def tell_changes(
    instance: dg.DagsterInstance,
    zone: Zone,
    platforms: Sequence[Platform],
    partitions: dg.DailyPartitionsDefinition,
    *,
    run: Callable[[], str],
) -> int:
    """Report those days as events of a run that is only recorded; how many there were.

    ``run`` gives its id, and is called only when there is something to report.
    """
    changed = _changed(instance, zone, platforms, partitions)
    run_id = run() if changed else ""
    reporting.tell_all(instance, [(_materialization(item), None) for item in changed], run_id=run_id)
    targets = newest_targets(instance, CONSISTENCY, [item.partition for item in changed])
    evaluations = [(_evaluation(item, targets.get(item.partition)), None) for item in changed]
    reporting.tell_all(instance, evaluations, run_id=run_id)
    return len(changed)


def _changed(
    instance: dg.DagsterInstance,
    zone: Zone,
    platforms: Sequence[Platform],
    partitions: dg.DailyPartitionsDefinition,
) -> list["_Assessed"]:
    """The over days of the newest two weeks of which Dagster shows something else."""
    today = zone.clock().date()
    recent = [(today - number * _DAY).isoformat() for number in range(_WINDOW, 0, -1)]
    found = _assessed(zone, platforms, sorted(days_inside(partitions, recent)))
    told = witness.content_by_partition(instance, CONSISTENCY, [item.partition for item in found])
    judged = witness.judged_days(instance, dg.AssetCheckKey(CONSISTENCY, IN_STEP))
    return [
        item
        for item in found
        if told.get(item.partition) != item.content or judged.get(item.partition) is not item.is_consistent
    ]


@dataclass(frozen=True, kw_only=True)
class _Assessed:
    """A day and what is shown of it."""

    partition: str
    is_consistent: bool
    description: str
    facts: Mapping[str, Any]  # numbers and texts
    rows: tuple[Mapping[str, str | int], ...]

    @property
    def content(self) -> str:
        """Everything that is shown, as a hash."""
        shown = json.dumps(
            [self.description, dict(self.facts), [dict(row) for row in self.rows]], sort_keys=True
        )
        return hashlib.sha256(shown.encode()).hexdigest()[:16]


def _assessed(zone: Zone, platforms: Sequence[Platform], wanted: Iterable[str]) -> list[_Assessed]:
    """These days, as far as anything was ever delivered by then."""
    days = sorted(wanted)
    if not days:
        return []
    since = date.fromisoformat(days[0]) - (_WINDOW - 1) * _DAY
    feeds = [feed for platform in platforms for feed in platform.feeds]
    known = consistency_of(zone, feeds, since=since, until=date.fromisoformat(days[-1]), platforms=platforms)
    asked = set(days)
    return [
        _shown(day, known[max(0, number - _WINDOW + 1) : number + 1])
        for number, day in enumerate(known)
        if day.day.isoformat() in asked and (day.delivered or day.missing or day.reached)
    ]


def _shown(day: Day, window: Sequence[Day]) -> _Assessed:
    facts: dict[str, Any] = {
        "feeds_delivered": len(day.delivered),
        "feeds_missing": len(day.missing),
        "feeds_out_of_step": len(day.out_of_step),
        "feeds_behind": len(day.behind),
        "captures_incomplete": len(day.incomplete),
        "feeds_short": len(day.short),
        "days_consistent": sum(item.is_consistent for item in window),
        "days_looked_at": len(window),
    }
    if day.common_until:
        facts["common_until"] = day.common_until.isoformat()
        facts["days_to_common"] = (day.day - day.common_until).days
    return _Assessed(
        partition=day.day.isoformat(),
        is_consistent=day.is_consistent,
        description=_sentence(day),
        facts=facts,
        rows=tuple(_rows(day)),
    )


def _sentence(day: Day) -> str:
    parts = [
        _named("missing", [item.feed for item in day.missing]),
        _named("data out of step", [item.feed for item in day.out_of_step]),
        _named("behind other platforms", [item.feed for item in day.behind]),
        _named("incomplete captures", [f"{item.folder}/" for item in day.incomplete]),
        _named("short answers alone", [item.feed for item in day.short]),
    ]
    wrong = "; ".join(part for part in parts if part)
    return wrong or f"{counted(len(day.delivered), 'feed')} delivered, all that were due and all in step"


def _named(what: str, feeds: Sequence[str]) -> str:
    return f"{what}: {first_of(feeds, _MOST_NAMED)}" if feeds else ""


def _rows(day: Day) -> Iterator[dict[str, str | int]]:
    """A line for each feed that was ever delivered; its troubles in words."""
    troubles: dict[str, list[str]] = {}
    for gap in day.missing:
        refused = f", {gap.refused} refused" if gap.refused else ""
        troubles.setdefault(gap.feed, []).append(f"missing, last {gap.last}{refused}")
    for late in day.out_of_step:
        said = f"data {late.lag} days old, usual {late.usual}, allowed {late.allowed}"
        troubles.setdefault(late.feed, []).append(said)
    for item in day.behind:
        said = f"{item.days} days behind {item.other}, allowed {item.allowed}"
        troubles.setdefault(item.feed, []).append(said)
    for capture in day.incomplete:
        lacks = ", ".join((*capture.missing, *(f"{name} (refused)" for name in capture.refused)))
        troubles.setdefault(capture.feed, []).append(f"{capture.folder}/ lacks {lacks}")
    for short in day.short:
        said = f"covers {counted(short.covered, 'day')}, usual {short.least} or more"
        troubles.setdefault(short.feed, []).append(said)
    for feed in sorted({*day.delivered, *troubles, *day.reached}):
        reached = day.reached.get(feed)
        yield {
            "feed": feed,
            "delivered": "yes" if feed in day.delivered else "",
            "data_until": reached.isoformat() if reached else "",
            "state": "; ".join(troubles.get(feed, ())) or "in step",
        }


def _materialization(item: _Assessed) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        CONSISTENCY,
        partition=item.partition,
        description=item.description,
        metadata={**item.facts, "feeds": _table(item.rows)},
        tags=reporting.versioned(item.content),
    )


def _evaluation(item: _Assessed, target: Target | None) -> dg.AssetCheckEvaluation:
    troubled = [row for row in item.rows if row["state"] != "in step"]
    return dg.AssetCheckEvaluation(
        asset_key=CONSISTENCY,
        check_name=IN_STEP,
        passed=item.is_consistent,
        severity=dg.AssetCheckSeverity.WARN,
        blocking=False,
        partition=item.partition,
        description=item.description,
        target_materialization_data=target,
        metadata={**item.facts, "feeds": _table(troubled)} if troubled else dict(item.facts),
    )


def _table(rows: Sequence[Mapping[str, str | int]]) -> dg.MetadataValue[Any]:
    columns = ("feed", "delivered", "data_until", "state")
    schema = dg.TableSchema(columns=[dg.TableColumn(name, "string") for name in columns])
    return dg.MetadataValue.table(records=[dg.TableRecord(dict(row)) for row in rows], schema=schema)
