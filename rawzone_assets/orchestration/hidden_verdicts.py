"""Hidden verdicts: days whose checks Dagster planned for a run that ended without evaluating them.

A run that is started in the UI has its checks planned for each of its days, and a check that was planned later
than it was evaluated shows nothing: when such a run is terminated, dies or fails before it reports, red days of
a whole range look like days that nobody judged. Whoever looks for what Dagster lacks counts them as lacking.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta

import dagster as dg
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from rawzone_assets.orchestration.check_states import CheckState, newest_states
from rawzone_assets.orchestration.days import Days
from rawzone_assets.orchestration.liveness import ACTIVE
from rawzone_assets.orchestration.names import INTEGRITY, RANGE_END, RANGE_START, raw_key
from rawzone_assets.zone.zone import Zone

_ENDED_BADLY = [dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]
_RECENT = timedelta(days=2)  # what is older, `rawzone reindex` finds
_PARTITION = "dagster/partition"


def hidden_in(instance: dg.DagsterInstance, states: Mapping[str, CheckState]) -> set[str]:
    """The days among these whose check no run under way will evaluate."""
    planned = {
        day: state.run_id
        for day, state in states.items()
        if state.status is AssetCheckExecutionRecordStatus.PLANNED
    }
    if not planned:
        return set()
    wanted = dg.RunsFilter(run_ids=sorted(set(planned.values())), statuses=ACTIVE)
    under_way = {run.run_id for run in instance.get_runs(wanted)}
    return {day for day, run_id in planned.items() if run_id not in under_way}


def days_to_tell_again(
    instance: dg.DagsterInstance, zone: Zone, partitions: Mapping[str, dg.DailyPartitionsDefinition]
) -> dict[str, list[str]]:
    """The days that runs of the last two days left without a verdict, by feed: those the ledger knows."""
    ended = dg.RunsFilter(statuses=_ENDED_BADLY, updated_after=datetime.now(UTC) - _RECENT)
    # All of them, at a quarter of a millisecond each: those that sensors ask for plan no checks, and fail by
    # the dozen while a disk is full.
    runs = [run for run in instance.get_runs(ended) if run.asset_check_selection != frozenset()]
    found: dict[str, list[str]] = {}
    for feed_id, days in partitions.items():
        own = [run for run in runs if raw_key(feed_id) in _assets_of(run)]
        meant = {day for run in own for day in _days_of(run, days)}
        hidden = _hidden(instance, feed_id, sorted(meant)) if meant else set()
        known = Days(zone.index, feed_id, sorted(hidden)) if hidden else {}
        if known:
            found[feed_id] = list(known)
    return found


def _hidden(instance: dg.DagsterInstance, feed_id: str, days: Sequence[str]) -> set[str]:
    check = dg.AssetCheckKey(raw_key(feed_id), INTEGRITY)
    return hidden_in(instance, newest_states(instance, check, days))


def _assets_of(run: dg.DagsterRun) -> Collection[dg.AssetKey]:
    return {*(run.asset_selection or ()), *(check.asset_key for check in run.asset_check_selection or ())}


def _days_of(run: dg.DagsterRun, days: dg.DailyPartitionsDefinition) -> Iterator[str]:
    """The days that a run was for; Dagster plans checks of a run without any for no day."""
    first, last = run.tags.get(RANGE_START), run.tags.get(RANGE_END)
    if first and last and days.has_partition_key(first) and days.has_partition_key(last):
        yield from days.get_partition_keys_in_range(dg.PartitionKeyRange(first, last))
    elif _PARTITION in run.tags:
        yield run.tags[_PARTITION]
