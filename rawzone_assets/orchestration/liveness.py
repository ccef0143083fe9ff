"""Liveness: whether the process of a started run still exists.

Dagster's default launcher never finds out that a run's process was killed: the run stays "started" for hours
and blocks its feed's next one. So each of our runs holds a lock that dies with its process, and the sensor
reports runs failed whose lock nobody holds. Only for runs on this machine; elsewhere Dagster's own launchers
look after their workers.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from rawzone_assets.orchestration.names import FEED_TAG, STRANGERS, UNRECOGNIZED, raw_key
from rawzone_assets.zone.files import ensure_folder
from rawzone_assets.zone.zone import Zone

_UNLOCKED_FOR = timedelta(minutes=5)  # from a run's start to its lock is a second or two

ACTIVE = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
"""What a run is that may still report something."""


@contextlib.contextmanager
def alive(zone: Zone, run_id: str) -> Iterator[None]:
    """Hold this run's lock. Without a place for it the run goes on: it only cannot be missed."""
    path = _lock(zone, run_id)
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            ensure_folder(zone.files, path.parent)
            stack.enter_context(zone.files.lock(path, wait=False))
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                zone.files.remove(path)


def active_assets(instance: dg.DagsterInstance) -> set[dg.AssetKey]:
    """The assets that a run is under way for, whoever started it."""
    runs = instance.get_runs(dg.RunsFilter(statuses=ACTIVE))
    return {key for run in runs for key in _assets_of(run)}


def report_dead_runs(instance: dg.DagsterInstance, zone: Zone, ours: Iterable[dg.AssetKey]) -> list[str]:
    """Report started runs of our assets as failed whose process is gone; their ids."""
    if not isinstance(instance.run_launcher, DefaultRunLauncher):
        return []
    assets, dead = set(ours), []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        if not assets & _assets_of(run):
            continue
        started = datetime.fromtimestamp(record.start_time, zone.clock().tzinfo) if record.start_time else None
        if _is_dead(zone, run.run_id, started):
            instance.report_run_failed(run, "The run's process is gone; what it committed stays.")
            with contextlib.suppress(OSError):
                zone.files.remove(_lock(zone, run.run_id))
            dead.append(run.run_id)
    return dead


def _assets_of(run: dg.DagsterRun) -> set[dg.AssetKey]:
    """The assets a run is for; our runs outside of the daemon name them in a tag only."""
    name = run.tags.get(FEED_TAG)
    tagged = {UNRECOGNIZED if name == STRANGERS else raw_key(name)} if name else set()
    return tagged | set(run.asset_selection or ())


def _is_dead(zone: Zone, run_id: str, started: datetime | None) -> bool:
    path = _lock(zone, run_id)
    if zone.files.status(path) is None:
        # Killed before it took the lock, or reported its end this very moment: time tells.
        return started is not None and zone.clock() - started > _UNLOCKED_FOR
    try:
        with zone.files.lock(path, wait=False) as free:
            return free
    except OSError:
        return False


def _lock(zone: Zone, run_id: str) -> Path:
    return zone.layout.state / "runs" / run_id
