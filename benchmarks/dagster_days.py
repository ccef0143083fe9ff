"""Dagster days: what telling Dagster of a promoted history costs, beyond telling it of a single day.

The history is promoted by the core first, so ``rawzone promote`` finds nothing to promote and only reports: a
materialization and all checks of each day. The same command again asks Dagster once whether it knows them all,
which counts too. Starting, loading Dagster and opening its databases cost the same for one day and for many.
"""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.core import promote_core
from benchmarks.dagster_homes import new_dagster_home
from benchmarks.histories import land_history
from benchmarks.measuring import Command, Measured, run
from benchmarks.sides import SIDES

_BARE = Path(__file__).with_name("bare_backfill.py")
_TEMPLATE = "tiktok_trends_{stamp}.json"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one history cost."""

    days: int
    reporting: Measured
    asking: Measured
    single_day: float  # CPU seconds of both for a history of one day
    events: dict[str, int]  # by type, of the asset index

    @property
    def per_day(self) -> float:
        """CPU seconds a further partition-day with all its checks."""
        return (self.reporting.cpu + self.asking.cpu - self.single_day) / (self.days - 1)


def tell_history(days: int, folder: Path) -> Told:
    """Promote a history of so many days, two or more, a small file each, and have Dagster told of it."""
    single = sum(measured.cpu for measured in _tell(1, folder / "single"))
    reporting, asking = _tell(days, folder)
    return Told(
        days=days, reporting=reporting, asking=asking, single_day=single, events=events_of(folder / "home")
    )


def bare_backfill_of(days: int, folder: Path) -> Measured:
    """One Dagster run that tells of so many days of an asset that does nothing and has no checks."""
    home = new_dagster_home(folder / "bare")
    argv = (sys.executable, str(_BARE), str(days))
    return run(Command(argv=argv, environment={"DAGSTER_HOME": str(home)}), folder / "log")


def _tell(days: int, folder: Path) -> tuple[Measured, Measured]:
    landing, home = folder / "landing", folder / "home"
    land_history(_TEMPLATE, days, landing)
    promote_core(landing, home)
    command = SIDES["rawzone"].promote(landing, home)
    return run(command, folder / "log"), run(command, folder / "log")


def events_of(home: Path) -> dict[str, int]:
    """How many of each type the asset index of a zone's own Dagster holds."""
    with closing(sqlite3.connect(home / "dagster" / "history" / "runs" / "index.db")) as index:
        query = "SELECT dagster_event_type, count(*) FROM event_logs GROUP BY dagster_event_type"
        return dict(index.execute(query).fetchall())
