"""Liveness: whether the process of a started run still exists.

Dagster's default launcher never finds out that a run's process was killed: the run stays "started" for hours
and blocks its asset's next one. So each step of our runs holds a lock of its own that dies with its process.
The sensor reports a run failed when nobody holds one of its locks, unless its log tells of this very moment:
between two steps a run has none, and steps of other people's assets never have. Only for runs on this machine;
elsewhere Dagster's own launchers look after their workers.
"""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import dagster as dg
from dagster._core.launcher.default_run_launcher import DefaultRunLauncher

from rawzone_assets.zone.files import ensure_folder
from rawzone_assets.zone.zone import Zone

_WITHOUT_A_LOCK = timedelta(minutes=5)  # from a run's start to its first lock is a second or two
_BETWEEN_STEPS = timedelta(seconds=10)  # a step gives up its lock, and Dagster tells of its end at once

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
    """Hold a lock for a step of this run. Without a place for it the run goes on: it only cannot be missed."""
    # Its own: steps may be processes beside each other.
    path = _locks(zone) / f"{run_id}.{secrets.token_hex(4)}"
    with contextlib.ExitStack() as stack:
        with contextlib.suppress(OSError):
            ensure_folder(zone.files, path.parent)
            stack.enter_context(zone.files.lock(path, wait=True))  # whoever looks at it holds it for a moment
        try:
            yield
        finally:
            with contextlib.suppress(OSError):
                zone.files.remove(path)


def active_assets(instance: dg.DagsterInstance) -> set[dg.AssetKey]:
    """The assets that a run is under way for, whoever started it."""
    runs = instance.get_runs(dg.RunsFilter(statuses=ACTIVE))
    return {key for run in runs for key in run.asset_selection or ()}


def report_dead_runs(instance: dg.DagsterInstance, zone: Zone, ours: Iterable[dg.AssetKey]) -> list[str]:
    """Report started runs as failed whose process is gone; their ids.

    Those that left a lock, and those without any that are of no other assets than ``ours``.
    """
    if not isinstance(instance.run_launcher, DefaultRunLauncher):
        return []
    assets, dead = set(ours), []
    for record in instance.get_run_records(dg.RunsFilter(statuses=[dg.DagsterRunStatus.STARTED])):
        run = record.dagster_run
        locks, meant = _locks_of(zone, run.run_id), run.asset_selection or frozenset()
        if not locks and not (meant and meant <= assets):
            continue
        if not any(_is_held(zone, path) for path in locks) and _is_silent(instance, zone, run.run_id, locks):
            instance.report_run_failed(run, "The run's process is gone; what it committed stays.")
            for path in locks:
                with contextlib.suppress(OSError):
                    zone.files.remove(path)
            dead.append(run.run_id)
    return dead


def _locks_of(zone: Zone, run_id: str) -> list[Path]:
    folder = _locks(zone)
    try:
        return [folder / name for name in zone.files.names(folder) if name.startswith(run_id)]
    except OSError:
        return []


def _is_held(zone: Zone, path: Path) -> bool:
    try:
        with zone.files.lock(path, wait=False) as free:
            return not free
    except OSError:
        return True  # nobody can tell


def _is_silent(instance: dg.DagsterInstance, zone: Zone, run_id: str, locks: list[Path]) -> bool:
    """Whether nothing was heard of a run for longer than it can go without a lock.

    One that was killed before it took its first looks just like one that is about to take it.
    """
    newest = instance.get_records_for_run(run_id, limit=1, ascending=False).records
    if not newest:
        return bool(locks)
    heard = datetime.fromtimestamp(newest[0].timestamp, zone.clock().tzinfo)
    return zone.clock() - heard > (_BETWEEN_STEPS if locks else _WITHOUT_A_LOCK)


def _locks(zone: Zone) -> Path:
    return zone.layout.state / "runs"
