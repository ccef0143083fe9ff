"""Disks that come and go: what belongs on one that is away is put nowhere else, and none of it is damage."""

import errno
import shutil

import pytest

from rawzone_assets.access.opening import open_zone as open_zone_to_read
from rawzone_assets.access.reading import original_bytes
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.checks import Health
from rawzone_assets.health.doctor import examine_zone
from rawzone_assets.health.holds import add_hold
from rawzone_assets.health.repair import repair
from rawzone_assets.health.report import read_health
from rawzone_assets.health.rolling import scrub_rolling
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import LedgerGone, LedgerLeftBehind, RootAway, StorageFailed
from rawzone_assets.zone.landing_errors import LandingAway
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.object_errors import ObjectAway
from rawzone_assets.zone.pile import Pile
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.replay import replay
from rawzone_assets_tests.health.archive_support import archive_due, objections, restore_all, set_policy
from rawzone_assets_tests.health.damaging import flip, tree
from rawzone_assets_tests.zone.faulty_files import CHANGING, WatchedFiles
from rawzone_assets_tests.zone.strange_disks import small_disk
from rawzone_assets_tests.zone.tiny_platform import (
    NOTES,
    NOW,
    TINY,
    LandingFolder,
    look,
    open_zone,
    promote_all,
    promote_these,
    settings_for,
)

LOST_AND_FOUND = "lost+found"
LEFT = ["nothing", "folder", "_staging", LOST_AND_FOUND]


class Watching(WatchedFiles):
    """Calls ``act(operation, path)`` before each operation."""

    def __init__(self, act):
        super().__init__(LocalFiles())
        self.before = act


def take_away(home, root, left="folder"):
    """Unmount a root's disk; ``left`` is what the folder it was mounted on then holds."""
    (home / root).rename(home / f"{root} away")
    if left != "nothing":
        (home / root / ("" if left == "folder" else left)).mkdir(parents=True)


def bring_back(home, root):
    """Mount it again; what lay in the folder is hidden from now on."""
    shutil.rmtree(home / root, ignore_errors=True)
    (home / f"{root} away").rename(home / root)


def session(home, *, files=None, progress=None):
    with open_zone(home, files=files) as zone:
        return scrub_rolling(zone, run_id="scrub", budget=3600, window=30, progress=progress)


def put_back(home, **options):
    with open_zone(home) as zone:
        return repair(zone, run_id="repair", **options)


def verified(home, *, files=None):
    with open_zone(home, files=files) as zone:
        return scrub(zone)


@pytest.fixture
def home(home):
    """With refusals in quarantine and objects in the archive."""
    set_policy(home)
    with open_zone(home) as zone:
        archive_due(zone)
    return home


class TestQuarantineAway:
    """A copy put into the folder on which quarantine's disk belongs is hidden by it: as with raw, ADR 61."""

    @pytest.mark.parametrize("left", LEFT)
    def test_nothing_is_promoted_and_all_is_once_it_is_back(self, home, left):
        LandingFolder(home).put("tiny/sum_20240601.csv", b"bad again")
        LandingFolder(home).put("tiny/note_20240601.txt", b"good\n")
        take_away(home, "quarantine", left)
        before = tree(home)
        with (
            open_zone(home) as zone,
            pytest.raises(RootAway, match=r"quarantine is not there or empty.*mount its disk"),
        ):
            promote_all(zone)
        assert tree(home) == before
        bring_back(home, "quarantine")
        with open_zone(home) as zone:
            assert len(promote_all(zone).receipts) == 2
        assert objections(home) == []

    def test_no_refusal_is_replayed(self, home):
        take_away(home, "quarantine")
        with open_zone(home) as zone, pytest.raises(RootAway):
            replay(zone, [NOTES], judge=judge, run_id="replay")

    def test_a_zone_that_never_refused_anything_needs_none(self, tmp_path):
        LandingFolder(tmp_path).put("tiny/note_20240601.txt", b"good\n")
        with open_zone(tmp_path) as zone:
            promote_all(zone)
        shutil.rmtree(tmp_path / "quarantine")
        LandingFolder(tmp_path).put("tiny/note_20240602.txt", b"good too\n")
        with open_zone(tmp_path) as zone:
            assert len(promote_all(zone).receipts) == 1


class TestRestoring:
    @pytest.mark.parametrize("left", LEFT)
    def test_from_an_archive_whose_disk_is_away_calls_no_object_missing(self, home, left):
        take_away(home, "archive", left)
        with (
            open_zone(home) as zone,
            pytest.raises(RootAway, match=r"archive is not there or empty.*mount its disk"),
        ):
            restore_all(zone)
        bring_back(home, "archive")
        with open_zone(home) as zone:
            assert restore_all(zone).not_restored == []
        assert objections(home) == []


class TestScrubbing:
    """What the ledger is told of damage stays in it for ever."""

    @pytest.mark.parametrize("root", ["quarantine", "archive"])
    @pytest.mark.parametrize("left", LEFT)
    def test_a_disk_that_is_away_is_not_recorded_as_damage(self, home, root, left):
        take_away(home, root, left)
        before, read = tree(home / "raw"), []
        with pytest.raises(RootAway, match=f"{root} is not there or empty"):
            session(home, progress=lambda done, _: read.append(done))
        assert read == []  # it takes no half an hour to say so
        assert tree(home / "raw") == before
        bring_back(home, root)
        assert session(home).damages == ()

    def test_where_raw_is_away_nothing_beside_it_is_called_foreign(self, home):
        take_away(home, "raw")
        with pytest.raises(LedgerGone):
            session(home)

    def test_nor_is_one_that_goes_while_it_is_read(self, home):
        def unmount(operation, path):
            if operation == "open" and path.is_relative_to(home / "archive"):
                take_away(home, "archive")
                files.before = lambda *_: None

        files = Watching(unmount)
        before = tree(home / "raw")
        with pytest.raises(RootAway):
            session(home, files=files)
        assert tree(home / "raw") == before

    def test_nor_is_one_that_this_user_may_not_read(self, home):
        def deny(operation, path):
            if path.is_relative_to(home / "archive") and (operation != "status" or path != home / "archive"):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))

        before = tree(home / "raw")
        with pytest.raises(StorageFailed, match=r"archive: permission is denied"):
            session(home, files=Watching(deny))
        assert tree(home / "raw") == before

    def test_verify_names_every_file_and_says_that_the_disk_is_away(self, home):
        assert verified(home).absent == ()
        take_away(home, "archive")
        report = verified(home)
        assert (len(report.damages), [away.root for away in report.absent]) == (3, [home / "archive"])


class TestRepairing:
    """A disk that is away holds what seems lost: what was put into its place would be hidden, and so would be
    whatever is archived there after that."""

    def test_nothing_is_put_into_an_archive_that_is_empty(self, home):
        take_away(home, "archive")
        outcome = put_back(home)
        assert (outcome.repaired, len(outcome.unrepaired)) == ([], 3)
        assert all("mount its disk, or give --refill" in left.reason for left in outcome.unrepaired)
        assert tree(home / "archive") == {}

    @pytest.mark.parametrize("dry_run", [True, False])
    def test_nor_anything_anywhere_while_there_is_no_place_for_evidence(self, home, dry_run):
        LandingFolder(home).put("tiny/note_20240620.txt", b"recent\n")
        with open_zone(home) as zone:
            promote_all(zone)
        flip(next((home / "raw/tiny").rglob("note_20240620*")))
        take_away(home, "quarantine")
        before = tree(home)
        with pytest.raises(RootAway):
            put_back(home, dry_run=dry_run)
        assert tree(home) == before
        bring_back(home, "quarantine")
        assert len(put_back(home).repaired) == 1
        assert verified(home).damages == ()

    @pytest.mark.parametrize("root", ["quarantine", "archive"])
    def test_a_disk_that_is_lost_is_refilled_when_that_is_said(self, home, root):
        LandingFolder(home).put("tiny/note_20240522_143022.txt", b"one\n" * 20)  # its revisions came one by one
        LandingFolder(home).put("tiny/again.txt", b"two\n" * 20)
        take_away(home, root)
        outcome = put_back(home, refill=True)
        assert outcome.unrepaired == []
        assert outcome.repaired
        assert verified(home).damages == ()


class TestTheFileSystemsOwnFolder:
    """At the top of every ext4 lies ``lost+found``, root's alone, and a root of the zone may be such a top."""

    @pytest.mark.parametrize("root", ["raw", "quarantine", "archive"])
    def test_is_no_damage(self, home, root):
        own = home / root / LOST_AND_FOUND
        own.mkdir()

        def deny(operation, path):
            if operation == "names" and path == own:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))

        assert verified(home, files=Watching(deny)).damages == ()
        assert session(home, files=Watching(deny)).damages == ()

    def test_what_was_put_there_is_seen_by_whoever_may(self, home):
        lost = next((home / "archive").rglob("*.gz"))
        (home / "archive" / LOST_AND_FOUND).mkdir()
        lost.rename(home / "archive" / LOST_AND_FOUND / "#12345")
        assert sorted(damage.kind for damage in verified(home).damages) == ["missing", "renamed"]


class TestReading:
    """Who is told that an object is damaged looks for a backup; who is told that its disk is away mounts it."""

    def stored(self, zone, root):
        receipts = [entry.receipt for entry in zone.index.entries()]
        if root == "quarantine":
            return next(receipt for receipt in receipts if receipt.quarantine)
        return next(
            r
            for r in receipts
            if r.key and r.verdict is Verdict.PROMOTED and zone.index.custody.of(r.key).has_archive_copy
        )

    @pytest.mark.parametrize("root", ["quarantine", "archive"])
    @pytest.mark.parametrize("left", LEFT)
    def test_what_lies_on_a_disk_that_is_away_is_not_called_damaged(self, home, root, left):
        take_away(home, root, left)
        with open_zone(home) as zone, pytest.raises(ObjectAway, match=r"no damage.*mount its disk"):
            list(original_bytes(zone, self.stored(zone, root)))
        bring_back(home, root)
        with open_zone(home) as zone:
            assert list(original_bytes(zone, self.stored(zone, root)))


class TestLandingAway:
    """A disk of the extractors that is not mounted leaves an empty folder, which says that nothing came."""

    @pytest.fixture
    def zone_home(self, tmp_path):
        """A zone whose landing lay on a disk of its own, that is not mounted any more."""
        with small_disk(tmp_path / "landing", size=2**20):
            LandingFolder(tmp_path).put("tiny/note_20240601.txt", b"good\n")
            with open_zone(tmp_path) as zone:
                promote_all(zone)
                shutil.rmtree(tmp_path / "landing" / "tiny")
                assert look(zone).decided == {}  # somebody cleared it: nothing is wrong with that
        return tmp_path

    def test_is_told_from_a_landing_in_which_nothing_came(self, zone_home):
        with open_zone(zone_home) as zone:
            with pytest.raises(LandingAway, match=r"lay on another disk.*mount that disk"):
                look(zone)
            assert "mount that disk" in (read_health(zone, [TINY]).status.landing_problem or "")

    def test_is_named_by_the_doctor(self, zone_home):
        found = {c.name: c for c in examine_zone(settings_for(zone_home), [TINY], now=NOW)}
        assert found["landing"].health is Health.FAIL
        assert "mount that disk" in found["landing"].remedy

    def test_is_over_with_the_first_file_or_folder(self, zone_home):
        (zone_home / "landing" / "tiny").mkdir()
        with open_zone(zone_home) as zone:
            assert look(zone).ready == ()

    def test_a_landing_that_was_cleared_where_it_lies_is_empty(self, tmp_path):
        landing = LandingFolder(tmp_path)
        landing.put("tiny/note_20240601.txt", b"good\n")
        with open_zone(tmp_path) as zone:
            promote_all(zone)
            shutil.rmtree(landing.root)
            landing.root.mkdir()
            assert look(zone).decided == {}
        found = {c.name: c for c in examine_zone(settings_for(tmp_path), [TINY], now=NOW)}
        assert found["landing"].health is Health.OK

    def test_so_is_one_whose_zone_only_adopted_files_of_another_disk(self, tmp_path):
        with small_disk(tmp_path / "pile", size=2**20) as pile:
            (pile / "tiny").mkdir()
            (pile / "tiny" / "note_20240601.txt").write_bytes(b"good\n")
            (tmp_path / "landing").mkdir()
            with open_zone(tmp_path) as zone:
                old = Pile(pile, zone.layout)
                outcome = promote_these(zone, old.survey(zone.index, [TINY]).ready, source=old)
                assert len(outcome.receipts) == 1
                assert look(zone).ready == ()


class TestHolding:
    """A court does not wait until quarantine, where a hold writes nothing, can be written again."""

    def test_a_hold_is_recorded_while_quarantine_is_read_only(self, home):
        def refuse(operation, path):
            # Linux syncs a folder of a disk that is mounted read-only.
            if operation in CHANGING - {"sync_folder"} and path.is_relative_to(home / "quarantine"):
                raise OSError(errno.EROFS, "Read-only file system", str(path))

        with open_zone(home, files=Watching(refuse)) as zone:
            hold = add_hold(zone, reason="case 12", authority="court", by="Ada")
            assert zone.index.holds.in_force() == [hold]
        assert objections(home) == []


class TestALedgerLeftBehind:
    """A copy of raw without the names that begin with _, and no index that remembers: nothing begins anew."""

    @pytest.fixture(params=["raw", "archive"])
    def copied(self, sound_home, home, request):
        if request.param == "raw":
            shutil.rmtree(home)
            shutil.copytree(sound_home, home)
        shutil.rmtree(home / "raw" / "_ledger")
        shutil.rmtree(home / "raw" / "_staging")
        shutil.rmtree(home / "state")
        return home

    def test_nothing_is_written_before_it_is_back(self, copied):
        before = tree(copied)
        LandingFolder(copied).put("tiny/note_20240620.txt", b"new")
        with open_zone(copied) as zone, pytest.raises(LedgerLeftBehind, match="was stored under one"):
            promote_all(zone)
        kept = {path: data for path, data in tree(copied).items() if not str(path).endswith("lock")}
        assert kept == before

    def test_the_doctor_says_so(self, copied):
        found = {check.name: check for check in examine_zone(settings_for(copied), [TINY], now=NOW)}
        assert found["ledger"].health is Health.FAIL
        assert "names that begin with _" in found["ledger"].remedy

    def test_no_reader_is_told_that_nothing_was_ever_stored(self, copied):
        """`status` counted no files, and `ls` found none, in a zone full of them."""
        with pytest.raises(LedgerLeftBehind):
            open_zone_to_read(settings_for(copied))

    def test_nothing_is_called_foreign_that_the_ledger_may_have_known(self, copied):
        with open_zone(copied) as zone:
            problems = {damage.problem for damage in scrub(zone).damages}
        assert problems == {
            "there is no ledger that could know it: put one that was lost back before anything is moved"
        }

    def test_a_repair_does_not_say_that_nothing_needs_it(self, copied):
        with pytest.raises(LedgerLeftBehind):
            put_back(copied)

    def test_a_zone_that_begins_beside_other_files_is_none(self, tmp_path):
        LandingFolder(tmp_path).put("tiny/note_20240620.txt", b"new")
        (tmp_path / "raw" / "notes").mkdir(parents=True)
        (tmp_path / "raw" / "notes" / "readme.txt").write_text("somebody's")
        with open_zone(tmp_path) as zone:
            assert len(promote_all(zone).receipts) == 1
