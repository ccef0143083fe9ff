"""Disks: how full each is on which the zone lies, what of that is the zone's, and when it will be full.

Roots that share a disk share its forecast. What the zone adds there is known from the ledger: stored bytes,
commits, the index that grows with them, and deliveries that stay in landing, as far as landing keeps them.
What others write to the disk is seen in what is free, not in the trend.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from rawzone_assets.health.forecast import WEEKS, Forecast, Outlook, forecast
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.files import nearest_folder
from rawzone_assets.zone.index import index_path
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.zone import Zone

_SOON = timedelta(days=30)


@dataclass(frozen=True, kw_only=True)
class Disk:
    """One file system and the zone's part of it. Bytes."""

    roots: tuple[str, ...]
    size: int
    free: int  # for this user
    reserve: int  # that promotion leaves free
    zone_bytes: int  # of objects, refused copies, ledger, index and landed files
    forecast: Forecast

    @property
    def used_percent(self) -> float:
        return round(100 * (self.size - self.free) / self.size, 1) if self.size else 0.0

    @property
    def outlook(self) -> str:
        """What its forecast comes to for a person."""
        if self.roots == ("landing",) and self.forecast.outlook is Outlook.FULL:
            return "full: extractors have no room to drop more there, and what landed is promoted as ever"
        return self.forecast.sentence

    @property
    def sentence(self) -> str:
        """Its outlook as a sentence without an end."""
        return f"the disk of {' and '.join(self.roots)} is {self.outlook}"

    def is_soon_full(self, today: date) -> bool:
        """Whether it will be full within a month if it goes on like this."""
        full_on = self.forecast.full_on
        return full_on is not None and full_on - today <= _SOON


def disks_of(zone: Zone, *, landed_bytes: int | None) -> tuple[Disk, ...]:
    """Every disk that a root lies on; a root that is not there yet counts where it would be created.

    ``landed_bytes`` is what lies in landing, ``None`` when that is not known.

    Raises:
        OSError: A disk does not say how full it is.
    """
    layout = zone.layout
    roots = {
        "landing": layout.landing,
        "raw": layout.raw,
        "quarantine": layout.quarantine,
        "state": layout.state,
    }
    if zone.files.status(layout.archive) is not None:
        roots["archive"] = layout.archive
    devices: dict[int, dict[str, Path]] = {}
    for name, root in roots.items():
        standing = nearest_folder(root)
        if standing.is_dir():  # a state folder below a device file is how a zone is read without an index
            devices.setdefault(standing.stat().st_dev, {})[name] = standing
    today = zone.clock().date()
    held, added = _bytes_of_roots(zone, landed_bytes=landed_bytes, today=today)
    found = []
    for places in devices.values():
        place = next(iter(places.values()))
        status = os.statvfs(place)
        free = zone.files.free_bytes(place)
        reserve = zone.settings.reserve
        # What moves to the archive moves when a person says so: no trend foretells it.
        daily = [sum(day.get(name, 0.0) for name in places) for day in added]
        found.append(
            Disk(
                roots=tuple(places),
                size=status.f_blocks * status.f_frsize,
                free=free,
                reserve=reserve,
                zone_bytes=sum(held[name] for name in places),
                forecast=forecast(daily, usable=free - reserve, today=today),
            )
        )
    return tuple(found)


def _bytes_of_roots(
    zone: Zone, *, landed_bytes: int | None, today: date
) -> tuple[Counter[str], list[Mapping[str, float]]]:
    """Root to the bytes that the zone holds there, and the same added on each whole day, oldest first."""
    tallies = zone.index.tallies
    held: Counter[str] = Counter()
    landed = 0
    for total in tallies.totals():
        held["quarantine" if total.verdict is Verdict.QUARANTINED else "raw"] += total.stored_size
        landed += total.size - total.replayed_size
    for away in zone.index.custody.totals():
        if away.whereabouts is Whereabouts.ARCHIVE:
            held["raw"] -= away.stored_size
    held["archive"] = zone.index.custody.copied_bytes()
    ledger = tallies.ledger_bytes()
    index = _index_bytes(zone)
    held["raw"] += ledger
    held["state"] += index
    held["landing"] += landed_bytes or 0
    # Somebody may clear landing: then it grows by the less, the more of what ever came has gone.
    kept = min(1.0, (landed_bytes or 0) / landed) if landed else 0.0
    indexed = index / ledger if ledger else 0.0
    return held, _added(zone, kept=kept, indexed=indexed, today=today)


def _added(zone: Zone, *, kept: float, indexed: float, today: date) -> list[Mapping[str, float]]:
    tallies = zone.index.tallies
    began = tallies.first_commit()
    if began is None:
        return []
    first = max(date.fromisoformat(began[:10]) + timedelta(days=1), today - timedelta(days=7 * WEEKS))
    days = {
        (first + timedelta(days=number)).isoformat(): dict.fromkeys(
            ("landing", "raw", "quarantine", "state"), 0.0
        )
        for number in range((today - first).days)
    }
    for added in tallies.added(since=first.isoformat()):
        if day := days.get(added.day):
            day["quarantine" if added.verdict is Verdict.QUARANTINED else "raw"] += added.stored_size
            day["landing"] += kept * added.delivered_size
    for name, size in tallies.ledger_bytes_by_day(since=first.isoformat()).items():
        if day := days.get(name):
            day["raw"] += size
            day["state"] += indexed * size
    return list(days.values())


def _index_bytes(zone: Zone) -> int:
    """The databases of this zone; others may share the state folder."""
    folder = zone.index.folder
    if folder is None:
        return 0
    mark = index_path(folder, zone.ledger.folder).stem.rpartition("-")[2]
    with os.scandir(folder) as entries:
        return sum(entry.stat(follow_symlinks=False).st_size for entry in entries if mark in entry.name)
