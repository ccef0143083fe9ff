"""The Python API: find, read, read many; of a zone one may only read, and while it grows."""

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path

import pytest

from rawzone_assets.access import RawReader, open_raw, parallel
from rawzone_assets.access.catalog import BadMoment
from rawzone_assets.access.opening import cache_of
from rawzone_assets.access.reading import path_of, whereabouts
from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.object_errors import ObjectDamaged
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.setting_errors import RootsNested
from rawzone_assets.zone.settings import Settings

NAME = "toolost/toolost_spotify_202506{:02d}.json"


@pytest.fixture
def raw(bench):
    return RawReader(bench.zone)


def names(found) -> list[str]:
    return [listed.receipt.name[-7:-5] for listed in found]


class TestFinding:
    def test_a_platform_means_its_feeds_and_a_name_of_neither_finds_nothing(self, bench, raw):
        bench.land(NAME.format(1), b"one")
        bench.land("distrokid/sales_report_20250601.tsv", b"two")
        assert [listed.receipt.feed for listed in raw.find()] == ["distrokid/sales", "toolost/spotify"]
        assert [listed.receipt.feed for listed in raw.find("toolost")] == ["toolost/spotify"]
        assert list(raw.find("tool")) == []

    def test_ranges_take_text_and_dates(self, bench, raw):
        for day in (1, 2, 3):
            bench.land(NAME.format(day), b"%d" % day)
        assert names(raw.find(since="2025-06-02", until="2025-06-02")) == ["02"]
        assert names(raw.find(since=date(2025, 6, 2))) == ["02", "03"]

    @pytest.mark.parametrize("moment", ["", "soon", 7, -2, "7", "2025-13-01"])
    def test_a_moment_that_is_none_is_one_clear_sentence(self, bench, raw, moment):
        bench.land(NAME.format(1), b"one")
        with pytest.raises(BadMoment, match="write a commit's number"):
            raw.find(as_of=moment)

    def test_as_of_a_time_in_any_zone(self, bench, raw):
        bench.land(NAME.format(1), b"one")
        assert len(list(raw.find(as_of=bench.now))) == 1
        assert len(list(raw.find(as_of=bench.now.replace(tzinfo=None)))) == 1
        assert list(raw.find(as_of=bench.now - timedelta(microseconds=1))) == []
        assert list(raw.find(as_of=bench.now.date() - timedelta(days=1))) == []
        assert len(list(raw.find(as_of=f"{bench.now:%Y-%m-%d}"))) == 1

    def test_what_is_committed_meanwhile_shows_after_a_refresh(self, bench):
        bench.land(NAME.format(1), b"one")
        with open_raw(bench.zone.settings.home) as raw:
            found = raw.find()
            bench.land(NAME.format(2), b"two")
            assert names(found) == ["01"]
            assert names(raw.find()) == ["01"]
            raw.refresh()
            assert names(raw.find()) == ["01", "02"]


class TestDataRanges:
    """By what the data speak of, among the newest versions."""

    @pytest.fixture
    def raw(self, bench):
        spans = {
            b"may": ("2025-05-01", "2025-05-31"),
            b"june": ("2025-06-01", "2025-06-30"),
            b"none": (None, None),
        }

        def judge(_feed, content, _capture):
            first, last = spans[content.read()]
            return Judgement(findings=(), facts=Facts(records=1, data_min=first, data_max=last))

        def land(day, data):
            path = bench.zone.landing.root / NAME.format(day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            promote(bench.zone, bench.zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")

        for day, data in ((1, b"may"), (2, b"june"), (3, b"none"), (4, b"june"), (4, b"may")):
            land(day, data)
        return RawReader(bench.zone)

    def test_whatever_speaks_of_a_day_between_is_found(self, raw):
        assert names(raw.find(data_since="2025-06-30")) == ["02"]
        assert names(raw.find(data_until="2025-05-01")) == ["01", "04"]
        assert names(raw.find(data_since="2025-05-31", data_until="2025-06-01")) == ["01", "02", "04"]
        assert names(raw.find(data_since="2025-07-01")) == []

    def test_an_older_version_does_not_step_in_for_the_newest(self, raw):
        assert names(raw.find(data_since="2025-06-01", all_revisions=True)) == ["02", "04"]
        assert names(raw.find(data_since="2025-06-01")) == ["02"]


class TestArchived:
    """A file that retention moved is found and read as before."""

    def test_it_is_read_from_the_archive(self, bench, raw):
        bench.land(NAME.format(1), b"one")
        (listed,) = raw.find()
        moved = bench.zone.layout.archived(listed.stored.key)
        moved.parent.mkdir(parents=True)
        path_of(bench.zone, listed.stored).rename(moved)
        assert whereabouts(bench.zone, listed.stored) == moved
        assert raw.read(listed) == b"one"
        moved.chmod(0o644)
        moved.write_bytes(b"x")
        with pytest.raises(ObjectDamaged):
            raw.read(listed)

    def test_a_sound_copy_there_stands_in_for_a_damaged_object(self, bench, raw):
        bench.land(NAME.format(1), b"one")
        (listed,) = raw.find()
        path = path_of(bench.zone, listed.stored)
        moved = bench.zone.layout.archived(listed.stored.key)
        moved.parent.mkdir(parents=True)
        moved.write_bytes(path.read_bytes())
        path.chmod(0o644)
        path.write_bytes(b"x")
        assert raw.read(listed) == b"one"


class OneAtATime:
    """A database that notes whether two threads ask it at once; an answer takes long enough for that."""

    def __init__(self, database):
        self._database, self._asking = database, threading.RLock()
        self.asked, self.together = 0, False

    def execute(self, *question):
        self.asked += 1
        if not self._asking.acquire(blocking=False):
            self.together = True
            self._asking.acquire()
        try:
            time.sleep(0.001)
            return self._database.execute(*question)
        finally:
            self._asking.release()

    def __getattr__(self, name):
        return getattr(self._database, name)


class TestReadingMany:
    def test_they_come_in_order_whatever_each_takes(self, bench, raw):
        for day in range(1, 12):
            bench.land(NAME.format(day), b"%d" % day * day)
        found = list(raw.read_all(raw.find(), threads=4))
        assert [data for _, data in found] == [b"%d" % day * day for day in range(1, 12)]

    @pytest.mark.parametrize(("threads", "most_held"), [(8, 3), (2, 8)])
    def test_no_more_than_the_bound_is_held(self, bench, raw, threads, most_held):
        for day in range(1, 31):
            bench.land(NAME.format(day), bytes([day]) * 1000)
        listed = list(raw.find())
        each = parallel._cost(listed[0])
        lock, alive, most = threading.Lock(), 0, 0

        def read(portion):
            nonlocal alive, most
            for item in portion:
                with lock:
                    alive += 1
                    most = max(most, alive)
                yield raw.read(item)

        memory = most_held * each + each // 2
        for _ in parallel.read_in_order(read, listed, threads=threads, memory=memory):
            with lock:
                alive -= 1
        assert 1 < most <= most_held + 1  # those within the bound, and the one that was just handed over

    @pytest.mark.parametrize(("near", "together"), [(0, [1] * 40), (9, [1, 32, 7])])
    def test_they_are_handed_over_one_by_one_where_reading_takes_long(
        self, bench, raw, monkeypatch, near, together
    ):
        monkeypatch.setattr(parallel, "_NEAR", near)
        bench.land(NAME.format(1), b"one")
        portions = []

        def read(portion):
            portions.append(len(portion))
            return map(raw.read, portion)

        found = list(raw.find()) * 40
        assert [data for _, data in parallel.read_in_order(read, found)] == [b"one"] * 40
        assert portions == together

    def test_an_object_larger_than_the_bound_is_read_alone(self, bench, raw):
        bench.land(NAME.format(1), b"x" * 1000)
        bench.land(NAME.format(2), b"y")
        assert [len(data) for _, data in raw.read_all(raw.find(), memory=1)] == [1000, 1]

    def test_damage_is_told_when_its_turn_comes(self, bench, raw):
        for day in (1, 2, 3):
            bench.land(NAME.format(day), b"%d" % day)
        path_of(bench.zone, list(raw.find())[1].stored).unlink()
        reading = raw.read_all(raw.find())
        assert next(reading)[1] == b"1"
        with pytest.raises(ObjectDamaged, match="is missing"):
            next(reading)

    def test_what_is_sound_beside_a_damaged_one_is_given_before_and_can_be_asked_for_after(self, bench, raw):
        """Small objects are read several at a time: one that is damaged takes no other with it."""
        for day in range(1, 31):
            bench.land(NAME.format(day), b"%d" % day)
        found = list(raw.find())
        for damaged in (4, 25):
            path_of(bench.zone, found[damaged].stored).unlink()
        for at, sound in ((0, range(1, 5)), (5, range(6, 26)), (26, range(27, 31))):
            given = []
            with suppress(ObjectDamaged):
                given.extend(data for _, data in raw.read_all(found[at:]))
            assert given == [b"%d" % day for day in sound]

    def test_threads_that_read_never_ask_the_index_at_once(self, bench, raw, monkeypatch):
        """They share its connection, which would mix up what two of them ask."""
        for day in range(1, 9):
            bench.land(NAME.format(day), b"%d" % day)
        index = raw.zone.index
        monkeypatch.setattr(index, "_database", watched := OneAtATime(index._database))
        listed = list(raw.find()) * 4
        path_of(bench.zone, listed[0].stored).unlink()  # whose erasure and whereabouts are asked for
        with ThreadPoolExecutor(8) as pool:
            done = [pool.submit(raw.read, one) for one in listed] + [
                pool.submit(list, raw.read_all(listed[1:8]))
            ]
        assert [type(one.exception()) for one in done] == [*[ObjectDamaged, *[type(None)] * 7] * 4, type(None)]
        assert watched.asked > len(listed)
        assert not watched.together

    def test_who_stops_early_leaves_no_thread_behind(self, bench, raw):
        for day in range(1, 9):
            bench.land(NAME.format(day), b"%d" % day)
        reading = raw.read_all(raw.find())
        next(reading)
        reading.close()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("rawzone-read")]


class TestReadOnly:
    def test_where_nothing_can_be_written_everything_can_be_read(self, bench, tmp_path):
        bench.land(NAME.format(1), b"one")
        before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
        settings = Settings.from_environment({"RAWZONE_STATE": os.devnull}, home=tmp_path)
        with open_raw(settings=settings) as raw:
            assert [data for _, data in raw.read_all(raw.find())] == [b"one"]
        assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before

    def test_where_there_is_no_zone_nothing_is_found_and_nothing_created(self, tmp_path):
        with open_raw(tmp_path / "nothing") as raw:
            assert list(raw.find()) == []
            assert raw.find(as_of=-1)
        assert list(tmp_path.iterdir()) == []

    def test_a_cache_inside_the_zone_is_refused(self, tmp_path):
        environment = {"RAWZONE_CACHE": str(tmp_path / "raw" / "cache"), "RAWZONE_CACHE_SIZE": "1e9"}
        with pytest.raises(RootsNested, match="RAWZONE_CACHE"):
            cache_of(Settings.from_environment(environment, home=tmp_path))


PROMOTER = """
import sys
from datetime import datetime, UTC
from pathlib import Path
from rawzone_assets_tests.access.conftest import Bench
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
with Zone(Settings.from_environment({}, home=Path(sys.argv[1]))) as zone:
    bench = Bench(zone=zone, now=datetime(2025, 6, 30, tzinfo=UTC))
    for number in range(int(sys.argv[2])):
        bench.land(f"toolost/toolost_spotify_202506{number % 5 + 1:02d}.json", b"%d" % number * 500)
"""


class TestWhilePromotionRuns:
    def test_whatever_is_listed_can_be_read_and_each_listing_is_one_moment(self, tmp_path, tell):
        promoter = subprocess.Popen([sys.executable, "-c", PROMOTER, str(tmp_path), "40"])
        seen = {}
        looks = 0
        with open_raw(tmp_path) as raw:
            running = True
            while running:
                running = promoter.poll() is None
                seq = raw.refresh().seq
                found = list(raw.read_all(raw.find(all_revisions=True)))
                assert {data for _, data in found} == {b"%d" % number * 500 for number in range(seq + 1)}
                seen[seq] = looks = looks + 1
        assert promoter.returncode == 0
        assert max(seen) == 39
        tell(f"reading while promotion runs: {looks} looks at {len(seen)} moments")


def test_uncommitted_objects_are_not_seen(bench, raw):
    """An object whose batch has not been committed lies in raw and is nobody's business."""
    bench.land(NAME.format(1), b"one")
    (listed,) = raw.find()
    path = path_of(bench.zone, listed.stored)
    Path(path.with_name("toolost_spotify_20250609.json.gz")).write_bytes(path.read_bytes())
    assert names(raw.find()) == ["01"]
