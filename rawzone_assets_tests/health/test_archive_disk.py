"""An archive whose disk is read-only or not there: it holds up no promotion, and nothing is taken for done."""

import errno
import shutil
from dataclasses import replace
from datetime import timedelta
from unittest import mock

import pytest

from rawzone_assets.access.reading import original_bytes, whereabouts
from rawzone_assets.health.checks import Health
from rawzone_assets.health.doctor import examine_zone
from rawzone_assets.health.repair import repair
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import committing
from rawzone_assets.zone.errors import DiskAlmostFull, RootAway, StorageFailed
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.object_errors import ObjectAway
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.zone import utc_now
from rawzone_assets_tests.health.archive_support import (
    archive_due,
    archived_keys,
    objections,
    restore_all,
    set_policy,
)
from rawzone_assets_tests.health.damaging import flip, tree
from rawzone_assets_tests.zone.faulty_files import CHANGING, WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import NOW, LandingFolder, open_zone, promote_all

BROKEN = OSError(errno.EIO, "Input/output error")


class ReadOnly(WatchedFiles):
    """A disk of which one folder lies on a file system that was mounted read-only."""

    def __init__(self, folder):
        super().__init__(LocalFiles())
        self.folder = folder

    def before(self, operation, path):
        if operation in CHANGING and path.is_relative_to(self.folder):
            raise OSError(errno.EROFS, "Read-only file system", str(path))


def doctor_on(settings, subject):
    checks = {check.name: check for check in examine_zone(settings, (), now=utc_now())}
    return checks.get(subject)


@pytest.fixture
def home(home):
    set_policy(home)
    return home


class TestReadOnly:
    """A move that was cut off cannot be finished while the archive is read-only; everything else goes on."""

    @pytest.mark.parametrize(
        ("where", "what"), [(committing, "release"), (Ledger, "claim")], ids=["recorded", "not recorded"]
    )
    def test_it_holds_up_no_promotion(self, home, where, what):
        with (
            open_zone(home) as zone,
            mock.patch.object(where, what, side_effect=BROKEN),
            pytest.raises(StorageFailed),
        ):
            archive_due(zone)
        assert list((home / "archive" / "_staging").iterdir())
        LandingFolder(home).put("tiny/note_20240629.txt", b"new\n")
        with open_zone(home, files=ReadOnly(home / "archive")) as zone:
            assert len(promote_all(zone).receipts) == 1
            assert scrub(zone).damages == ()
        with open_zone(home) as zone:
            archive_due(zone)
            assert len(archived_keys(zone)) == 3
        assert objections(home) == []
        assert not list((home / "archive" / "_staging").iterdir())


class TestClosed:
    """An archive that this user may not enter, or whose disk fails, is looked into by nobody who need not."""

    @pytest.mark.parametrize("code", [errno.EACCES, errno.EIO])
    def test_it_holds_up_no_promotion(self, home, code):
        class Closed(WatchedFiles):
            def before(self, operation, path):
                if path.is_relative_to(home / "archive") and path != home / "archive":
                    raise OSError(code, "closed", str(path))

        with open_zone(home) as zone:
            archive_due(zone)
        LandingFolder(home).put("tiny/note_20240629.txt", b"new\n")
        LandingFolder(home).put("tiny/note_20240628.txt", b"bad")
        with open_zone(home, files=Closed(LocalFiles())) as zone:
            assert len(promote_all(zone).receipts) == 2
        assert [path.name for path in (home / "raw" / "_staging").iterdir()] == ["lock"]
        assert objections(home) == []


class RawFull(WatchedFiles):
    """A disk of raw on which not a byte of the reserve is left."""

    def free_bytes(self, path):
        return 0 if path.name == "raw" else 2**40


class TestRawFull:
    """Archiving is the way out of a disk that is full: what moves frees it, and commits may use the reserve."""

    def test_what_is_due_moves(self, home):
        with open_zone(home, files=RawFull(LocalFiles())) as zone:
            zone.settings = replace(zone.settings, reserve=2**20)
            archive_due(zone)
            assert len(archived_keys(zone)) == 3
        assert objections(home) == []

    def test_a_damaged_copy_in_the_archive_is_put_back(self, home):
        with open_zone(home) as zone:
            archive_due(zone)
        copy = next((home / "archive" / "tiny").rglob("*.gz"))
        copy.unlink()  # landing has its bytes
        with open_zone(home, files=RawFull(LocalFiles())) as zone:
            zone.settings = replace(zone.settings, reserve=2**20)
            outcome = repair(zone, run_id="repair")
            assert [done.damage.path for done in outcome.repaired] == [str(copy)]
        assert objections(home) == []


class ArchiveFull(WatchedFiles):
    """A disk of the archive on which not a byte of the reserve is left."""

    def free_bytes(self, path):
        return 0 if "archive" in path.parts else 2**40


class TestArchiveFull:
    """What is to be copied there is held against its room block by block."""

    def test_what_is_due_stays_in_raw(self, home):
        with open_zone(home, files=ArchiveFull(LocalFiles())) as zone:
            zone.settings = replace(zone.settings, reserve=2**20)
            with pytest.raises(DiskAlmostFull, match=r"/archive/.* is almost full"):
                archive_due(zone)
            assert archived_keys(zone) == []
        assert objections(home) == []

    def test_a_damaged_copy_is_left_for_when_there_is_room(self, home):
        with open_zone(home) as zone:
            archive_due(zone)
        copy = next((home / "archive" / "tiny").rglob("*.gz"))
        flip(copy)
        before = tree(home)
        with open_zone(home, files=ArchiveFull(LocalFiles())) as zone:
            zone.settings = replace(zone.settings, reserve=2**20)
            with pytest.raises(DiskAlmostFull, match=r"/archive/.* is almost full"):
                repair(zone, run_id="repair")
        assert tree(home) == before

    def test_what_lies_there_already_moves_as_it_needs_no_room(self, home):
        """Restored files could not go back to a full archive, although every copy of them lay there."""
        with open_zone(home) as zone:
            archive_due(zone)
            restore_all(zone)
        later = NOW + timedelta(days=60)
        LandingFolder(home).put("tiny/note_20240828.txt", b"new\n")
        with open_zone(home, files=ArchiveFull(LocalFiles()), now=later) as zone:
            promote_all(zone)
            zone.settings = replace(zone.settings, reserve=2**20)
            archive_due(zone)
            assert len(archived_keys(zone)) == 3
        assert objections(home) == []


class TestNotMounted:
    """Where copies are recorded and nothing lies, a disk is to be mounted: it would hide them."""

    def test_the_doctor_and_whoever_reads_name_the_place(self, home, tmp_path):
        """A variable that is not set in one of several shells is as good as a disk that is away."""
        with open_zone(home) as zone:
            archive_due(zone)
            (receipt, *_) = [entry.receipt for entry in zone.index.entries(verdicts=[Verdict.PROMOTED])]
            settings = zone.settings
        assert doctor_on(settings, "files of archive") is None
        (home / "archive").rename(home / "away")
        check = doctor_on(settings, "files of archive")
        assert (check.health, str(home / "archive") in check.seen) == (Health.FAIL, True)
        assert "RAWZONE_ARCHIVE" in check.remedy
        with open_zone(home) as zone:
            assert whereabouts(zone, receipt) == settings.layout.archived(receipt.key)
            with pytest.raises(ObjectAway, match=r"/archive is not there or empty.*set RAWZONE_ARCHIVE"):
                b"".join(original_bytes(zone, receipt))

    @pytest.mark.parametrize("left", ["nothing", "folder", "staging"])
    def test_nothing_is_archived_there(self, home, left):
        with open_zone(home) as zone:
            archive_due(zone)
            (home / "archive").rename(home / "away")
            if left != "nothing":
                (home / "archive" / ("_staging" if left == "staging" else "")).mkdir(parents=True)
            LandingFolder(home).put("tiny/note_20240102.txt", b"old\n")
            promote_all(zone)
            with pytest.raises(RootAway, match=r"archive is not there or empty.*mount its disk"):
                archive_due(zone)
            shutil.rmtree(home / "archive", ignore_errors=True)
            (home / "away").rename(home / "archive")
            archive_due(zone)
            assert len(archived_keys(zone)) == 4
        assert objections(home) == []
