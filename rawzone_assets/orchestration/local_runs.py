"""Local runs: what the landing sensor does, once, as real Dagster runs in this process.

The runs are recorded in the instance like any others; what came of them is read back from the ledger, which
is the truth, by the ids of the runs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import dagster as dg
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.execution.execute_in_process import core_execute_in_process, merge_run_tags

from rawzone_assets.contract.feed import Platform
from rawzone_assets.orchestration import reporting, witness
from rawzone_assets.orchestration.arrivals import arrivals
from rawzone_assets.orchestration.landing_sensor import pending_work
from rawzone_assets.orchestration.launches import yearly_spans
from rawzone_assets.orchestration.liveness import ACTIVE
from rawzone_assets.orchestration.logs import QUIET
from rawzone_assets.orchestration.names import FEED_TAG, HEALTH_JOB, range_tags, raw_key
from rawzone_assets.orchestration.overrides import Overrides, ZoneResource
from rawzone_assets.orchestration.partitions import feed_partitions
from rawzone_assets.orchestration.pending import Pending
from rawzone_assets.orchestration.run_results import LocalRun, LocalRuns
from rawzone_assets.orchestration.strangers import shows_strangers
from rawzone_assets.orchestration.told import circumstances
from rawzone_assets.zone.committed import CommittedBy
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.promotion import Outcome
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.survey import Delivery, Survey, Waiting
from rawzone_assets.zone.zone import Zone

Build = Callable[[Overrides], dg.Definitions]
Progress = Callable[[int, int], None]
"""Called with (files dealt with, files in all)."""

_TIMESTAMPS_ARE_COARSE = timedelta(seconds=2)
_INTERRUPTED = "DagsterExecutionInterruptedError"


def promote_landing(
    instance: dg.DagsterInstance,
    overrides: Overrides,
    *,
    build: Build,
    platforms: Sequence[Platform],
    feeds: Collection[str] = (),
    progress: Progress | None = None,
) -> LocalRuns:
    """Promote what is ready of some feeds, or of all and then record the files of no feed.

    Raises:
        ZoneError: There is no landing folder, or the zone cannot be opened.
    """
    begun = datetime.now(UTC)
    resource = ZoneResource(overrides=overrides)
    with resource.open() as zone:
        done = LocalRuns(committed=CommittedBy(zone.ledger), finished_batches=zone.recover())
        before = zone.index.catch_up().seq
        found = _chosen(resource.look(zone, platforms), resource, feeds)
        days = {
            feed.id: feed_partitions(feed, zone.settings.start)
            for platform in platforms
            for feed in platform.feeds
        }
        landed = arrivals(instance, found.ready, days, most=None)
        reporting.tell_all(instance, [(event, None) for event in landed])
        everything = list(pending_work(instance, zone, found, days))
        pending = [work for work in everything if not feeds or work.name in feeds]
        count = _Count(len(found.ready), progress)
        if pending:  # else nobody need judge, and nothing be defined: that is a second of processor time
            with resource.judging() as (judge, _):
                shared = judge if isinstance(judge, JudgePool) else None
                definitions = build(
                    replace(overrides, survey=found, progress=count, judges=shared, tell=done.warnings.append)
                )
                job = definitions.resolve_implicit_global_asset_job_def()
                for work in pending:
                    done.runs += _runs(instance, job, work)
        nobody_else_committed = _read_back(zone, before, done)
        look = _Look(instance=instance, zone=zone, found=found, begun=begun, before=before)
        if len(pending) == len(everything) and nobody_else_committed and look.is_all_told(done):
            done.told = circumstances(zone, found, platforms)
        done.waiting = [*found.waiting, *count.waiting]
    return done


def report_health(instance: dg.DagsterInstance, overrides: Overrides, *, build: Build) -> bool:
    """Whether a run of the health report went well: its assets show nothing before their schedule's hour."""
    job = build(overrides).resolve_job_def(HEALTH_JOB)
    return job.execute_in_process(instance=instance, run_config=QUIET, raise_on_error=False).success


class _Count:
    """Turns batches into a count of files, and keeps what they had to leave waiting."""

    def __init__(self, total: int, progress: Progress | None) -> None:
        self._done = 0
        self._total = total
        self._progress = progress
        self.waiting: list[Waiting] = []

    def __call__(self, batch: Sequence[Delivery], outcome: Outcome) -> None:
        self.waiting += outcome.waiting
        self._done += len(batch)
        if self._progress:
            self._progress(self._done, self._total)


def _chosen(found: Survey, resource: ZoneResource, feeds: Collection[str]) -> Survey:
    return replace(
        found,
        ready=tuple(d for d in found.ready if resource.wants(d) and (not feeds or d.feed_id in feeds)),
        waiting=found.waiting_of(feeds),
    )


def _runs(instance: dg.DagsterInstance, job: dg.JobDefinition, work: Pending) -> Iterator[LocalRun]:
    # Assets without their checks, as the sensor asks for them: the run reports the checks itself.
    selected = job.get_subset(asset_selection={work.asset}, asset_check_selection=set())
    if not work.days:
        yield _run(instance, selected, work, {})
    for first, last in yearly_spans(work.days):
        if first == last:
            yield _run(instance, selected, work, {}, partition=first)
        else:
            yield _run(instance, selected, work, range_tags(first, last))


def _run(
    instance: dg.DagsterInstance,
    job: dg.JobDefinition,
    work: Pending,
    tags: Mapping[str, str],
    *,
    partition: str | None = None,
) -> LocalRun:
    name = work.name
    # What ``JobDefinition.execute_in_process`` does, which names no asset in the run unless it may select the
    # checks with it: the UI's list of runs would not say what these were for.
    result = core_execute_in_process(
        job=InMemoryJob(job.as_ephemeral_job(resource_defs={}, input_values={})),
        instance=instance,
        run_config=QUIET,
        run_tags=merge_run_tags(
            job_def=job,
            partition_key=partition,
            tags={FEED_TAG: name, **tags},
            asset_selection=[work.asset],
            instance=instance,
            run_config=QUIET,
        ),
        asset_selection=frozenset({work.asset}),
        output_capturing_enabled=False,
        raise_on_error=False,
    )
    if result.success:
        return LocalRun(name=name, run_id=result.run_id)
    failures = [event.step_failure_data for event in result.all_events if event.is_step_failure]
    if any(failure.error and failure.error.cls_name == _INTERRUPTED for failure in failures):
        raise KeyboardInterrupt  # Dagster made it a failed run, after which the next one would begin
    return LocalRun(name=name, run_id=result.run_id, problem=_problem(result.run_id, name, failures))


def _problem(run_id: str, name: str, failures: Sequence[Any]) -> str:
    """The sentence of a failed run; anything but an expected failure is ours, and told with its error."""
    for failure in failures:
        if failure.user_failure_data and failure.user_failure_data.description:
            return str(failure.user_failure_data.description)
        if failure.error:
            cause = failure.error.cause or failure.error
            return f"The run {run_id} for {name} failed: {str(cause.message).strip()}"
    return f"The run {run_id} for {name} failed: Dagster's log of it says why."


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What a promotion by hand began with."""

    instance: dg.DagsterInstance
    zone: Zone
    found: Survey
    begun: datetime
    before: int  # the head of the ledger

    def is_all_told(self, done: LocalRuns) -> bool:
        """Whether Dagster knows all there is: all of ``before``, and what only these runs committed since then.

        When anybody else may have told it something, or taken something away, the next look compares as ever.
        """
        ours = {run.run_id for run in done.runs}
        if done.problems or not witness.is_marked(self.instance, self.zone, self.before):
            return False
        if not (self._is_alone(ours) and self._still_shows(done, ours)):
            return False
        witness.mark_reported(self.instance, self.zone, self.zone.index.head.seq)
        return True

    def _is_alone(self, ours: Collection[str]) -> bool:
        """Whether no other run was under way meanwhile: it may report what it saw before we committed."""
        since = dg.RunsFilter(updated_after=self.begun - _TIMESTAMPS_ARE_COARSE)
        others = [*self.instance.get_runs(since), *self.instance.get_runs(dg.RunsFilter(statuses=ACTIVE))]
        return all(run.run_id in ours for run in others)

    def _still_shows(self, done: LocalRuns, ours: Collection[str]) -> bool:
        """Whether nobody took away what was told: of the feeds that were promoted, and of files of no feed."""
        counts = done.committed.counts
        promoted = {feed for feed, verdict in counts if feed and verdict is Verdict.PROMOTED}
        newest = (self.instance.get_latest_materialization_event(raw_key(feed)) for feed in promoted)
        return all(event and event.run_id in ours for event in newest) and shows_strangers(
            self.instance, self.found.strangers
        )


def _read_back(zone: Zone, after: int, done: LocalRuns) -> bool:
    """Note what these runs committed, in ledger order; whether nobody else committed anything."""
    ours, is_ours_alone = {run.run_id for run in done.runs}, True
    for seq in range(after + 1, zone.index.catch_up().seq + 1):
        commit = zone.ledger.commit(seq)
        if not commit or commit.run_id not in ours:
            is_ours_alone = False
            continue
        done.committed.add(commit)
    return is_ours_alone
