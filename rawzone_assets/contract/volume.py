"""Volume: whether a delivery is far larger or smaller than the ones before it. Pure, never blocking.

Compared are size and records with the median of the recent deliveries, on a logarithmic scale, because twice as
much and half as much are equally odd. The tolerance is a factor of two, or more where the feed itself varies
more (median absolute deviation); and what at least two recent deliveries were like is no anomaly, so quiet
weekends are none.

**January 1.** Year-to-date feeds fall back to almost nothing. Where a delivery's data begin in January of its
capture year, deliveries whose data begin in an earlier year are left out of the comparison; it rests until the
new window has a history of its own. A delivery without records is told by RZ-EMPTY-RESULT and not again here.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from math import log
from statistics import median
from typing import NamedTuple

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.wording import counted

RECENT = 20
"""How many deliveries make a history."""
LEAST = 5
"""Fewer say nothing about what is usual."""

_FACTOR = 2.0
_SURELY = 1.999  # less than that factor, however a logarithm is rounded
_DEVIATIONS = 5.0
_SIGMA = 1.4826  # median absolute deviations that make a standard deviation
_ALIKE = 2


class Volume(NamedTuple):
    """How much a delivery brought, and where its data begin."""

    size: int | None
    records: int | None
    data_min: str | None = None


def volume_findings(now: Volume, past: Sequence[Volume], *, day: date) -> Iterator[Finding]:
    """The advisory finding that a delivery captured on ``day`` is unlike the recent ones, newest first."""
    if now.records == 0 or len(past) < LEAST or _is_usual(now, past):
        return
    if now.data_min is not None and now.data_min[:7] == f"{day.year:04d}-01":
        past = [volume for volume in past if _is_of_year(volume, day.year)]
    comparable = [volume for volume in past if volume.records != 0][:RECENT]
    odd = []
    for unit, value, usual in (
        ("record", now.records, [volume.records for volume in comparable if volume.records]),
        ("byte", now.size, [volume.size for volume in comparable if volume.size]),
    ):
        if value and len(usual) >= LEAST and _is_unlike(value, usual):
            middle = round(median(usual))
            word = "more" if value > middle else "less"
            odd.append(f"{counted(value, unit)}, {word} than the usual {middle:,}")
    if odd:
        yield codes.VOLUME_ANOMALY(f"{'; '.join(odd)} (of the last {len(comparable)} deliveries)")


def _is_usual(now: Volume, past: Sequence[Volume]) -> bool:
    """Whether less than twice and more than half of each: then also of those it is really compared with."""
    sizes, records, _ = zip(*past, strict=True)
    for value, usual in ((now.size, sizes), (now.records, records)):
        if value and not (all(usual) and max(usual) < _SURELY * value and value < _SURELY * min(usual)):
            return False
    return True


def _is_of_year(volume: Volume, year: int) -> bool:
    """Whether a delivery covers the window of time that began with this year, not that of a year gone by."""
    return volume.data_min is None or volume.data_min[:4] == f"{year:04d}"


def _is_unlike(value: int, usual: Sequence[int]) -> bool:
    ordered = sorted(usual)
    # Between half and twice of what is in the middle, whatever the tolerance: nearly every delivery is.
    low, high = ordered[(len(ordered) - 1) // 2], ordered[len(ordered) // 2]
    if high < _SURELY * value and value < _SURELY * low:
        return False
    logs = [log(before) for before in usual]
    middle = median(logs)
    deviation = median(abs(before - middle) for before in logs)
    tolerance = max(log(_FACTOR), _DEVIATIONS * _SIGMA * deviation)
    alike = sum(abs(log(value) - before) <= log(_FACTOR) for before in logs)
    return abs(log(value) - middle) > tolerance and alike < _ALIKE
