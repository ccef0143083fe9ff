"""A zone whose deliveries each test lands itself, of a feed that accepts anything but ``bad``."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone


def judge(_feed, content, _capture):
    with content.open() as stream:
        refused = stream.read(3) == b"bad"
    findings = (codes.JSON_SYNTAX("it is bad"),) if refused else ()
    return Judgement(findings=findings, facts=Facts(records=1))


@dataclass
class Bench:
    """A zone and the clock it tells the time by."""

    zone: Zone
    now: datetime = datetime(2025, 6, 30, tzinfo=UTC)
    landed: dict = field(default_factory=dict)

    def land(self, path: str, data: bytes) -> list:
        """Land one file and promote it as a commit of its own, an hour after the one before."""
        self.now += timedelta(hours=1)
        target = self.zone.landing.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        found = self.zone.survey(all_platforms(), settle=0)
        return promote(self.zone, found.ready, judge=judge, run_id="test").receipts


@pytest.fixture
def bench(tmp_path):
    settings = Settings.from_environment({}, home=tmp_path)
    bench = Bench(zone=None)
    with Zone(settings, clock=lambda: bench.now) as zone:
        bench.zone = zone
        yield bench
