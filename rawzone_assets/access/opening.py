"""Opening a zone to read it: nothing is created where there is none, and nothing needs to be writable."""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path

from rawzone_assets.access.cache import ByteCache
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.index import index_path
from rawzone_assets.zone.index_database import looking_into
from rawzone_assets.zone.index_days import feeds_in
from rawzone_assets.zone.presence import require_ledger
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone, require_apart


def open_zone(settings: Settings) -> Zone:
    """A zone for reading, caught up with its ledger. Where there is no zone yet, nothing is created.

    Raises:
        ZoneError: The ledger cannot be read, or was left behind by whoever copied its files.
    """
    layout = settings.layout
    if layout.ledger.is_dir() or index_path(layout.state, layout.ledger).exists():
        # The index is derived: a damaged or locked file of it costs a reading of the ledger, no answer.
        with suppress(sqlite3.DatabaseError):
            return _caught_up(Zone(settings))
    return _caught_up(zone_without_index_file(settings))


def _caught_up(zone: Zone) -> Zone:
    """The zone, read to its ledger's end; closed if that cannot be."""
    with ExitStack() as closing:
        closing.enter_context(zone)
        if zone.index.catch_up().seq < 0:  # "nothing was ever stored" is not to be said of files that were
            require_ledger(zone.files, zone.layout)
        closing.pop_all()
    return zone


def zone_without_index_file(settings: Settings) -> Zone:
    """A zone whose index is in memory, empty, and trusts nothing that was written before.

    Raises:
        RootsNested: One of the zone's folders lies in another.
    """
    require_apart(settings.layout.apart)  # by the names that were set, not by what takes their place here
    # No folder can be created below a device file, and a zone without a state folder keeps its index in memory.
    layout = settings.layout
    nowhere = replace(layout, state=Path(os.devnull), columnar_apart=layout.columnar)
    return Zone(replace(settings, layout=nowhere))


def recorded_feeds(settings: Settings) -> list[str]:
    """The feeds that a zone's receipts name, for who changes nothing and believes an index no more than that.

    A ledger that cannot be read names none: what is wrong with it is for others to say.
    """
    path = index_path(settings.layout.state, settings.layout.ledger)
    with suppress(OSError, sqlite3.Error):
        if path.exists():
            with looking_into(path) as database:
                return feeds_in(database)
    with suppress(ZoneError), zone_without_index_file(settings) as zone:
        zone.index.catch_up()
        return zone.index.feeds()
    return []


def cache_of(settings: Settings) -> ByteCache | None:
    """The cache that ``RAWZONE_CACHE`` names, or ``None``.

    Raises:
        RootsNested: It lies in one of the zone's folders, or one of these in it or in another.
    """
    if settings.cache is None:
        return None
    require_apart({**settings.layout.apart, "cache": settings.cache})
    return ByteCache(settings.cache, settings.cache_size)
