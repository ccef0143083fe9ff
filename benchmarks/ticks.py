"""Ticks: what the landing sensor takes where nothing is new, beside a bare look at names, sizes and times.

All files are promoted and told to Dagster first. Then our scan, the survey that compares it with what is known,
and a whole tick of the landing sensor look at the same folders, in turns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from random import Random

import dagster as dg

from benchmarks.instances import opened
from benchmarks.looking import SomethingNew, nothing_new, settings_of
from benchmarks.measuring import run
from benchmarks.plans import LAST_DAY, clocks, routine_named
from benchmarks.sides import SIDES
from rawzone_assets.zone.landing import Landing
from rawzone_assets.zone.zone import Zone

_TEMPLATES = ("tiktok_trends_{stamp}.json", "toolost_spotify_{stamp}.json")
_A_DAY = 1000  # files of a feed: a hundred thousand are fifty days of two feeds

BARE, SCAN, SURVEY, TICK = "scandir and stat", "the scan", "the survey", "a tick of the sensor"


@dataclass(frozen=True, kw_only=True)
class Looks:
    """What looking took: CPU seconds of each way, turn by turn."""

    files: int
    cursor: int  # bytes that the sensor keeps from one tick to the next
    took: Mapping[str, list[float]]

    def ratios(self, way: str) -> list[float]:
        """A way beside the bare look of the same turn."""
        return [ours / bare for ours, bare in zip(self.took[way], self.took[BARE], strict=True)]


def cost_of_ticks(files: int, folder: Path, *, turns: int) -> Looks:
    """Promote so many files, tell Dagster of them, and look at them again.

    Raises:
        SomethingNew: They are not all dealt with.
    """
    landing, home = folder / "landing", folder / "home"
    _land(files, landing)
    command = SIDES["rawzone"].promote(landing, home)
    run(command, folder / "log")
    with (
        opened(home=home, landing=landing, dagster_home=home / "dagster") as (defs, instance),
        Zone(settings_of(landing, home)) as zone,
    ):
        sensor = _Sensor(defs, instance)
        ways: Mapping[str, Callable[[], object]] = {
            BARE: lambda: _walk(str(landing)),
            SCAN: Landing(landing).scan,
            SURVEY: partial(nothing_new, zone),
            TICK: sensor.tick,
        }
        took: dict[str, list[float]] = {name: [] for name in ways}
        for turn in range(turns + 1):
            for name, look in ways.items():
                started = time.process_time()
                look()
                if turn:  # the first look reads what all others find read
                    took[name].append(time.process_time() - started)
    return Looks(files=files, cursor=len(sensor.cursor or ""), took=took)


def _land(files: int, landing: Path) -> None:
    """The same bytes under names of many days: who looks at names, sizes and times reads none of them."""
    each = files // len(_TEMPLATES)
    for template in _TEMPLATES:
        routine = routine_named(template)
        for number in range(each):
            day = LAST_DAY - timedelta(days=number // _A_DAY)
            if number % _A_DAY == 0:
                stamps, data = clocks(0), routine.make(day, Random(number))
            path = landing / routine.path_at(day, f"{day:%Y%m%d}_{next(stamps)}")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)


class _Sensor:
    """The landing sensor as the daemon evaluates it, with what it keeps from one tick to the next."""

    def __init__(self, defs: dg.Definitions, instance: dg.DagsterInstance) -> None:
        self._sensor = defs.resolve_sensor_def("landing")
        self._defs = defs
        self._instance = instance
        self.cursor: str | None = None

    def tick(self) -> None:
        context = dg.build_sensor_context(
            instance=self._instance,
            definitions=self._defs,
            cursor=self.cursor,
            resources={"zone": (self._defs.resources or {})["zone"]},
        )
        result = self._sensor(context)
        if not isinstance(result, dg.SensorResult) or result.run_requests or result.asset_events:
            raise SomethingNew(f"a tick asks for something: {result}")
        self.cursor = result.cursor


def _walk(folder: str) -> int:
    """The sizes of all files below a folder, each looked at once."""
    with os.scandir(folder) as entries:
        return sum(
            _walk(entry.path)
            if entry.is_dir(follow_symlinks=False)
            else entry.stat(follow_symlinks=False).st_size
            for entry in entries
        )
