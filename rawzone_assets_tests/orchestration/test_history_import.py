"""A first import of long history: what Dagster gets is an event a day and check, none doubled, none a file."""

import gc
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date, timedelta
from random import Random

import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.orchestration import days, event_batches
from rawzone_assets.orchestration.names import daily_checks
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import routines
from rawzone_assets.zone.receipt import Receipt

FEED = "tiktok/trends"
DAYS = 20  # over the end of a year: two runs
FILES_A_DAY = 3
CHECKS = next(daily_checks(feed) for platform in all_platforms() for feed in platform.feeds if feed.id == FEED)


@pytest.fixture
def rawzone(tmp_path, environment):
    def call(*arguments):
        result = CliRunner().invoke(root, ["--home", str(tmp_path / "data"), *arguments])
        assert result.exit_code == 0, result.output
        return result

    return call


@pytest.fixture
def history(tmp_path):
    routine = next(routine for routine in routines() if routine.feed == FEED)
    captured = [date(2025, 1, 9) - timedelta(days=number) for number in range(DAYS)]
    for day in captured:
        for number in range(FILES_A_DAY):
            path = tmp_path / "data" / "landing" / routine.path_at(day, f"{day:%Y%m%d}_0{number}0000")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(routine.make(day, Random(f"{day} {number}")))
    return {day.isoformat() for day in captured}


def stored_events(home):
    """Every event of the asset index, as (type, asset, partition)."""
    with closing(sqlite3.connect(home / "data" / "dagster" / "history" / "runs" / "index.db")) as index:
        return Counter(index.execute("SELECT dagster_event_type, asset_key, partition FROM event_logs"))


def evaluations(home):
    with closing(sqlite3.connect(home / "data" / "dagster" / "history" / "runs" / "index.db")) as index:
        return Counter(index.execute("SELECT check_name, partition FROM asset_check_executions"))


def test_a_history_is_told_in_one_event_a_day_and_check(rawzone, history, tmp_path):
    rawzone("promote", "--now")
    told = stored_events(tmp_path)
    for asset in ("raw", "landing"):
        key = f'["{asset}", "tiktok", "trends"]'
        materialized = {
            day: count
            for (kind, of, day), count in told.items()
            if kind == "ASSET_MATERIALIZATION" and of == key
        }
        assert materialized == dict.fromkeys(history, 1), asset
    assert evaluations(tmp_path) == dict.fromkeys(((name, day) for name in CHECKS for day in history), 1)

    rawzone("promote", "--now")
    assert stored_events(tmp_path) == told


def test_a_history_promoted_without_dagster_is_told_to_it_afterwards_in_the_same_events(
    rawzone, history, tmp_path, monkeypatch
):
    rawzone("promote", "--now")
    told = {
        event: count for event, count in stored_events(tmp_path).items() if event[0] == "ASSET_MATERIALIZATION"
    }
    judged = evaluations(tmp_path)
    shutil.rmtree(tmp_path / "data" / "dagster")
    monkeypatch.delenv("DAGSTER_HOME")  # the command before set it for its own processes
    rawzone("reindex")
    again = {
        event: count for event, count in stored_events(tmp_path).items() if event[0] == "ASSET_MATERIALIZATION"
    }
    of_history = {key: n for key, n in again.items() if key[2] in history and '"trends"' in key[1]}
    assert of_history == told
    assert {
        row: n for row, n in evaluations(tmp_path).items() if row[0] in CHECKS and row[1] in history
    } == judged


def test_a_history_is_told_with_no_more_receipts_in_memory_than_those_of_some_days(
    rawzone, history, tmp_path, monkeypatch
):
    monkeypatch.setattr(days, "_MOST_RECEIPTS", 4 * FILES_A_DAY)
    held, store = [], event_batches.store

    def counted(instance, entries):
        gc.collect()
        held.append(sum(isinstance(one, Receipt) for one in gc.get_objects()))
        store(instance, entries)

    monkeypatch.setattr(event_batches, "store", counted)
    rawzone("promote", "--now")
    assert evaluations(tmp_path) == dict.fromkeys(((name, day) for name in CHECKS for day in history), 1)
    assert len(held) >= 4
    assert 0 < max(held) <= 2 * 4 * FILES_A_DAY  # of days that are let go, and of those that follow
    told = stored_events(tmp_path)
    rawzone("promote", "--now")
    assert stored_events(tmp_path) == told
