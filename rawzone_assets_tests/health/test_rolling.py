"""The rolling scrub: every stored byte re-read within a window, oldest first, within a budget, resumable."""

import errno
import gzip
import hashlib
from datetime import timedelta
from unittest import mock

import pytest

from rawzone_assets.health.coverage import Coverage
from rawzone_assets.health.damage import DamageKind
from rawzone_assets.health.erasure import erase, plan_erasure
from rawzone_assets.health.recorded import read_recorded
from rawzone_assets.health.repair import repair
from rawzone_assets.health.rolling import coverage, scrub_rolling, spans_of
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.receipt import timestamp
from rawzone_assets_tests.health.archive_support import archive_due, restore_all, set_policy
from rawzone_assets_tests.health.damaging import flip, overwrite, tree
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, open_zone, promote_all

DAYS = 6


class Ticks:
    """A clock on which each look takes a second."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1
        return self.now


def session(home, *, after=0.0, budget=3600.0, window=30.0, **options):
    """A session ``after`` days, which reads two files a second."""
    with open_zone(home, now=NOW + timedelta(days=after)) as zone:
        return scrub_rolling(
            zone, run_id="scrub", budget=budget, window=window, timer=Ticks(), most_files=2, **options
        )


def noted(home, kind):
    with open_zone(home) as zone:
        commits = [zone.ledger.commit(seq) for seq in range(zone.index.catch_up().seq + 1)]
    return [record for commit in commits for record in commit.records if record["record"] == kind]


def scrubbed(home):
    return noted(home, "scrubbed")


@pytest.fixture
def home(tmp_path):
    """A zone of six commits, an object each."""
    for day in range(DAYS):
        LandingFolder(tmp_path).put(f"tiny/note_2024060{day + 1}.txt", f"{day}\n".encode() * 9)
        with open_zone(tmp_path) as zone:
            promote_all(zone)
    return tmp_path


def objects(home):
    return sorted((home / "raw/tiny").rglob("*.gz"))


class TestASession:
    def test_reads_everything_when_the_budget_allows_and_records_it_in_one_record(self, home):
        found = session(home)
        assert (found.objects, found.finished, found.damages) == (DAYS, True, ())
        (record,) = scrubbed(home)
        assert record["spans"] == [[0, DAYS - 1]]
        assert (record["files"], record["bytes"], record["damaged"]) == (DAYS, found.bytes, 0)

    def test_records_damage_again_when_it_is_another_and_not_when_it_is_the_same(self, home):
        path = objects(home)[0]
        flip(path)
        for _ in range(2):
            session(home)
        overwrite(path, b"cut")
        for _ in range(2):
            session(home)
        path.unlink()
        for _ in range(2):
            session(home)
        assert [record["kind"] for record in noted(home, "damaged")] == ["damaged", "damaged", "missing"]

    def test_reads_each_file_once_although_damaged_ones_come_first(self, home):
        flip(objects(home)[0])
        session(home)
        stored = sum(path.stat().st_size for path in objects(home))
        found = session(home)
        assert (found.objects, found.bytes, found.files) == (DAYS, stored, DAYS)

    def test_after_a_repair_has_no_damage_to_find_sound_again(self, home):
        flip(objects(home)[0])
        assert len(session(home).damages) == 1
        with open_zone(home) as zone:
            repair(zone, run_id="repair")
        found = session(home)
        assert (found.damages, found.sound_again) == ((), ())

    def test_of_a_clock_that_went_back_makes_nothing_older_than_it_was(self, home):
        oldest = {session(home, after=after).coverage.oldest for after in (10, 1)}
        assert oldest == {timestamp(NOW + timedelta(days=10))}
        with open_zone(home) as zone:
            whole, _ = coverage(read_recorded(zone), now=NOW + timedelta(days=35), window=26)
        assert whole.percent == 100.0

    def test_says_of_each_part_that_it_records_when_it_began_to_read_that(self, home, monkeypatch):
        monkeypatch.setattr("rawzone_assets.health.rolling._SAVED_EVERY", 1)
        with open_zone(home) as zone:
            zone.clock = (NOW + timedelta(minutes=minute) for minute in range(99)).__next__
            scrub_rolling(zone, run_id="scrub", budget=3600, window=30, timer=Ticks(), most_files=2)
        began = [record["began"] for record in scrubbed(home)]
        assert began == sorted(set(began))
        assert len(began) > 1

    def test_of_an_empty_zone_records_nothing(self, tmp_path):
        found = session(tmp_path)
        assert (found.files, found.finished, found.coverage.percent) == (0, True, 100.0)
        assert tree(tmp_path) == {}

    def test_looks_at_the_clock_after_so_many_bytes_too(self, home, monkeypatch):
        monkeypatch.setattr("rawzone_assets.health.rolling._MOST_BYTES", 1)
        assert session(home, budget=0).objects == 1

    def test_stops_when_the_budget_is_used_up_and_the_next_goes_on_there(self, home):
        seen = [session(home, budget=1).objects for _ in range(4)]
        assert seen[0] < DAYS
        spans = [span for record in scrubbed(home) for span in record["spans"]]
        assert spans[0][0] == 0
        assert spans[1][0] == spans[0][1] + 1

    def test_any_budget_gets_round_some_day(self, home):
        for _ in range(DAYS):
            session(home, budget=0)
        read = {seq for record in scrubbed(home) for a, b in record["spans"] for seq in range(a, b + 1)}
        assert read == set(range(DAYS))

    def test_a_new_object_waits_for_its_turn(self, home):
        session(home, after=1, budget=1)
        LandingFolder(home).put("tiny/note_20240610.txt", b"new\n")
        with open_zone(home, now=NOW + timedelta(days=2)) as zone:
            promote_all(zone)
        session(home, after=3, budget=1)
        new = DAYS + 1  # after the six objects and the first session
        assert not any(a <= new <= b for record in scrubbed(home) for a, b in record["spans"])

    def test_what_was_killed_before_it_was_recorded_is_read_again(self, home):
        class Killed(BaseException):
            pass

        def kill(done, total):
            if done == total:
                raise Killed

        with pytest.raises(Killed):
            session(home, progress=kill)
        assert session(home).objects == DAYS

    def test_finishes_what_a_crash_cut_off_and_reads_it_too(self, home):
        LandingFolder(home).put("tiny/note_20240610.txt", b"new\n")
        crash = mock.patch.object(Ledger, "claim", side_effect=OSError(errno.EIO, "Input/output error"))
        with open_zone(home) as zone, crash, pytest.raises(StorageFailed):
            promote_all(zone)
        done = session(home)
        assert (done.objects, done.interrupted, done.damages) == (DAYS + 1, 0, ())

    def test_progress_is_saved_on_the_way(self, home, monkeypatch):
        monkeypatch.setattr("rawzone_assets.health.rolling._SAVED_EVERY", 2)
        session(home)
        assert [record["spans"] for record in scrubbed(home)] == [[[0, 1]], [[2, 5]]]


class TestCoverage:
    def test_falls_as_time_goes_by_and_rises_with_each_session(self, home):
        assert session(home, after=1, budget=1).coverage.percent == 100.0
        late = session(home, after=35, budget=1)
        assert 0 < late.coverage.percent < 100
        assert late.is_behind
        assert not session(home, after=35).is_behind

    def test_is_all_only_where_all_was_read(self):
        """'Only 100 % were read' was said where a small file of a large zone was not."""
        percents = [
            Coverage(total_bytes=10**9, covered_bytes=n, oldest=None).percent for n in (0, 10**9 - 1, 10**9)
        ]
        assert percents == [0.0, 99.99, 100.0]

    def test_the_oldest_is_as_old_as_its_promotion_until_it_is_read(self, home):
        begin = "2024-06-30T12:00:00.000000Z"
        assert session(home, after=10, budget=0).coverage.oldest == begin
        assert session(home, after=10).coverage.oldest == "2024-07-10T12:00:00.000000Z"

    def test_of_a_window_longer_than_time_is_told(self, home):
        assert session(home, after=10, budget=0, window=1e12).coverage.percent == 100.0


class TestDamage:
    def test_is_recorded_once_however_often_it_is_met(self, home):
        flip(objects(home)[2])
        for _ in range(2):
            (damage,) = session(home).damages
            assert damage.path == str(objects(home)[2])
        with open_zone(home) as zone:
            zone.index.catch_up()
            (event,) = zone.index.upkeep.events("raw/tiny/notes/2024/06/note_20240603.txt.gz")
        assert event.record["kind"] == "damaged"

    def test_is_looked_at_again_first_and_known_to_be_sound_once_it_is(self, home):
        path = objects(home)[-1]
        sound = path.read_bytes()
        flip(path)
        session(home)
        assert len(session(home, budget=0).damages) == 1
        overwrite(path, sound)
        healed = session(home, budget=0)
        assert (healed.damages, healed.sound_again) == ((), ("raw/tiny/notes/2024/06/note_20240606.txt.gz",))
        assert session(home, budget=0).sound_again == ()

    def test_that_is_over_is_recorded_once_also_where_that_is_all_that_was_read(self, home, monkeypatch):
        monkeypatch.setattr("rawzone_assets.health.rolling._SAVED_EVERY", 0)
        sound = objects(home)[0].read_bytes()
        flip(objects(home)[0])
        session(home)
        overwrite(objects(home)[0], sound)
        session(home)
        again = [place for record in scrubbed(home) for place in record["sound_again"]]
        assert again == ["raw/tiny/notes/2024/06/note_20240601.txt.gz"]

    def test_of_one_file_makes_no_other_with_its_bytes_the_missing_one(self, home):
        first, second = objects(home)[:2]
        (home / "raw/tiny/stray").write_bytes(first.read_bytes())
        flip(first)
        second.unlink()
        assert {damage.kind for damage in session(home).damages} == {
            DamageKind.DAMAGED,
            DamageKind.FOREIGN,
            DamageKind.MISSING,
        }

    def test_is_no_sounder_for_its_hot_copy_which_came_back(self, home):
        """An archive copy that is missing beside a sound hot one is no loss, and not there all the same."""
        set_policy(home, "[retention]\nrecent_days = 5\nhot_days = 5\n")
        with open_zone(home, now=NOW + timedelta(days=30)) as zone:
            archive_due(zone)
            restore_all(zone)
        hot = objects(home)[0]
        copy = home / "archive" / hot.relative_to(home / "raw")
        data = hot.read_bytes()
        copy.unlink()
        hot.unlink()
        assert len(session(home, after=31).damages) == 2
        hot.write_bytes(data)
        healed = session(home, after=32)
        assert (healed.damages, healed.sound_again) == ((), (f"raw/{hot.relative_to(home / 'raw')}",))
        copy.write_bytes(data)
        assert session(home, after=33).sound_again == (f"archive/{hot.relative_to(home / 'raw')}",)

    def test_is_not_what_a_repair_that_was_cut_off_has_kept(self, home):
        kept = home / "quarantine/_evidence/0123456789abcdef/raw/tiny/notes/note.txt.gz"
        kept.parent.mkdir(parents=True)
        kept.write_bytes(b"damaged")
        assert session(home).damages == ()

    @staticmethod
    def overtaken(home, another):
        """A session; another command is through before it records."""
        record = Publisher.record

        def record_late(publisher, records):
            with mock.patch.object(Publisher, "record", record), open_zone(home) as zone:
                another(zone)
            return record(publisher, records)

        with mock.patch.object(Publisher, "record", record_late):
            session(home)

    def test_of_what_is_repaired_before_it_is_recorded_is_no_news(self, home):
        """It was told as damaged for a day, and nothing needed repair."""
        overwrite(objects(home)[0], b"rotten")
        self.overtaken(home, lambda zone: repair(zone, run_id="repair"))
        assert len(noted(home, "repaired")) == len(scrubbed(home)) == 1
        assert noted(home, "damaged") == []

    def test_of_what_is_damaged_again_after_that_is(self, home):
        path = objects(home)[0]
        overwrite(path, b"rotten")

        def repair_in_vain(zone):
            repair(zone, run_id="repair")
            overwrite(path, b"rotten again")

        self.overtaken(home, repair_in_vain)
        assert len(noted(home, "damaged")) == 1

    def test_of_what_the_law_has_erased_before_it_is_recorded_is_no_news(self, home):
        """No scrub would look there again, so it was told as damaged for ever."""
        path = objects(home)[0]
        gone = [hashlib.sha256(gzip.decompress(path.read_bytes())).hexdigest()]
        overwrite(path, b"rotten")
        order = {"reason": "a request", "authority": "an office"}

        def erase_it(zone):
            zone.index.catch_up()
            erase(zone, gone, code=plan_erasure(zone, gone, **order).code, by="Ada", **order)

        self.overtaken(home, erase_it)
        assert len(noted(home, "erased")) == len(scrubbed(home)) == 1
        assert noted(home, "damaged") == []

    def test_of_the_ledger_is_told_and_nothing_is_written(self, home):
        flip(home / "raw/_ledger" / f"{2:020d}.jsonl", 300)
        before = tree(home)
        found = session(home)
        assert found.damages
        assert not found.is_recorded
        assert tree(home) == before


def test_spans_are_runs_of_numbers():
    assert spans_of([5, 1, 2, 9, 3]) == [(1, 3), (5, 5), (9, 9)]
    assert spans_of([]) == []
