"""The projection on disk: derived, whole or not there, rebuilt when anything it depends on changed."""

import json
import os
import shutil
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import date
from multiprocessing import get_context
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from rawzone_assets.access import columnar, projected_days, projection
from rawzone_assets.access.columnar import bring_up_to_date, files_of, folders
from rawzone_assets.access.reading import path_of
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.projection import Projection
from rawzone_assets.platforms import find_feed
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

FEED = find_feed("toolost/spotify")
DAY = "2025-06-01"


def answer(*counts: int) -> bytes:
    days = [{"date": f"2025-05-{day:02}", "streams": str(count)} for day, count in enumerate(counts, 1)]
    return json.dumps({"streams": days, "discovery": []}).encode()


def land(bench, *counts: int, name: str = "toolost_spotify_20250601.json"):
    return bench.land(f"toolost/{name}", answer(*counts))


def project(bench, feed: Feed = FEED, partitions=None) -> dict:
    return {day.partition: day for day in bring_up_to_date(bench.zone, feed, partitions)}


def rows(bench, table: str = "streams", feed: str = FEED.id) -> list:
    return [
        row
        for path in files_of(bench.zone.layout.columnar, feed, table)
        for row in pq.read_table(path).to_pylist()
    ]


class TestADay:
    def test_it_holds_the_rows_and_the_way_back_to_raw(self, bench):
        (receipt,) = land(bench, 5, 7)
        day = project(bench)[DAY]
        assert (day.rows, day.deliveries, day.is_new) == ({"streams": 2}, 1, True)
        assert [(row["streams"], row["_row"], row["_place"]) for row in rows(bench)] == [
            (5, 0, "/streams/0"),
            (7, 1, "/streams/1"),
        ]
        assert {row["_key"] for row in rows(bench)} == {receipt.key}
        assert {row["_sha256"] for row in rows(bench)} == {receipt.sha256}
        assert {row["_partition"] for row in rows(bench)} == {date(2025, 6, 1)}
        assert rows(bench)[0]["_captured_at"].isoformat() == receipt.captured_at.replace(".000000Z", "+00:00")

    def test_it_is_compressed_with_zstandard(self, bench):
        land(bench, 5)
        project(bench)
        (path,) = files_of(bench.zone.layout.columnar, FEED.id, "streams")
        assert pq.ParquetFile(path).metadata.row_group(0).column(0).compression == "ZSTD"

    def test_it_stays_as_it_is_while_nothing_changes(self, bench):
        land(bench, 5)
        before = project(bench)[DAY]
        again = project(bench)[DAY]
        assert (again.is_new, replace(again, is_new=True)) == (False, before)

    def test_a_revision_takes_the_place_of_what_it_revises(self, bench):
        land(bench, 5)
        first = project(bench)[DAY]
        (receipt,) = land(bench, 6, 7)
        second = project(bench)[DAY]
        assert receipt.revision == 2
        assert second.state != first.state
        assert [row["streams"] for row in rows(bench)] == [6, 7]
        assert folders(bench.zone.layout.columnar, FEED.id) == {DAY: [second.folder]}

    def test_a_duplicate_is_there_under_its_own_name_and_day(self, bench):
        land(bench, 5)
        (copy,) = land(bench, 5, name="toolost_spotify_20250603_120000.json")
        assert str(copy.verdict) == "duplicate"
        assert set(project(bench)) == {DAY, "2025-06-03"}
        there = rows(bench)
        assert len({row["_key"] for row in there}) == 1
        assert [row["_name"] for row in there] == ["toolost_spotify_20250601.json", copy.name]

    def test_only_the_days_asked_for_are_touched(self, bench):
        land(bench, 5)
        land(bench, 6, name="toolost_spotify_20250602.json")
        land(bench, 7, name="toolost_spotify_20250604.json")
        assert set(project(bench, partitions={DAY, "2025-06-04", "2025-06-09"})) == {DAY, "2025-06-04"}
        assert project(bench, partitions=set()) == {}
        assert set(folders(bench.zone.layout.columnar, FEED.id)) == {DAY, "2025-06-04"}

    def test_a_day_without_rows_is_known_to_be_projected(self, bench):
        land(bench)
        assert project(bench)[DAY].rows == {}
        assert project(bench)[DAY].is_new is False


class TestStale:
    def test_another_version_of_the_projection_makes_every_day_anew(self, bench, monkeypatch):
        land(bench, 5)
        project(bench)
        monkeypatch.setattr(projection, "VERSION", projection.VERSION + 1)
        assert project(bench)[DAY].is_new

    def test_so_does_another_declaration(self, bench):
        bench.land("tiktok/tiktok_trends_20250601.json", b'{"data": {"list": [{"hashtag_name": "a"}]}}')
        trends = find_feed("tiktok/trends")
        assert set(project(bench, trends)[DAY].rows) == {"list"}
        assert set(project(bench, replace(trends, projection=Projection()))[DAY].rows) == {"data_list"}

    def test_a_day_that_can_no_longer_be_read_in_raw_goes(self, bench, monkeypatch):
        land(bench, 5)
        project(bench)
        monkeypatch.setattr(columnar, "readable", lambda *_, **__: iter(()))
        assert project(bench) == {}
        assert rows(bench) == []

    def test_of_two_that_a_killed_process_left_the_newer_is_read(self, bench):
        land(bench, 5)
        folder = project(bench)[DAY].folder
        older = folder.with_name(f"{DAY}.{'f' * 16}")
        shutil.copytree(folder, older)
        os.utime(older, (0, 0))
        assert files_of(bench.zone.layout.columnar, FEED.id, "streams") == [folder / "streams.parquet"]
        project(bench)
        assert not older.exists()

    def test_one_that_goes_while_folders_are_looked_at_is_not_the_newest(self, bench, monkeypatch):
        land(bench, 5)
        folder, names = project(bench)[DAY].folder, os.listdir
        monkeypatch.setattr(os, "listdir", lambda path: [*names(path), f"{DAY}.{'f' * 16}"])
        assert files_of(bench.zone.layout.columnar, FEED.id, "streams") == [folder / "streams.parquet"]

    def test_a_day_that_is_projected_anew_while_files_are_looked_for_is_not_left_out(self, bench, monkeypatch):
        land(bench, 5)
        project(bench)
        look, anew = columnar.folders, []

        def overtaken(*of):
            found = look(*of)
            if not anew:
                anew.append(None)
                land(bench, 6, 7)
                anew[0] = project(bench)[DAY].folder
            return found

        monkeypatch.setattr(columnar, "folders", overtaken)
        assert files_of(bench.zone.layout.columnar, FEED.id, "streams") == [anew[0] / "streams.parquet"]

    def test_what_was_promoted_while_another_projected_is_not_taken_back(self, bench, monkeypatch):
        land(bench, 5)
        locked = columnar._locked

        def overtaken(*of):
            land(bench, 6, 7)
            return locked(*of)

        with Zone(bench.zone.settings) as behind:
            behind.index.catch_up()
            monkeypatch.setattr(columnar, "_locked", overtaken)
            (day,) = bring_up_to_date(behind, FEED)
        assert day.rows == {"streams": 2}

    def test_what_a_killed_process_left_half_done_is_removed_and_does_no_harm(self, bench):
        land(bench, 5)
        work = bench.zone.layout.columnar / "_work" / "toolost__spotify" / "tmpdead"
        (work / f"{DAY}.0123456789abcdef").mkdir(parents=True)
        assert rows(bench) == []
        project(bench)
        assert not work.exists()
        assert [row["streams"] for row in rows(bench)] == [5]

    def test_everything_can_be_built_again_from_raw_with_the_same_rows(self, bench):
        land(bench, 5)
        land(bench, 6, name="toolost_spotify_20250602.json")
        project(bench)
        before = rows(bench)
        shutil.rmtree(bench.zone.layout.columnar)
        project(bench)
        assert rows(bench) == before


class TestWhatCannotBeProjected:
    def test_a_delivery_that_cannot_be_read_is_told_and_others_are_there(self, bench):
        land(bench, 5)
        (odd,) = bench.land("toolost/toolost_spotify_20250601_120000.json", b"accepted by some other contract")
        day = project(bench)[DAY]
        assert day.rows == {"streams": 1}
        (told,) = day.unprojected
        assert (told.key, told.name, told.reason) == (
            odd.key,
            odd.name,
            "it is no JSON document that can be read",
        )
        assert not day.is_partial
        assert json.loads((day.folder / "about.json").read_bytes())["unprojected"][0]["key"] == odd.key

    def test_a_table_that_breaks_off_keeps_its_rows_and_says_so(self, bench):
        bench.land("metaads/audience_insights_20250601.json", b"\xff")
        header = b'"Gender","Distribution"\n"Male","0.25"\n"Fem'
        bench.land("tiktok/tiktok_gender_20250601.csv", header)
        day = project(bench, find_feed("tiktok/audience"))[DAY]
        assert day.rows == {"audience_gender": 1}
        assert day.unprojected[0].reason == "the file ends inside a quoted cell"
        assert "UTF-8" in project(bench, find_feed("metaads/audience"))[DAY].unprojected[0].reason

    def test_a_damaged_object_is_told_and_tried_again(self, bench):
        (receipt,) = land(bench, 5)
        path = path_of(bench.zone, receipt)
        good = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(b"damaged")
        for _ in range(2):
            day = project(bench)[DAY]
            assert (day.is_partial, day.is_new, day.rows) == (True, True, {})
            assert receipt.key in day.unprojected[0].reason
        path.write_bytes(good)
        day = project(bench)[DAY]
        assert (day.is_partial, day.rows, day.unprojected) == (False, {"streams": 1}, ())
        assert folders(bench.zone.layout.columnar, FEED.id) == {DAY: [day.folder]}

    def test_a_large_delivery_is_read_from_a_file_and_gives_the_same_rows(self, bench, monkeypatch):
        land(bench, 5, 6)
        monkeypatch.setattr(projected_days, "HELD_IN_MEMORY", 0)
        day = project(bench)[DAY]
        assert [row["streams"] for row in rows(bench)] == [5, 6]
        assert sorted(path.name for path in day.folder.iterdir()) == ["about.json", "streams.parquet"]


class TestWhere:
    def test_below_the_state_folder_unless_it_has_a_root_of_its_own(self, tmp_path):
        usual = Settings.from_environment({}, home=tmp_path).layout
        assert usual.columnar == tmp_path / "state" / "columnar"
        apart = Settings.from_environment({"RAWZONE_COLUMNAR": str(tmp_path / "lake")}, home=tmp_path).layout
        assert apart.columnar == tmp_path / "lake"
        assert apart.apart["columnar"] == tmp_path / "lake"

    def test_a_place_that_cannot_be_written_is_one_sentence(self, bench, tmp_path):
        land(bench, 5)
        (tmp_path / "occupied").write_text("")
        settings = Settings.from_environment({"RAWZONE_COLUMNAR": str(tmp_path / "occupied")}, home=tmp_path)
        with Zone(settings) as zone:
            zone.index.catch_up()
            with pytest.raises(StorageFailed, match=r"Cannot write the columnar projection at .*occupied"):
                list(bring_up_to_date(zone, FEED))


def _project_elsewhere(home: Path) -> int | str:
    """How many days were built, or what went wrong: errors of ours do not travel between processes."""
    with Zone(Settings.from_environment({}, home=home)) as zone:
        zone.index.catch_up()
        try:
            return sum(day.is_new for day in bring_up_to_date(zone, FEED))
        except (ZoneError, OSError) as error:
            return str(error)


def test_processes_at_once_build_each_day_once(bench, tmp_path):
    for day in range(1, 9):
        land(bench, day, name=f"toolost_spotify_202506{day:02}.json")
    # A Pool ends its processes by SIGTERM; where that is ignored, as in xdist, it may wait for ever.
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        built = list(pool.map(_project_elsewhere, [tmp_path] * 3))
    assert [one for one in built if isinstance(one, str)] == []
    assert sum(built) == 8
    assert [row["streams"] for row in rows(bench)] == list(range(1, 9))
