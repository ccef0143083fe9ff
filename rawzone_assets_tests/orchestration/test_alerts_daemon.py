"""Alerts with the real daemon: a feed goes stale, a delivery ends it, a restart repeats and loses nothing."""

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.health.alert_book import read_book
from rawzone_assets.orchestration.dagster_home import shared_file
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.orchestration.watched_platform import PLATFORM
from rawzone_assets_tests.processes import eventually, running
from rawzone_assets_tests.receiver import receiver

STALE = "tiny/notes brings no news"
REFUSED = "deliveries of tiny/notes are refused"


@pytest.mark.campaign
def test_one_alert_when_a_feed_goes_stale_one_when_it_is_over_and_a_restart_repeats_and_loses_nothing(
    home, monkeypatch
):
    data = prepare(home, monkeypatch)
    with receiver() as received:
        monkeypatch.setenv("RAWZONE_ALERT_URLS", received.url)
        monkeypatch.setenv("RAWZONE_ALERT_HEARTBEAT", received.heartbeat)
        soon_late = datetime.now(UTC) - timedelta(days=1) + timedelta(seconds=15)
        land(data, soon_late)
        promote_by_hand(data)
        with daemon(home) as alive:
            assert eventually(lambda: STALE in received.titles, process=alive), log_of(home)
            ticks(data, alive, 2)
            assert received.titles == [STALE]
            land(data, datetime.now(UTC))
            assert eventually(lambda: len(received.titles) > 1, process=alive), log_of(home)
            assert received.titles == [STALE, f"Resolved: {STALE}"]
        land(data, datetime.now(UTC) + timedelta(seconds=1), "bad")
        promote_by_hand(data)
        with daemon(home) as alive:
            assert eventually(lambda: REFUSED in received.titles, process=alive), log_of(home)
            ticks(data, alive, 2)
        assert received.titles == [STALE, f"Resolved: {STALE}", REFUSED]
        assert len(set(received.ids)) == 3
        assert received.pings > 0
        assert "s3cr3t" not in log_of(home)


def prepare(home: Path, monkeypatch) -> Path:
    data, dagster_home = home / "data", home / "dagster"
    dagster_home.mkdir()
    (data / "landing" / "tiny").mkdir(parents=True)
    (dagster_home / "dagster.yaml").write_text(shared_file("dagster.yaml").read_text())
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("DAGSTER_HOME", str(dagster_home))
    monkeypatch.setenv("RAWZONE_HOME", str(data))
    monkeypatch.setenv("RAWZONE_SETTLE", "0")
    monkeypatch.setenv("RAWZONE_RESERVE", "0")
    monkeypatch.setenv("RAWZONE_ALERT_DIGEST", "off")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    with dg.DagsterInstance.get():
        pass  # two processes that create a database at once trip over each other inside Dagster
    return data


def land(data: Path, at: datetime, text: str = "{}") -> None:
    name = f"notes_{at:%Y%m%d_%H%M%S}.json"
    (data / "landing" / "tiny" / name).write_text(f"{text}\n{at}")


def promote_by_hand(data: Path) -> None:
    settings = Settings.from_environment({"RAWZONE_SETTLE": "0", "RAWZONE_RESERVE": "0"}, home=data)
    with Zone(settings) as zone:
        promote(zone, zone.survey([PLATFORM]).ready, judge=judge, run_id="by hand")


def daemon(home: Path):
    module = "rawzone_assets_tests.orchestration.watched_platform"
    command = [sys.executable, "-m", "dagster._daemon", "run", "-m", module]
    return running(command, log=home / "dagster.log", cwd=home)


def ticks(data: Path, process, count: int) -> None:
    """Wait until the alerts sensor looked so many more times."""
    for _ in range(count):
        before = looked_at(data)
        assert eventually(lambda before=before: looked_at(data) != before, process=process)


def looked_at(data: Path):
    book = read_book(data / "state")
    return book.looked_at if book else None


def log_of(home: Path) -> str:
    return (home / "dagster.log").read_text()
