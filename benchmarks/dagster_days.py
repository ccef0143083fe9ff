"""Dagster days: what telling Dagster of a promoted history costs, beyond starting and looking.

The history is promoted by the core first, so ``rawzone promote`` finds nothing to promote and only reports: a
materialization and all checks of each day. The same command again asks Dagster once whether it knows them all,
which counts too; from the third time on it only starts and looks.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from benchmarks.core import promote_core
from benchmarks.histories import land_history
from benchmarks.measuring import Measured, run
from benchmarks.sides import SIDES

_TEMPLATE = "tiktok_trends_{stamp}.json"


@dataclass(frozen=True, kw_only=True)
class Told:
    """What one history cost."""

    days: int
    reporting: Measured
    asking: Measured
    starting: Measured
    events: dict[str, int]  # by type, of the asset index

    @property
    def per_day(self) -> float:
        """CPU seconds a reported partition-day with all its checks."""
        return (self.reporting.cpu + self.asking.cpu - 2 * self.starting.cpu) / self.days


def tell_history(days: int, folder: Path) -> Told:
    """Promote a history of so many days, a small file each, and have Dagster told of it."""
    landing, home = folder / "landing", folder / "home"
    land_history(_TEMPLATE, days, landing)
    promote_core(landing, home)
    command = SIDES["rawzone"].promote(landing, home)
    reporting, asking, starting = (run(command, folder / "log") for _ in range(3))
    return Told(days=days, reporting=reporting, asking=asking, starting=starting, events=_events(home))


def _events(home: Path) -> dict[str, int]:
    with closing(sqlite3.connect(home / "dagster" / "history" / "runs" / "index.db")) as index:
        query = "SELECT dagster_event_type, count(*) FROM event_logs GROUP BY dagster_event_type"
        return dict(index.execute(query).fetchall())
