"""Conditions: what can be seen to be wrong by looking at the zone now, as signs. Nothing is remembered here.

Disk space, deliveries that wait for too long, landing itself. What Dagster and the ledger tell as events is not
looked for here.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rawzone_assets.contract.wording import counted, room_of
from rawzone_assets.health.alert_kinds import ZONE, Severity
from rawzone_assets.health.dagster_disk import SPENT
from rawzone_assets.health.disks import Disk
from rawzone_assets.health.signs import Sign, key_of
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.files import Files, nearest_folder
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.room import PLENTY
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import Survey
from rawzone_assets.zone.zone import Zone

_BITS = 4  # of what is free: a text that changes with every byte would be written down every time


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What one look found. ``unsure`` are keys of which it cannot tell this time."""

    signs: tuple[Sign, ...] = ()
    unsure: frozenset[str] = frozenset()


def look_at_disks(settings: Settings, files: Files, *, now: datetime, dagster: Path | None = None) -> Sight:
    """How much room there is. Just above the limit nothing is called good again, or it would flap.

    ``dagster`` is the folder of Dagster's database: when that is full, nobody can say so any more.
    """
    found: list[Sign] = []
    unsure: set[str] = set()
    layout = settings.layout
    roots = {"raw": layout.raw, "quarantine": layout.quarantine, "state": layout.state}
    watched = [(name, root, "", ", so nothing is promoted") for name, root in roots.items()]
    if dagster:
        watched.append(("Dagster", dagster, f": {SPENT}", f": {SPENT}"))
    for name, root, when_low, when_full in watched:
        try:
            free = files.free_bytes(nearest_folder(root))
        except OSError:
            unsure.add(key_of("capacity", ZONE))
            continue
        if free < PLENTY * settings.reserve:
            full = free < settings.reserve
            dropped = max(free.bit_length() - _BITS, 0)
            about = room_of(free >> dropped << dropped, settings.reserve)
            found.append(
                Sign(
                    kind="capacity",
                    subject=ZONE,
                    name=name,
                    bad=True,
                    at=now,
                    severity=Severity.ERROR if full else Severity.WARNING,
                    text=f"{name} ({root}): about {about}{when_full if full else when_low}",
                    source="disks",
                )
            )
        elif free < (PLENTY + 1) * settings.reserve:
            unsure.add(key_of("capacity", ZONE))
    return Sight(signs=tuple(found), unsure=frozenset(unsure))


def look_ahead(disks: Iterable[Disk], *, now: datetime) -> Sight:
    """Disks that will be full within a month if it goes on like this."""
    return Sight(
        signs=tuple(
            Sign(
                kind="capacity",
                subject=ZONE,
                name=f"forecast of {', '.join(disk.roots)}",
                bad=True,
                at=now,
                severity=Severity.WARNING,
                text=disk.sentence,
                source="forecast",
            )
            for disk in disks
            if disk.is_soon_full(now.date())
        )
    )


def look_at_landing(zone: Zone, survey: Survey, *, backlog: timedelta, feeds: Iterable[str]) -> Sight:
    """Ready deliveries that nobody promotes, and folders that cannot be listed."""
    now = zone.clock()
    return Sight(signs=(*_stuck(survey, now, backlog, set(feeds)), *_unreadable(survey, now)))


def landing_is_away(problem: ZoneError, feeds: Iterable[str], *, now: datetime) -> Sight:
    """Landing cannot be looked at, so of what waits there nothing can be told."""
    kind = "landing" if isinstance(problem, LandingMissing) else "zone-unusable"
    sign = Sign(kind=kind, subject=ZONE, name=kind, bad=True, at=now, text=str(problem), source="landing")
    untold = {key_of("backlog", feed) for feed in feeds} | {key_of("landing", ZONE)}
    return Sight(signs=(sign,), unsure=frozenset(untold))


def _stuck(survey: Survey, now: datetime, backlog: timedelta, feeds: set[str]) -> Iterator[Sign]:
    """The change time counts, which nobody can set: it is when the file came, whatever its own time says."""
    late: dict[str, list[datetime]] = defaultdict(list)
    for delivery in survey.ready:
        came = datetime.fromtimestamp(delivery.landed.ctime_ns / 1e9, UTC)
        if delivery.feed_id in feeds and now - came > backlog:
            late[delivery.feed_id].append(came)
    for feed, times in late.items():
        since = min(times)
        they_wait = counted(len(times), f"ready delivery of {feed} waits", f"ready deliveries of {feed} wait")
        yield Sign(
            kind="backlog",
            subject=feed,
            name="ready",
            bad=True,
            at=since,
            text=f"{they_wait}, the oldest since {since:%Y-%m-%d %H:%M} UTC",
            source="landing",
        )


def _unreadable(survey: Survey, now: datetime) -> Iterator[Sign]:
    if survey.unreadable:
        shown = ", ".join(survey.unreadable[:3])
        yield Sign(
            kind="landing",
            subject=ZONE,
            name="unreadable",
            bad=True,
            at=now,
            text=f"{counted(len(survey.unreadable), 'folder')} in landing cannot be listed: {shown}",
            source="landing",
        )
