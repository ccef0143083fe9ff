"""Overrides: what definitions are built from when not from the environment, and the zone as a resource.

Nothing is read from the environment here before a run, check or sensor opens the zone.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from rawzone_assets.access import RawReader, open_raw
from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.alert_settings import AlertSettings
from rawzone_assets.platforms import ADDRESS
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.promotion import Progress
from rawzone_assets.zone.settings import Settings, places_from
from rawzone_assets.zone.survey import Delivery, Survey
from rawzone_assets.zone.zone import Zone, utc_now


@dataclass(frozen=True, kw_only=True)
class Overrides:
    """What a test or a command sets instead of the environment."""

    settings: Settings | None = None
    platforms: tuple[Platform, ...] | None = None
    alerts: AlertSettings | None = None
    clock: Callable[[], datetime] = utc_now
    since: str | None = None  # capture days outside of these are left waiting
    until: str | None = None
    progress: Progress | None = None
    tell: Callable[[str], None] | None = None  # is told what runs warn of, beside their own logs
    survey: Survey | None = None  # looked at already; for many runs in one process
    judges: JudgePool | None = None  # started already; for many runs in one process


@dataclass(frozen=True, kw_only=True)
class ZoneResource:
    """Opens the zone for a run, check or sensor."""

    overrides: Overrides = field(default_factory=Overrides)

    def open(self) -> Zone:
        """The zone of the overrides, else of the environment as it is now.

        Raises:
            ZoneError: The settings or the ledger cannot be used.
        """
        return Zone(self.settings(), clock=self.overrides.clock)

    def settings(self) -> Settings:
        """The settings of the overrides, else of the environment as it is now.

        Raises:
            ZoneError: A variable has a value that cannot be used.
        """
        return self.overrides.settings or Settings.from_environment(os.environ)

    def layout(self) -> Layout:
        """Where the zone is, also while its other settings cannot be used.

        Raises:
            ZoneError: A variable that names a place cannot be used.
        """
        settings = self.overrides.settings
        return settings.layout if settings else places_from(os.environ)[1]

    def reader(self) -> RawReader:
        """The zone to read from, as it is now: what assets downstream of raw use.

        Raises:
            ZoneError: The settings or the ledger cannot be used.
        """
        return open_raw(settings=self.overrides.settings)

    def look(self, zone: Zone, platforms: Iterable[Platform]) -> Survey:
        """What lies in landing.

        Raises:
            ZoneError: There is no landing folder, or the ledger is damaged.
        """
        return self.overrides.survey or zone.survey(platforms)

    @contextmanager
    def judging(self) -> Iterator[tuple[Judge, int]]:
        """Who judges, and how many deliveries at a time: worker processes that know the installed platforms.

        Platforms that a test made up exist in this process only and are judged here.
        """
        if self.overrides.judges:
            yield self.overrides.judges, self.overrides.judges.workers
        elif self.overrides.platforms is not None:
            yield judge, 1
        else:
            with JudgePool(ADDRESS) as pool:
                yield pool, pool.workers

    def wants(self, delivery: Delivery) -> bool:
        """Whether the capture day is one of those asked for."""
        since, until = self.overrides.since, self.overrides.until
        return (not since or delivery.partition >= since) and (not until or delivery.partition <= until)
