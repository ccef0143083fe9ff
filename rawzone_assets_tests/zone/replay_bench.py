"""A zone, its clock, and a contract that a test can correct: what tests of replay and backtest work with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import Outcome, promote
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.replay import Outcome as Replayed
from rawzone_assets.zone.replay import replay
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = "toolost/spotify"


@dataclass
class Contract:
    """Refuses bytes that begin with any of ``refuses``; a judge like any other."""

    refuses: tuple[bytes, ...] = (b"bad",)
    warns: tuple[bytes, ...] = ()
    records: int | None = 3
    exposures: Mapping[str, int] | None = None

    def __call__(self, feed: Feed, content: Content, capture: Capture) -> Judgement:
        del feed, capture
        with content.open() as stream:
            begin = stream.read(16)
        findings = [codes.SHAPE("it is bad") for word in self.refuses if begin.startswith(word)]
        findings += [codes.VALUE_UNUSUAL("it is odd") for word in self.warns if begin.startswith(word)]
        return Judgement(
            findings=tuple(findings), facts=Facts(records=self.records, access_reasons=self.exposures)
        )


@dataclass
class Bench:
    """One zone; ``land`` promotes a file as a commit of its own, an hour after the one before."""

    home: Path
    contract: Contract = field(default_factory=Contract)
    now: datetime = datetime(2025, 6, 30, tzinfo=UTC)
    environment: dict[str, str] = field(default_factory=dict)

    def zone(self, files: LocalFiles | None = None) -> Zone:
        settings = Settings.from_environment(self.environment, home=self.home)
        return Zone(settings, files=files, clock=lambda: self.now)

    def land(self, name: str, data: bytes, folder: str = "toolost") -> Sequence[Receipt]:
        target = self.home / "landing" / folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        return self.promote().receipts

    def promote(self) -> Outcome:
        self.now += timedelta(hours=1)
        with self.zone() as zone:
            found = zone.survey(all_platforms(), settle=0)
            return promote(zone, found.ready, judge=self.contract, run_id="test")

    def replay(self, *, dry_run: bool = False, files: LocalFiles | None = None) -> Replayed:
        self.now += timedelta(hours=1)
        feed = find_feed(FEED)
        assert feed is not None
        with self.zone(files) as zone:
            return replay(zone, [feed], judge=self.contract, run_id="replay", dry_run=dry_run)

    def files(self) -> dict[str, bytes]:
        """Every file of raw and quarantine, by path."""
        roots = (self.home / "raw", self.home / "quarantine")
        paths = (path for root in roots for path in root.rglob("*") if path.is_file() and path.name != "lock")
        return {str(path.relative_to(self.home)): path.read_bytes() for path in paths}
