"""Told: that Dagster knew all there was to know, so that a look which finds nothing new need not ask it again.

Importing Dagster and opening its database is most of what such a look takes. The mark remembers nothing of what
was said: it holds while all it depends on is as it was, Dagster's own database file included. Any doubt means
asking. Imports no Dagster, for that is what it saves.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import uuid
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

from rawzone_assets import __version__
from rawzone_assets.contract.feed import Platform
from rawzone_assets.orchestration.dagster_home import default_database, intended_home, state_of
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import Survey
from rawzone_assets.zone.zone import Zone

_MARK = "dagster-told"


@dataclass(frozen=True, kw_only=True)
class Circumstances:
    """What decides whether there is anything to tell, beside what is ready in landing."""

    home: Path  # Dagster's, with its default database
    head: Head
    strangers: tuple[str, ...]  # landing paths
    declared: tuple[str, ...]  # feeds, each with its first day
    today: date  # partitions begin with the day

    def digest(self) -> str:
        """All of it and the files' present state in one hash."""
        database = default_database(self.home)
        parts = (
            __version__,
            str(self.home),
            asdict(state_of(database)) if database else None,
            [self.head.seq, self.head.sha256],
            self.strangers,
            self.declared,
            self.today.isoformat(),
        )
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def circumstances(zone: Zone, found: Survey, platforms: Iterable[Platform]) -> Circumstances:
    """The circumstances of a look at landing."""
    start = zone.settings.start
    return Circumstances(
        home=intended_home(zone.settings),
        head=zone.index.head,
        strangers=tuple(found.strangers),
        declared=tuple(f"{feed.id} {start or feed.start}" for platform in platforms for feed in platform.feeds),
        today=zone.clock().date(),
    )


def remember_told(settings: Settings, told: Circumstances) -> None:
    """Note that Dagster knew all in these circumstances. Without a place for it the next look asks again."""
    database = default_database(told.home)
    if database is None or not state_of(database).file:
        return
    mark = settings.layout.state / _MARK
    whole = mark.with_name(f".{mark.name}.{uuid.uuid4().hex}")
    try:
        whole.write_text(told.digest())
        whole.replace(mark)
    except OSError:
        with contextlib.suppress(OSError):
            whole.unlink()


def knows_all(zone: Zone, found: Survey, platforms: Iterable[Platform]) -> bool:
    """Whether Dagster, which is not asked, surely knows all that it could be told after this look."""
    try:
        noted = (zone.layout.state / _MARK).read_bytes()
    except OSError:
        return False
    return not found.ready and circumstances(zone, found, platforms).digest().encode() == noted
