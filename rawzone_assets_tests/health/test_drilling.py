"""Restore drills: archived objects come back for a trial, in turns, and the ledger keeps what came of it."""

import errno
import gzip
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace
from unittest import mock

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.health import drilling
from rawzone_assets.health.report import read_health
from rawzone_assets.zone.errors import DiskAlmostFull, RootAway
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.record_kinds import DRILLED
from rawzone_assets_tests.health.archive_support import archive_due, archived_keys, restore_all, set_policy
from rawzone_assets_tests.health.test_erasure import MARK, carry_out, holders
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.invariants import read_tree
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOTES,
    SUMS,
    TINY,
    LandingFolder,
    open_zone,
    promote_all,
)

FEEDS = {feed.id: feed for feed in (NOTES, SUMS)}
LANDED = {
    "tiny/note_20240422.txt": MARK,
    "tiny/note_20240423.txt": b"two\n",
    "tiny/sum_20240422.csv": b"three\n",
    "tiny/note_20240424.zip": b"PK\x03\x04",
}


@pytest.fixture
def archived(tmp_path):
    """A zone with four objects, all of them in the archive alone."""
    home = tmp_path / "zone"
    set_policy_folder(home)
    LandingFolder(home).put_all(LANDED)
    with open_zone(home) as zone:
        promote_all(zone)
        archive_due(zone)
        assert len(archived_keys(zone)) == 4
    return home


def set_policy_folder(home):
    home.mkdir()
    set_policy(home)


def drill(home, feeds=FEEDS, **options):
    with open_zone(home) as zone, mock.patch.object(drilling, "contract_of", return_value=CONTRACT):
        return drilling.drill(zone, feeds, judge=judge, by="Ada", **options)


def spoil(home, data=None):
    """Damage the copy of the marker's note in the archive."""
    path = home / "archive/tiny/notes/2024/04/note_20240422.txt.gz"
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-9] if data is None else data)
    path.chmod(0o444)


def drilled(home):
    with open_zone(home) as zone:
        zone.index.catch_up()
        return [
            record
            for seq in range(zone.index.head.seq + 1)
            for record in zone.ledger.commit(seq).records
            if record["record"] == DRILLED
        ]


class TestADrill:
    def test_brings_every_object_back_and_records_it_with_its_digest(self, archived):
        outcome = drill(archived)
        assert [(r["outcome"], r["readable"]) for r in outcome.records] == [("sound", True)] * 4
        assert drilled(archived) == outcome.records
        assert {record["place"] for record in outcome.records} == {
            f"archive/{path.relative_to(archived / 'archive')}"
            for path in (archived / "archive").rglob("*.*")
            if path.is_file()
        }

    def test_changes_nothing_but_the_ledger_and_leaves_no_scratch(self, archived):
        before = {root: read_tree(archived / root) for root in ("raw", "archive", "quarantine")}
        drill(archived)
        after = {root: read_tree(archived / root) for root in before}
        new = set(after["raw"]) - set(before["raw"])
        assert {path.split("/")[0] for path in new} == {"_ledger"}
        assert {path: e for path, e in after["raw"].items() if path not in new} == before["raw"]
        assert (after["archive"], after["quarantine"]) == (before["archive"], before["quarantine"])
        assert [path.name for path in (archived / "state" / "restore-drill").iterdir()] == ["lock"]

    def test_takes_those_undrilled_for_longest_first_until_all_had_their_turn(self, archived):
        turns = [{record["key"] for record in drill(archived, objects=2).records} for _ in range(3)]
        assert turns[0] | turns[1] == set(turns[0] ^ turns[1])
        assert len(turns[0] | turns[1]) == 4
        assert turns[2] == turns[0]

    def test_may_be_of_some_feeds_only(self, archived):
        assert [record["feed"] for record in drill(archived, only=["tiny/sums"]).records] == ["tiny/sums"]

    def test_reads_large_objects_from_the_scratch_folder(self, archived):
        with mock.patch.object(drilling, "HELD_IN_MEMORY", 1):
            assert [record["outcome"] for record in drill(archived).records] == ["sound"] * 4

    def test_without_an_archive_it_records_nothing(self, tmp_path):
        home = tmp_path / "zone"
        LandingFolder(home).put("tiny/note_20240422.txt", b"one\n")
        with open_zone(home) as zone:
            promote_all(zone)
        outcome = drill(home)
        assert (outcome.records, outcome.copies, outcome.seq) == ([], 0, None)

    def test_copies_of_restored_objects_are_drilled_too(self, archived):
        with open_zone(archived) as zone:
            restore_all(zone)
        assert len(drill(archived).records) == 4


class TestWhatFails:
    @pytest.mark.parametrize("data", [None, b"", b"no gzip", gzip.compress(b"other\n", mtime=0)])
    def test_a_damaged_copy(self, archived, data):
        spoil(archived, data)
        (failed,) = drill(archived).failed
        assert failed["problem"].startswith("the archive copy is not as recorded: ")
        assert (failed["outcome"], failed["readable"]) == ("failed", None)

    def test_a_missing_copy(self, archived):
        (archived / "archive/tiny/sums/2024/sum_20240422.csv.gz").unlink()
        (failed,) = drill(archived).failed
        assert "it is missing" in failed["problem"]

    @pytest.mark.parametrize("left", ["nothing", "an empty folder"])
    def test_nothing_is_recorded_to_have_failed_while_the_disk_is_away(self, archived, left):
        """The ledger would keep for ever that all of it could not be had back."""
        (archived / "archive").rename(archived / "away")
        if left == "an empty folder":
            (archived / "archive").mkdir()
        with pytest.raises(RootAway, match=r"mount its disk, set RAWZONE_ARCHIVE"):
            drill(archived)
        assert drilled(archived) == []
        shutil.rmtree(archived / "archive", ignore_errors=True)
        (archived / "away").rename(archived / "archive")
        assert drill(archived).failed == []

    def test_what_the_parser_does_not_accept_any_more_under_the_same_contract(self, archived):
        class Strict(type(NOTES.format)):
            def examine(self, feed, content, capture, findings):
                return super().examine(feed, replace_marker(content), capture, findings)

        def replace_marker(content):
            return replace(content, data=content.read().replace(MARK, b"bad"))

        feeds = {**FEEDS, NOTES.id: replace(NOTES, format=Strict())}
        (failed,) = drill(archived, feeds).failed
        assert (failed["readable"], "does not accept what it accepted once" in failed["problem"]) == (
            False,
            True,
        )
        with open_zone(archived) as zone, mock.patch.object(drilling, "contract_of", return_value={"new": 1}):
            later = drilling.drill(zone, feeds, judge=judge, by="Ada")
        assert later.failed == []
        assert [r["note"] for r in later.records if r["note"]] == [
            "today's contract, which is another than then, would refuse it: RZ-JSON-SYNTAX"
        ]

    def test_a_feed_that_is_no_longer_declared_is_noted(self, archived):
        records = drill(archived, {}).records
        assert [(record["outcome"], record["readable"]) for record in records] == [("sound", None)] * 4
        assert "no longer declared" in records[0]["note"]

    def test_it_stays_failed_until_a_later_drill_of_it_succeeds(self, archived):
        path = archived / "archive/tiny/notes/2024/04/note_20240422.txt.gz"
        sound = path.read_bytes()
        spoil(archived)
        drill(archived)
        with open_zone(archived) as zone:
            zone.index.catch_up()
            assert len(zone.index.drills.totals().failed) == 1
        spoil(archived, sound)
        drill(archived)
        with open_zone(archived) as zone:
            zone.index.catch_up()
            assert zone.index.drills.totals().failed == ()

    def test_a_disk_without_room_is_said_and_nothing_is_left(self, archived):
        full = mock.patch("rawzone_assets.zone.local_files.LocalFiles.free_bytes", return_value=-1)
        with full, pytest.raises(DiskAlmostFull):
            drill(archived)
        assert [path.name for path in (archived / "state" / "restore-drill").iterdir()] == ["lock"]

    @pytest.mark.parametrize(
        ("data", "told"),
        [
            (None, "the archive copy is not as recorded"),
            (gzip.compress(MARK[::-1]), "not that of its receipt"),
        ],
        ids=["cut", "others"],
    )
    def test_what_changes_once_it_was_verified(self, archived, data, told):
        spoil(archived, data)
        with mock.patch.object(drilling, "verify_copy", return_value=None):
            (failed,) = drill(archived).failed
        assert told in failed["problem"]

    @pytest.mark.parametrize("verified", [False, True], ids=["at once", "once it was verified"])
    def test_a_copy_that_its_disk_does_not_give_holds_up_no_other(self, archived, verified):
        class Bad(WatchedFiles):
            def before(self, operation, path):
                if operation == "open" and path.name == "note_20240422.txt.gz":
                    raise OSError(errno.EIO, "Input/output error", str(path))

        look = mock.patch.object(drilling, "verify_copy", return_value=None) if verified else nullcontext()
        with look, open_zone(archived, files=Bad(LocalFiles())) as zone:
            outcome = drilling.drill(zone, {}, judge=judge, by="Ada")
        assert (len(outcome.records), len(outcome.failed)) == (4, 1)
        assert "input/output error" in outcome.failed[0]["problem"]


class TestTheScratchFolder:
    def test_holds_one_object_at_a_time(self, archived):
        left = []

        def look(*_):
            left.append([path.name for path in (archived / "state" / "restore-drill").iterdir()])

        drill(archived, progress=look)
        assert left == [["lock"]] * 4

    def test_is_what_large_objects_are_judged_from(self, archived):
        judged = []

        def told(feed, content, capture):
            judged.append(type(content))
            return judge(feed, content, capture)

        with (
            open_zone(archived) as zone,
            mock.patch.object(drilling, "HELD_IN_MEMORY", 5),
            mock.patch.object(drilling, "contract_of", return_value=CONTRACT),
        ):
            assert drilling.drill(zone, FEEDS, judge=told, by="Ada").failed == []
        assert sorted(kind.__name__ for kind in judged) == ["BytesContent"] * 2 + ["StagedContent"] * 2

    def test_is_one_drills_at_a_time(self, archived):
        scratch = archived / "state" / "restore-drill"
        scratch.mkdir()
        with ThreadPoolExecutor() as pool:
            with LocalFiles().lock(scratch / "lock", wait=True):
                second = pool.submit(drill, archived)
                with pytest.raises(TimeoutError):
                    second.result(timeout=0.5)
            assert len(second.result().records) == 4


class TestWhatAKilledDrillLeaves:
    def test_is_removed_by_the_next_and_by_an_erasure(self, archived):
        for finish in (drill, erase):
            scratch = archived / "state" / "restore-drill"
            scratch.mkdir(exist_ok=True)
            (scratch / "1").write_bytes(MARK)
            finish(archived)
            assert not (scratch / "1").exists()
        assert holders(archived) == []

    def test_what_was_erased_before_it_is_recorded_is_recorded_no_more(self, archived):
        with open_zone(archived) as zone:
            publisher = zone.publisher

            def overtaken(run_id):
                if run_id == "drill":
                    erase(archived)
                return publisher(run_id)

            zone.publisher = overtaken
            with mock.patch.object(drilling, "contract_of", return_value=CONTRACT):
                outcome = drilling.drill(zone, FEEDS, judge=judge, by="Ada")
        assert (len(outcome.records), len(drilled(archived))) == (4, 3)

    def test_what_was_erased_is_drilled_no_more(self, archived):
        erase(archived)
        assert len(drill(archived).records) == 3


def erase(home):
    with open_zone(home) as zone:
        carry_out(zone)


class TestHealth:
    def test_says_how_drills_stand_and_what_failed(self, archived):
        with open_zone(archived) as zone:
            zone.index.catch_up()
            before = read_health(zone, [TINY])
        assert (
            before.drills.sentence
            == "Restore drills: there was none yet; 0 of 4 files with a copy in the archive were drilled."
        )
        spoil(archived)
        drill(archived, objects=4)
        with open_zone(archived) as zone:
            zone.index.catch_up()
            after = read_health(zone, [TINY])
        assert (
            "4 of 4 files with a copy in the archive were drilled, 1 could not be had back."
            in after.drills.sentence
        )
        assert any("could not be had back when last drilled" in concern for concern in after.concerns)

    def test_misses_a_drill_after_a_month(self, archived):
        with open_zone(archived) as zone:
            later = zone.clock().replace(month=8)
        with open_zone(archived, now=later) as zone:
            zone.index.catch_up()
            concerns = read_health(zone, [TINY]).concerns
        assert any("no restore drill since 2024-06-30" in concern for concern in concerns)
