"""Histories: a feed's deliveries day by day back from the last day, landed at the same time of each."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from random import Random

from benchmarks.enlarging import enlarged
from benchmarks.plans import LAST_DAY, routine_named


def land_history(template: str, days: int, landing: Path, *, length: int = 0) -> list[date]:
    """Write a delivery a day, of about ``length`` bytes but no less than its sample; the days, newest first."""
    routine = routine_named(template)
    landed = [LAST_DAY - timedelta(days=number) for number in range(days)]
    for number, day in enumerate(landed):
        path, dice = landing / routine.path_at(day, f"{day:%Y%m%d}_070000"), Random(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(enlarged(template, routine.make(day, dice), length, dice))
    return landed
