"""A platform of two feeds that accept every byte string not starting with ``bad``, for tests of the zone.

It has no real format, no schema file and no rule, so a zone's tests are fast and stand on their own.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Cadence, Capture, Content, Facts, Feed, Platform
from rawzone_assets.contract.findings import Findings, Role
from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import intake, promotion
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.promotion import Outcome
from rawzone_assets.zone.reading import Source
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.survey import Delivery, Survey
from rawzone_assets.zone.zone import Zone

NOW = datetime(2024, 6, 30, 12, tzinfo=UTC)


class Tiny:
    """Refuses bytes that start with ``bad``; counts lines."""

    kind = "text"

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        data = content.read()
        if data.startswith(b"bad"):
            findings.add(codes.JSON_SYNTAX("it starts with bad"))
        return Facts(records=data.count(b"\n"))


def _feed(name: str, *names: str, by_month: bool) -> Feed:
    return Feed(
        id=f"tiny/{name}",
        title=name,
        description="",
        names=names,
        format=Tiny(),
        schema="none",
        version=1,
        rules_version=1,
        checks=dict.fromkeys(Role, "tiny_check"),
        cadence=Cadence(every=timedelta(days=1), lag_days=1, stale_after_days=3),
        by_month=by_month,
        start=date(2024, 1, 1),
    )


NOTES = _feed("notes", "note_<ts>.txt", "note_<ts>.zip", "pack_<handle>_<ts>.<handle>", by_month=True)
SUMS = _feed("sums", "sum_<ts>.csv", by_month=False)
TINY = Platform(id="tiny", title="Tiny", source_system="tiny.example", timezone="UTC", feeds=(NOTES, SUMS))
CONTRACT: dict[str, Any] = {"feed_version": 1, "schema": "none", "schema_sha256": "0" * 64, "rules_version": 1}


def settings_for(home: Path, *, with_index: bool = True) -> Settings:
    """Settings of a zone in ``home``. Without an index folder the index is kept in memory."""
    environment = {} if with_index else {"RAWZONE_STATE": "/dev/null/state"}
    return Settings.from_environment({"RAWZONE_RESERVE": "0", **environment}, home=home)


def open_zone(home: Path, *, files: Files | None = None, with_index: bool = True, now: datetime = NOW) -> Zone:
    return Zone(settings_for(home, with_index=with_index), files=files, clock=lambda: now)


def look(zone: Zone) -> Survey:
    return zone.survey([TINY], settle=0)


def promote_all(
    zone: Zone, *, run_id: str = "test", parallel: int = 1, progress: promotion.Progress | None = None
) -> Outcome:
    """What ``rawzone promote --now`` does: recover, promote what is ready, record what nothing knows."""
    zone.recover()
    found = look(zone)
    outcome = promote_these(zone, found.ready, run_id=run_id, parallel=parallel, progress=progress)
    strangers = promotion.record_unrecognized(zone, found.unrecognized, run_id=run_id)
    outcome.receipts = [*outcome.receipts, *strangers]
    return outcome


def promote_these(
    zone: Zone,
    deliveries: Iterable[Delivery],
    *,
    run_id: str = "test",
    source: Source | None = None,
    parallel: int = 1,
    progress: promotion.Progress | None = None,
) -> Outcome:
    """Promote some deliveries only."""
    with mock.patch.object(intake, "contract_of", return_value=CONTRACT):
        return promotion.promote(
            zone, deliveries, judge=judge, run_id=run_id, source=source, parallel=parallel, progress=progress
        )


@dataclass(frozen=True)
class LandingFolder:
    """The extractors' side: what a test drops and changes in landing."""

    home: Path

    @property
    def root(self) -> Path:
        return self.home / "landing"

    def put(self, path: str, data: bytes) -> Path:
        """Write a file as an extractor does; one of the same path is overwritten in place."""
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return target

    def put_all(self, files: Mapping[str, bytes]) -> None:
        self.root.mkdir(parents=True, exist_ok=True)
        for path, data in files.items():
            self.put(path, data)

    def remove(self, path: str) -> None:
        (self.root / path).unlink()

    def touch(self, path: str) -> None:
        os.utime(self.root / path)
