"""Write protection in grades: none is claimed that was not tried on the spot, and trying changes nothing."""

import errno
import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import pytest

from rawzone_assets.health import protection as protection_module
from rawzone_assets.health.checks import Health
from rawzone_assets.health.protection import (
    Grade,
    examine_protection,
    hard_links_check,
    protection_check,
    tried_protection,
)
from rawzone_assets.zone.ledger import EMPTY, Ledger
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, open_zone, promote_all

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be several users")

OWNER, READER = 12345, 12346


@pytest.fixture
def home():
    """A zone of one user that another may read."""
    memory = Path("/dev/shm")  # noqa: S108
    folder = Path(tempfile.mkdtemp(dir=memory if memory.is_dir() else None, prefix="rawzone-test-"))
    folder.chmod(0o755)
    LandingFolder(folder).put_all(
        {"tiny/note_20240501.txt": b"good\n", "tiny/note_20240502.txt": b"bad", "tiny/sum_20240503.csv": b"1\n"}
    )
    with open_zone(folder) as zone:
        promote_all(zone)
    for where, folders, names in os.walk(folder):
        for name in (".", *folders, *names):
            os.chown(os.path.join(where, name), OWNER, OWNER)
    yield folder
    for path in stored(folder):
        if path.exists():
            LocalFiles().set_immutable(path, on=False)
    shutil.rmtree(folder)


def stored(home):
    return [
        path
        for root in ("raw", "quarantine")
        for path in sorted((home / root).rglob("*"))
        if path.is_file() and "_staging" not in path.parts
    ]


def of(home, suffix):
    return next(path for path in stored(home) if path.name.endswith(suffix))


@contextmanager
def as_user(user):
    os.setegid(user)
    os.seteuid(user)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(0)


def examine(home, *, wanted=False):
    with open_zone(home) as zone:
        head = zone.index.catch_up()
        found = examine_protection(zone.layout, zone.files, zone.ledger, head)
    return found, protection_check(found, wanted=wanted)


def seal(home):
    try:
        for path in stored(home):
            LocalFiles().set_immutable(path, on=True)
    except OSError as error:
        pytest.skip(f"the immutable flag cannot be set here: {error}")


class TestGrades:
    def test_the_owner_reaches_mode_bits_and_is_told_who_should_look_next(self, home):
        with as_user(OWNER):
            found, check = examine(home)
        assert (found.grade, found.users) == (Grade.MODES, (OWNER,))
        assert check.health is Health.OK
        assert "as the user who only reads" in check.remedy

    def test_one_who_only_reads_reaches_separate_user(self, home):
        with as_user(READER):
            found, check = examine(home)
        assert found.grade is Grade.USERS
        assert "RAWZONE_IMMUTABLE=1" in check.remedy

    def test_root_tries_as_owner_and_as_a_stranger_and_is_itself_again(self, home):
        found, _ = examine(home)
        assert found.grade is Grade.USERS
        assert found.users == (0, OWNER, 65534)
        assert (os.geteuid(), os.getegid()) == (0, 0)

    def test_root_that_may_be_nobody_else_says_so_and_is_itself_again(self, home, monkeypatch):
        def refuse(user):
            if user:
                raise OSError(errno.EINVAL, "Invalid argument")

        groups = os.getgroups()
        monkeypatch.setattr(os, "seteuid", refuse)
        with open_zone(home) as zone:
            head = zone.index.catch_up()
            check = tried_protection(zone.layout, zone.files, zone.ledger, head, wanted=False)
        assert (check.health, check.seen) == (
            Health.WARN,
            "cannot be tried as another user (invalid argument)",
        )
        assert (os.getegid(), os.getgroups()) == (0, groups)

    @pytest.mark.parametrize("user", [0, OWNER])
    def test_the_flag_on_every_file_reaches_immutable(self, home, user):
        seal(home)
        with as_user(user):
            found, check = examine(home, wanted=True)
        assert found.grade is Grade.IMMUTABLE
        assert (check.health, check.remedy) == (Health.OK, "")

    def test_one_who_could_not_have_written_anyway_does_not_claim_that_the_flag_held(self, home):
        seal(home)
        with as_user(READER):
            assert examine(home)[0].grade is Grade.USERS

    @pytest.mark.parametrize("suffix", [".txt.gz", ".jsonl", "findings.json"])
    def test_one_file_without_the_flag_is_not_immutable(self, home, suffix):
        seal(home)
        LocalFiles().set_immutable(of(home, suffix), on=False)
        found, check = examine(home, wanted=True)
        assert found.grade is Grade.USERS
        assert check.health is Health.WARN

    @pytest.mark.parametrize("suffix", [".txt.gz", ".csv.gz", ".jsonl", "findings.json"])
    @pytest.mark.parametrize("mode", [0o644, 0o666])
    def test_a_file_that_can_be_written_fails_by_name(self, home, suffix, mode):
        path = of(home, suffix)
        path.chmod(mode)
        found, check = examine(home)
        assert found.grade is Grade.NONE
        assert check.health is Health.FAIL
        assert str(path) in check.seen

    def test_a_folder_that_others_may_write_to_warns_by_name(self, home):
        folder = home / "raw/tiny/notes"
        folder.chmod(0o777)
        found, check = examine(home)
        assert (found.grade, check.health) == (Grade.NONE, Health.WARN)
        assert str(folder) in check.seen

    def test_a_stranger_who_can_remove_a_file_is_noticed_whatever_modes_say(self, home):
        shutil.chown(home / "raw/tiny/notes/2024/05", 65534)
        found, _ = examine(home)
        assert found.grade is not Grade.IMMUTABLE
        assert found.users == (0, OWNER, 65533, 65534)

    def test_an_empty_zone_claims_nothing(self, tmp_path):
        with open_zone(tmp_path) as zone:
            ledger = Ledger(zone.files, zone.layout.ledger)
            assert examine_protection(zone.layout, zone.files, ledger, EMPTY) is None
        assert protection_check(None, wanted=False).health is Health.OK


class TestTrying:
    def test_it_changes_nothing_not_even_a_time(self, home):
        def state():
            return {
                path: (path.lstat().st_mtime_ns, path.lstat().st_ctime_ns, path.lstat().st_nlink)
                for root in ("raw", "quarantine")
                for path in (home / root).rglob("*")
                if "_staging" not in path.parts
            }

        before = state()
        examine(home)
        assert state() == before

    def test_a_file_that_may_be_removed_is_found_so_and_still_there(self, home):
        path = of(home, ".txt.gz")
        assert protection_module._error_of_removing(path) is None
        assert path.exists()


class TestTheKernel:
    @pytest.mark.parametrize(("setting", "health"), [("0\n", Health.WARN), ("1\n", Health.OK)])
    def test_it_says_whether_users_may_link_to_files_of_others(self, tmp_path, monkeypatch, setting, health):
        (tmp_path / "protected_hardlinks").write_text(setting)
        monkeypatch.setattr(protection_module, "_HARD_LINKS", tmp_path / "protected_hardlinks")
        assert hard_links_check().health is health

    def test_a_kernel_that_does_not_say_is_not_asked(self, tmp_path, monkeypatch):
        monkeypatch.setattr(protection_module, "_HARD_LINKS", tmp_path / "none")
        assert hard_links_check() is None
