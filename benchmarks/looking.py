"""Looking: what it takes to see that nothing new has landed."""

from __future__ import annotations

import time
from pathlib import Path
from statistics import median

from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone


class SomethingNew(Exception):
    """A look found something to do, so what it took tells nothing."""


def survey_takes(landing: Path, home: Path, *, turns: int) -> float:
    """Median wall seconds of looking at landing, where all is dealt with.

    Raises:
        SomethingNew: It is not.
    """
    with Zone(settings_of(landing, home)) as zone:
        taken = []
        for _ in range(turns + 1):
            started = time.perf_counter()
            nothing_new(zone)
            taken.append(time.perf_counter() - started)
    return median(taken[1:])


def nothing_new(zone: Zone) -> None:
    """Look at landing.

    Raises:
        SomethingNew: Not all of it is dealt with.
    """
    found = zone.survey(all_platforms(), settle=0)
    if found.ready or found.waiting:
        raise SomethingNew(f"{len(found.ready)} files are ready and {len(found.waiting)} wait")


def settings_of(landing: Path, home: Path) -> Settings:
    """The settings of a zone of the benchmarks."""
    return Settings.from_environment({"RAWZONE_LANDING": str(landing)}, home=home)
