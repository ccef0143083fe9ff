"""Single runs: what promoting one partition costs as a Dagster run of its own.

Beside it, in this process and its Dagster instance, runs an asset that does nothing. Dagster itself pays for
each check of an asset, planned and evaluated, so one that passes as many checks is run as well.
"""

from __future__ import annotations

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import dagster as dg

from benchmarks.dagster_homes import new_dagster_home
from benchmarks.histories import land_history
from benchmarks.instances import opened

_TEMPLATE, _FEED = "tiktok_trends_{stamp}.json", "tiktok/trends"
_DAYS = dg.DailyPartitionsDefinition("2020-01-01")
IDLE, AS_THE_SENSOR = "an asset that does nothing", f"{_FEED}, as the sensor asks for it"
_Run = Callable[[str], bool]


def cost_of_single_runs(folder: Path, *, runs: int) -> dict[str, tuple[float, float]]:
    """Median CPU seconds of a run in this process, and in the processes that it starts, by kind of asset."""
    days = land_history(_TEMPLATE, 2 * (runs + 1), folder / "landing")
    here: dict[str, list[float]] = {}
    elsewhere: dict[str, list[float]] = {}
    with _installed(folder) as kinds:
        for turn in range(runs + 1):
            for number, (name, run) in enumerate(kinds.items()):
                day = days[2 * turn + number % 2]  # the two that promote find a delivery of their own each
                before = _cpu()
                if not run(day.isoformat()):
                    raise RuntimeError(f"a run of {name} failed: its messages are in {folder / 'dagster'}")
                after = _cpu()
                if turn:  # the first imports and creates what all others use
                    here.setdefault(name, []).append(after[0] - before[0])
                    elsewhere.setdefault(name, []).append(after[1] - before[1])
    return {name: (median(here[name]), median(elsewhere[name])) for name in here}


@contextmanager
def _installed(folder: Path) -> Iterator[dict[str, _Run]]:
    """A Dagster instance and a zone, and how each kind of asset is run there."""
    home = new_dagster_home(folder / "dagster")
    with opened(home=folder / "zone", landing=folder / "landing", dagster_home=home) as (defs, instance):
        idle, feed = dg.AssetKey(["idle"]), dg.AssetKey(["raw", *_FEED.split("/")])
        checks = set(defs.get_assets_def(feed).check_keys)  # of each day; others look at the feed by hand
        checked = _idle(sorted(check.name for check in checks))
        yield {
            IDLE: _runner(_idle([]), idle, None, instance),
            f"... and passes {len(checks)} checks": _runner(checked, idle, None, instance),
            AS_THE_SENSOR: _runner(defs, feed, set(), instance),
            f"{_FEED}, with its checks planned": _runner(defs, feed, checks, instance),
        }


def _idle(checks: list[str]) -> dg.Definitions:
    @dg.asset(partitions_def=_DAYS, check_specs=[dg.AssetCheckSpec(name, asset="idle") for name in checks])
    def idle() -> Iterator[Any]:
        results = [dg.AssetCheckResult(passed=True, check_name=name) for name in checks]
        yield dg.MaterializeResult(metadata={"files": 1}, check_results=results)

    return dg.Definitions(assets=[idle])


def _runner(
    defs: dg.Definitions,
    key: dg.AssetKey,
    checks: set[dg.AssetCheckKey] | None,
    instance: dg.DagsterInstance,
) -> _Run:
    """``checks`` are those that Dagster plans: by default all there are."""
    job = defs.resolve_implicit_global_asset_job_def()
    return lambda day: (
        job.get_subset(asset_selection={key}, asset_check_selection=checks)
        .execute_in_process(instance=instance, partition_key=day)
        .success
    )


def _cpu() -> tuple[float, float]:
    """Seconds of processor time so far, of this process and of those that it has seen end."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return used[0].ru_utime + used[0].ru_stime, used[1].ru_utime + used[1].ru_stime
