"""When Dagster counts as knowing all: only if nobody else had a hand in it while it was told."""

from dataclasses import replace
from datetime import timedelta

import pytest

from rawzone_assets.definitions import build_definitions
from rawzone_assets.orchestration.local_runs import promote_landing
from rawzone_assets.orchestration.names import UNRECOGNIZED, raw_key
from rawzone_assets.orchestration.told import knows_all, remember_told
from rawzone_assets_tests.orchestration.desk import NOTES


@pytest.fixture
def promote(desk):
    """Promote what has landed; ``meanwhile`` is called after each batch."""

    def call(meanwhile=lambda: None):
        return promote_landing(
            desk.instance,
            desk.overrides,
            build=build_definitions,
            platforms=[desk.platform],
            progress=lambda _done, _total: meanwhile(),
        )

    desk.land("20240501")
    desk.land("20240502")
    desk.land("20240501", name="sums")  # promoted after the notes
    return call


def test_dagster_knows_all_once_it_was_told_all_by_us_alone(promote):
    assert promote().told


def test_what_is_taken_away_meanwhile_is_told_again(promote, desk):
    def wipe() -> None:
        if desk.materialized():
            desk.instance.wipe_assets([raw_key(NOTES)])

    assert promote(wipe).told is None
    assert not desk.materialized()
    promote()
    assert desk.materialized() == {"2024-05-01", "2024-05-02"}


def test_files_of_no_feed_that_are_taken_away_meanwhile_are_told_again(promote, desk):
    (desk.home / "landing" / "stranger").write_text("?")
    promote()
    desk.land("20240503")
    assert promote(lambda: desk.instance.wipe_assets([UNRECOGNIZED])).told is None


def test_verdicts_of_another_run_meanwhile_are_compared_by_the_next_look(promote, desk):
    """It may report what it saw before our commit."""
    promote()
    desk.land("20240503")
    assert promote(lambda: desk.run("2024-05-01")).told is None


def test_of_a_database_that_cannot_be_looked_at_nothing_is_remembered(promote, desk, tmp_path):
    (tmp_path / "dagster.yaml").write_text("storage: {postgres: {}}")
    remember_told(desk.settings, replace(promote().told, home=tmp_path))
    assert not list((desk.home / "state").glob("*dagster-told*"))


@pytest.mark.parametrize("mark", [b"", b"\xff\x00", b'{"database": ""}', b"[" * 100_000])
def test_a_mark_that_is_damaged_says_nothing(promote, desk, mark, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", desk.instance.root_directory)
    done = promote()
    remember_told(desk.settings, done.told)
    (path,) = (desk.home / "state").glob("dagster-told*")
    with desk.zone() as zone:
        found = zone.survey([desk.platform], settle=0)
        assert knows_all(zone, found, [desk.platform])
        path.write_bytes(mark)
        assert not knows_all(zone, found, [desk.platform])


def test_what_is_ready_since_is_not_known_nor_are_the_days_of_tomorrow(promote, desk, monkeypatch):
    monkeypatch.setenv("DAGSTER_HOME", desk.instance.root_directory)
    remember_told(desk.settings, promote().told)
    with desk.zone() as zone:
        assert knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
        landed = desk.land("20240504")
        assert not knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
        landed.unlink()
        assert knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
        stranger = desk.land_as("stranger", "?")
        assert not knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
        stranger.unlink()
        fewer = replace(desk.platform, feeds=desk.platform.feeds[:1])
        assert not knows_all(zone, zone.survey([desk.platform], settle=0), [fewer])
        assert knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
        desk.now += timedelta(days=1)
        assert not knows_all(zone, zone.survey([desk.platform], settle=0), [desk.platform])
