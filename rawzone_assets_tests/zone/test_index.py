"""The index: lost, damaged, ahead, behind or of another ledger, it gives the same answers as a new one."""

import os
import random
import shutil
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import date

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone import index as index_module
from rawzone_assets.zone import upkeep
from rawzone_assets.zone import zone as zone_module
from rawzone_assets.zone.errors import IndexFailed, LedgerDamaged, LedgerGone
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_database import transaction
from rawzone_assets.zone.promotion import promote as promote_each
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.another_user import as_nobody
from rawzone_assets_tests.zone.invariants import Oracle, read_tree, receipts_of, sha256
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, look, open_zone, promote_all

FILES = {
    "tiny/note_20240522.txt": b"one\n",
    "tiny/note_20240523.txt": b"one\n",
    "tiny/note_20240524.txt": b"bad",
    "tiny/sum_20240522.csv": b"two\n",
    "tiny/stranger": b"?",
}


def promote(home):
    with open_zone(home) as zone:
        outcome = promote_all(zone)
        outcome.raise_for_environment()
    assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []
    return outcome


def answers(home):
    """Everything that deciding and looking ask."""
    with open_zone(home) as zone:
        states = look(zone).states()
        index = zone.index
        shas = {receipt["sha256"] for receipt in receipts_of(read_tree(home / "raw")) if receipt["sha256"]}
        feeds = ("tiny/notes", "tiny/sums")
        return (
            states,
            index.head,
            [index.stored(feed, sha) for feed in feeds for sha in sorted(shas)],
            [index.refusals(feed, sha) for feed in feeds for sha in sorted(shas)],
            [index.revisions("tiny/notes", f"note_2024052{day}.txt") for day in range(2, 5)],
            list(index.entries()),
        )


def tables(index):
    """What an index has made of the ledger alone."""
    made = ("receipt", "body", "day", "written", "tally", "total", "head")
    return {name: index._database.execute(f"SELECT * FROM {name}").fetchall() for name in made}  # noqa: S608


def index_file(home):
    (path,) = (home / "state").glob("index-*.sqlite3")
    return path


@pytest.fixture
def zone_home(home, landing):
    landing.put_all(FILES)
    promote(home)
    landing.put("tiny/note_20240522.txt", b"revised\n")
    promote(home)
    return home


class TestAnIndexThatCannotBeTrusted:
    """It is derived, local and disposable."""

    def test_a_lost_one_is_built_anew(self, zone_home):
        expected = answers(zone_home)
        shutil.rmtree(zone_home / "state")
        assert answers(zone_home) == expected
        assert promote(zone_home).receipts == []

    @pytest.mark.parametrize("at_once", [1, 2, 3])
    def test_it_is_built_in_any_number_of_steps(self, zone_home, monkeypatch, at_once):
        expected = answers(zone_home)
        shutil.rmtree(zone_home / "state")
        monkeypatch.setattr(index_module, "_COMMITS_AT_ONCE", at_once)
        assert answers(zone_home) == expected

    def test_what_stops_in_the_middle_goes_on_from_there(self, zone_home, monkeypatch):
        expected = answers(zone_home)
        shutil.rmtree(zone_home / "state")
        monkeypatch.setattr(index_module, "_COMMITS_AT_ONCE", 1)
        path = zone_home / f"raw/_ledger/{2:020}.jsonl"
        whole = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(whole[:-5])
        with open_zone(zone_home) as zone:
            with pytest.raises(LedgerDamaged):
                zone.index.catch_up()
            assert zone.index.head.seq == 1
        path.write_bytes(whole)
        assert answers(zone_home) == expected

    @pytest.mark.parametrize("garbage", [b"", b"garbage", b"SQLite format 3\0" + bytes(5000), os.urandom(8192)])
    def test_garbage_is_replaced(self, zone_home, garbage):
        expected = answers(zone_home)
        index_file(zone_home).write_bytes(garbage)
        assert answers(zone_home) == expected

    def test_one_of_another_version_is_replaced(self, zone_home):
        expected = answers(zone_home)
        with sqlite3.connect(index_file(zone_home)) as database:
            database.execute("PRAGMA user_version = 999")
        database.close()
        assert answers(zone_home) == expected

    @pytest.mark.parametrize("seed", range(12))
    def test_a_page_of_noise_gives_the_same_answers_or_one_sentence(self, zone_home, seed):
        expected = answers(zone_home)
        path, chance = index_file(zone_home), random.Random(seed)
        data = bytearray(path.read_bytes())
        page = chance.randrange(len(data) // 4096) * 4096
        data[page : page + 4096] = chance.randbytes(4096)
        path.write_bytes(data)
        try:
            found = answers(zone_home)
        except (IndexFailed, sqlite3.DatabaseError):  # the latter when a reader meets it first
            path.unlink()  # as the sentence says
            found = answers(zone_home)
        assert found == expected

    def test_one_that_is_ahead_of_the_ledger_is_noticed(self, zone_home):
        (zone_home / "raw/_ledger/00000000000000000003.jsonl").unlink()
        with open_zone(zone_home) as zone:
            assert zone.index.catch_up().seq == 2
        assert len(answers(zone_home)[-1]) == 5

    def test_one_of_another_ledger_at_the_same_place_is_noticed(self, zone_home, landing, tmp_path):
        other = tmp_path / "other"
        LandingFolder(other).put("tiny/note_20240525.txt", b"another zone\n")
        promote(other)
        shutil.rmtree(zone_home / "raw")
        shutil.rmtree(zone_home / "quarantine")
        shutil.move(other / "raw", zone_home / "raw")
        landing.put("tiny/note_20240525.txt", b"another zone\n")
        assert len(promote(zone_home).receipts) == 5

    @pytest.mark.parametrize("mounted_at", [True, False])
    def test_nothing_is_written_where_the_disk_of_a_ledger_is_not_mounted(self, zone_home, mounted_at):
        """Else all of landing would be promoted once more, into the folder where the disk belongs."""
        (zone_home / "raw").rename(zone_home / "unmounted")
        if mounted_at:
            (zone_home / "raw").mkdir()
        with pytest.raises(LedgerGone, match="commit 3 was read before"):
            promote(zone_home)
        assert not list(zone_home.glob("raw/*/*"))
        shutil.rmtree(zone_home / "raw", ignore_errors=True)
        (zone_home / "unmounted").rename(zone_home / "raw")
        assert promote(zone_home).receipts == []

    def test_a_ledger_emptied_on_purpose_begins_anew_once_the_index_is_removed(self, zone_home):
        shutil.rmtree(zone_home / "raw")
        shutil.rmtree(zone_home / "quarantine")
        index_file(zone_home).unlink()
        assert len(promote(zone_home).receipts) == 5

    def test_two_zones_may_share_a_state_folder(self, zone_home, tmp_path, monkeypatch):
        expected = answers(zone_home)
        monkeypatch.setenv("RAWZONE_STATE", str(zone_home / "state"))
        (tmp_path / "landing").mkdir()
        promote(tmp_path)
        assert answers(zone_home) == expected

    def test_one_that_this_user_may_only_read_is_left_alone(self, zone_home):
        """SQLite puts files beside it where a group may, and whose owner may not write these is locked out."""
        expected, state = answers(zone_home), zone_home / "state"
        with open_zone(zone_home) as zone:
            zone.index.catch_up()
        names = sorted(state.iterdir())
        zone_home.chmod(0o755)
        state.chmod(0o777)
        for path in names:
            path.chmod(0o444)
        with as_nobody():
            assert answers(zone_home) == expected
        assert sorted(state.iterdir()) == names

    def test_without_a_place_to_write_it_is_kept_in_memory(self, zone_home):
        with open_zone(zone_home, with_index=False) as zone:
            assert promote_all(zone).receipts == []
            assert zone.index.catch_up().seq == 3

    def test_a_full_disk_under_it_is_one_sentence(self, zone_home, landing):
        landing.put("tiny/note_20240525.txt", b"more\n")
        with open_zone(zone_home) as zone:
            pages = zone.index._database.execute("PRAGMA page_count").fetchone()[0]
            zone.index._database.execute(f"PRAGMA max_page_count = {pages}")
            for number in range(500):
                landing.put(f"tiny/note_20240526_{number:06}.txt", b"%d" % number)
            with pytest.raises(IndexFailed, match=r"The index .* cannot be used .*full"):
                promote_all(zone)
        promote(zone_home)


class TestTheCommitJustClaimed:
    """It is taken in as it was composed, which is what a reader of its file gets."""

    def test_what_was_composed_is_what_the_file_says(self, home, monkeypatch):
        composed = []

        class Watched(Index):
            def follow(self, commit):
                composed.append(commit)
                return super().follow(commit)

        monkeypatch.setattr(zone_module, "Index", Watched)
        write_landing(home / "landing", days=3, until=date(2024, 5, 24))
        settings = Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=home)
        with Zone(settings) as zone:
            ready = zone.survey(all_platforms(), settle=0).ready
            promote_each(zone, ready, judge=judge, run_id="test")
            taken_in = tables(zone.index)
            assert [zone.ledger.commit(commit.seq) for commit in composed] == composed
            assert [zone.ledger.bytes_of(commit.seq) for commit in composed] == [c.data for c in composed]
            assert sum(len(commit.records) for commit in composed) > 50
        shutil.rmtree(home / "state")
        with Zone(settings) as zone:
            zone.index.catch_up()
            assert tables(zone.index) == taken_in

    def test_an_index_that_was_moved_meanwhile_reads_the_ledger(self, zone_home, landing):
        with open_zone(zone_home) as zone:
            last = zone.ledger.commit(zone.index.catch_up().seq)
            landing.put("tiny/note_20240525.txt", b"another process\n")
            promote(zone_home)
            assert zone.index.follow(last).seq == last.seq + 1
            assert zone.index.stored("tiny/notes", sha256(b"another process\n"))

    def test_an_index_that_is_damaged_meanwhile_is_built_anew(self, zone_home):
        expected = answers(zone_home)
        with open_zone(zone_home) as zone:
            last = zone.ledger.commit(zone.index.catch_up().seq)
            zone.index._database.execute("DROP TABLE head")
            zone.index._database.execute("PRAGMA user_version = 999")
            with pytest.raises(IndexFailed):
                zone.index.follow(last)
        assert answers(zone_home) == expected


class TestATransaction:
    def test_that_cannot_be_committed_is_rolled_back_so_that_the_next_can_begin(self):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as database:
            database.execute("PRAGMA foreign_keys = ON")
            database.execute("CREATE TABLE feed (id INTEGER PRIMARY KEY)")
            database.execute("CREATE TABLE day (feed REFERENCES feed DEFERRABLE INITIALLY DEFERRED)")
            with pytest.raises(sqlite3.IntegrityError), transaction(database):
                database.execute("INSERT INTO day VALUES (1)")
            with transaction(database):
                database.execute("INSERT INTO feed VALUES (1)")
            assert database.execute("SELECT count(*) FROM day").fetchone() == (0,)


class TestFinding:
    def test_a_hash_is_found_by_its_beginning_and_never_by_more_than_all_of_it(self, zone_home):
        with open_zone(zone_home) as zone:
            zone.index.catch_up()
            whole = next(zone.index.entries()).receipt.sha256
            assert zone.index.find(whole.upper()) == zone.index.find(whole[:8]) != []
            assert zone.index.find(whole[:7]) == zone.index.find(f"{whole}0") == []


class TestUpkeep:
    """What was re-read and what was damaged, as ``show`` and the report of compliance tell it."""

    def test_a_commit_was_last_read_by_the_newest_session_over_it(self, zone_home):
        first, second = "2024-06-01T00:00:00.000000Z", "2024-06-02T00:00:00.000000Z"
        with open_zone(zone_home) as zone:
            for began, span in ((second, (1, 2)), (first, (0, 1))):
                told = {"files": 1, "size": 1, "damaged": 0, "sound_again": []}
                record = upkeep.scrubbed_record(began=began, spans=[span], **told)
                zone.publisher("test").record(lambda record=record: [record])
            zone.index.catch_up()
            assert [zone.index.upkeep.last_scrubbed(seq) for seq in range(4)] == [first, second, second, None]

    def test_what_befell_a_place_is_told_from_the_oldest_on(self, zone_home):
        with open_zone(zone_home) as zone:
            for problems in (("first", "second"), ("third",)):
                records = [
                    upkeep.damaged_record(
                        place="raw/x", kind="damaged", problem=problem, feed=None, partition=None, key=None
                    )
                    for problem in problems
                ]
                zone.publisher("test").record(lambda records=records: records)
            zone.index.catch_up()
            told = [event.record["problem"] for event in zone.index.upkeep.events("raw/x")]
        assert told == ["first", "second", "third"]


class TestSums:
    """What is kept added up is what the receipts add up to."""

    def test_of_feeds_and_days(self, zone_home, landing):
        landing.put("tiny/note_20240524.txt", b"good now\n")
        promote(zone_home)
        with open_zone(zone_home) as zone:
            index = zone.index
            index.catch_up()
            entries = [entry for entry in index.entries() if entry.receipt.feed]
            totals = {(total.feed, total.verdict): total for total in index.tallies.totals()}
            assert set(totals) == {(entry.receipt.feed, entry.receipt.verdict) for entry in entries}
            for (feed, verdict), total in totals.items():
                mine = [e.receipt for e in entries if (e.receipt.feed, e.receipt.verdict) == (feed, verdict)]
                assert total.receipts == len(mine)
                assert total.size == sum(receipt.size for receipt in mine)
                assert total.stored_size == sum(receipt.stored_size or 0 for receipt in mine)
                assert total.captured_at == max(receipt.captured_at for receipt in mine)
            for feed in index.feeds():
                counted = Counter(
                    (e.receipt.partition, e.receipt.verdict) for e in entries if e.receipt.feed == feed
                )
                told = index.counts_by_day(feed, since="", until="9")
                assert {(day, verdict): count for day, verdict, count in told} == counted
                assert index.partitions(feed) == sorted({day for day, _ in counted})

    def test_a_refusal_stays_open_until_its_bytes_are_accepted(self, zone_home):
        with open_zone(zone_home) as zone:
            zone.index.catch_up()
            assert zone.index.open_refusals() == {"tiny/notes": 1}
            (entry,) = zone.index.entries(open_refusals=True)
            assert entry.receipt.name == "note_20240524.txt"


class TestADamagedLedger:
    @pytest.mark.parametrize("number", range(4))
    def test_nothing_is_written_after_damage(self, zone_home, landing, number):
        path = zone_home / f"raw/_ledger/{number:020}.jsonl"
        path.chmod(0o644)
        path.write_bytes(path.read_bytes().replace(b"tiny", b"tinY", 1) or b"x")
        shutil.rmtree(zone_home / "state")
        landing.put("tiny/note_20240530.txt", b"late\n")
        before = read_tree(zone_home / "raw")
        with open_zone(zone_home) as zone, pytest.raises(LedgerDamaged, match="is damaged"):
            promote_all(zone)
        assert {p: e for p, e in read_tree(zone_home / "raw").items() if "_staging" not in p} == {
            p: e for p, e in before.items() if "_staging" not in p
        }

    def test_a_missing_commit_is_not_written_anew(self, zone_home, landing):
        (zone_home / "raw/_ledger/00000000000000000001.jsonl").unlink()
        shutil.rmtree(zone_home / "state")
        landing.put("tiny/note_20240530.txt", b"late\n")
        with open_zone(zone_home) as zone, pytest.raises(LedgerDamaged, match="it is missing"):
            promote_all(zone)

    def test_nor_by_whoever_has_read_only_what_came_before_it(self, zone_home, landing):
        """A commit in its place would be acknowledged, and could not be followed by the one that is there."""
        with open_zone(zone_home) as zone:
            behind = Index(zone.ledger, None)
            before = behind.catch_up().seq
        for day in (7, 8):
            landing.put(f"tiny/note_2024060{day}.txt", b"%d\n" % day)
            promote(zone_home)
        zone.ledger.path(before + 1).unlink()
        with pytest.raises(LedgerDamaged, match="it is missing, but later commits are there"):
            behind.catch_up()

    def test_a_missing_commit_of_a_long_ledger_is_noticed_too(self, zone_home, monkeypatch):
        monkeypatch.setattr(index_module, "_COMMITS_AT_ONCE", 1)
        (zone_home / "raw/_ledger/00000000000000000002.jsonl").unlink()
        shutil.rmtree(zone_home / "state")
        with open_zone(zone_home) as zone, pytest.raises(LedgerDamaged, match="it is missing"):
            zone.index.catch_up()

    def test_the_head_moves_only_forward_through_the_files(self, zone_home):
        with open_zone(zone_home) as zone:
            head = zone.index.catch_up()
        newest = (zone_home / f"raw/_ledger/{head.seq:020}.jsonl").read_bytes()
        assert head.sha256 == sha256(newest)
