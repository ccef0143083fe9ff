"""RAWZONE_IMMUTABLE: published files carry the flag that keeps even root from changing them."""

import errno
import hashlib
import os
import shutil
import stat

import pytest

from rawzone_assets.health.repair import repair
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import CannotProtect
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.another_user import as_nobody, give_to_nobody, needs_root
from rawzone_assets_tests.health.archive_support import archive_due, objections, restore_all, set_policy
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import NOW, look, promote_all

FIRST = {
    "tiny/note_20240501.txt": b"first\n",
    "tiny/note_20240502.txt": b"bad",
    "tiny/note_20240503.txt": b"first\n",
    "tiny/stranger": b"?",
}
SECOND = {
    "tiny/note_20240501.txt": b"second\n",
    "tiny/x/note_20240502.txt": b"bad",
    "tiny/note_20240504.zip": b"first\n",
    "tiny/sum_20240501.csv": b"1\n",
}


@pytest.fixture(autouse=True)
def flags(home):
    """Skip where the flag cannot be set, and take it off everything in the end."""
    probe = home / "probe"
    probe.write_bytes(b"")
    try:
        LocalFiles().set_immutable(probe, on=True)
    except OSError as error:
        pytest.skip(f"the immutable flag cannot be set here: {error}")
    yield
    unseal(home)


def files_of(home):
    for root in (home / "raw", home / "quarantine", home / "archive", home / "probe"):
        paths = [root] if root.is_file() else root.rglob("*")
        yield from (path for path in paths if stat.S_ISREG(path.lstat().st_mode))


def unseal(home):
    for path in files_of(home):
        LocalFiles().set_immutable(path, on=False)


def open_zone(home, *, immutable=True, files=None):
    environment = {"RAWZONE_RESERVE": "0", "RAWZONE_IMMUTABLE": "1" if immutable else "0"}
    return Zone(Settings.from_environment(environment, home=home), files=files, clock=lambda: NOW)


def promote(home, **options):
    with open_zone(home, **options) as zone:
        outcome = promote_all(zone)
        outcome.raise_for_environment()
        return outcome


def published(home):
    scratch = {"_staging", "_evidence", "probe"}
    return [path for path in files_of(home) if not scratch.intersection(path.parts)]


def unsealed(home):
    assert published(home)
    return [
        path.relative_to(home).as_posix() for path in published(home) if not LocalFiles().is_immutable(path)
    ]


def check(home):
    trees = read_tree(home / "raw"), read_tree(home / "quarantine")
    assert Oracle().check(*trees) == []
    with open_zone(home) as zone:
        states = look(zone).states()
    assert check_states(states, read_landing(home / "landing"), receipts_of(trees[0])) == []
    assert "waiting" not in states.values()


class TestPublishedFiles:
    def test_all_are_sealed_and_not_even_root_changes_or_removes_one(self, home, landing):
        landing.put_all(FIRST)
        promote(home)
        assert unsealed(home) == []
        for path in files_of(home):
            if "_staging" in path.parts:
                continue
            with pytest.raises(PermissionError):
                path.open("r+b")
            with pytest.raises(PermissionError):
                path.unlink()
            with pytest.raises(PermissionError):
                path.rename(path.with_name("elsewhere"))
            with pytest.raises(PermissionError):
                path.chmod(0o644)

    def test_promotion_goes_on_beside_them(self, home, landing):
        for batch in (FIRST, SECOND):
            landing.put_all(batch)
            promote(home)
            assert unsealed(home) == []
            check(home)
            assert promote(home).receipts == []

    def test_turning_it_on_seals_what_was_published_before(self, home, landing):
        landing.put_all(FIRST)
        promote(home, immutable=False)
        assert len(unsealed(home)) >= 4
        landing.put_all(SECOND)
        promote(home)
        assert unsealed(home) == []

    def test_one_that_is_missing_keeps_no_other_from_being_sealed(self, home, landing):
        landing.put_all(FIRST)
        promote(home, immutable=False)
        (home / "raw/tiny/notes/2024/05/note_20240501.txt.gz").unlink()
        landing.put_all(SECOND)
        promote(home)
        assert unsealed(home) == []

    def test_without_it_nothing_is_sealed_and_sealed_files_are_no_hindrance(self, home, landing):
        landing.put_all(FIRST)
        promote(home)
        landing.put_all(SECOND)
        promote(home, immutable=False)
        check(home)
        assert unsealed(home)


class TestTheArchive:
    def test_takes_sealed_objects_and_seals_its_copies(self, home, landing):
        landing.put_all(FIRST)
        promote(home)
        set_policy(home)
        with open_zone(home) as zone:
            assert len(archive_due(zone).archived) == 1
        assert unsealed(home) == []
        assert objections(home) == []
        with open_zone(home) as zone:
            assert len(restore_all(zone).restored) == 1
        assert unsealed(home) == []
        assert objections(home) == []


class TestCrashes:
    @pytest.mark.parametrize("step", [7, pytest.param(1, marks=pytest.mark.campaign)])
    def test_after_a_kill_at_any_change_the_next_promotion_finishes_and_seals(self, home, landing, step, tell):
        landing.put_all(FIRST)
        promote(home)
        landing.put_all(SECOND)
        tried, finished = 0, False
        while not finished:
            files = CrashingFiles(LocalFiles(), last=tried * step)
            try:
                with open_zone(home, files=files) as zone:
                    promote_all(zone)
                finished = True
            except Crash:
                tried += 1
            with open_zone(home) as zone:
                promote_all(zone).raise_for_environment()
            check(home)
            # A batch with nothing new seals as well.
            landing.put("tiny/sum_20240502.csv", b"%d\n" % tried)
            promote(home)
            assert unsealed(home) == []
            landing.put_all({path: b"%d " % tried + data for path, data in SECOND.items()})
        tell(f"kills while sealing: {tried}")
        assert tried > 3

    def test_what_a_process_that_died_cleaning_up_has_left_goes_before_its_files_are_sealed(
        self, home, landing, monkeypatch
    ):
        """A sealed file keeps its name in staging, and the batch of the dead could never be removed."""
        landing.put_all(FIRST)
        publish, died = Publisher.publish, []
        data = next(b"%d\n" % n for n in range(99) if hashlib.sha256(b"%d\n" % n).hexdigest() > "commit-")

        def while_another_dies(publisher, batch, drafts):
            done = publish(publisher, batch, drafts)
            if not died:
                died.append(True)
                landing.put("tiny/sum_20240501.csv", data)
                files = CrashingFiles(LocalFiles(), last=0, choose=lambda _: False)
                before = files.before

                def dies(operation, path):
                    files.dead = files.dead or (operation == "remove" and path.suffix == ".gzip")
                    before(operation, path)

                files.before = dies
                with pytest.raises(Crash):
                    promote(home, files=files)
                assert list((home / "raw/_staging").glob("*/commit-*")) == batch.commits()
            return done

        monkeypatch.setattr(Publisher, "publish", while_another_dies)
        promote(home)
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]
        promote(home)
        assert unsealed(home) == []
        check(home)

    def test_what_a_batch_in_flight_has_staged_is_not_sealed_under_it(self, home, landing, monkeypatch):
        landing.put_all(FIRST)
        publish, overtaken = Publisher.publish, []

        def overtaken_after_publishing(publisher, batch, drafts):
            done = publish(publisher, batch, drafts)
            if not overtaken:
                overtaken.append(batch)
                landing.put("tiny/sum_20240501.csv", b"1\n")
                promote(home)
            return done

        monkeypatch.setattr(Publisher, "publish", overtaken_after_publishing)
        promote(home)
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]
        assert list((home / "quarantine/_staging").iterdir()) == []
        landing.put("tiny/sum_20240502.csv", b"2\n")
        promote(home)
        assert unsealed(home) == []
        check(home)

    def test_what_recovery_staged_anew_and_could_not_finish_is_not_sealed_under_it(self, home, landing):
        """Its hot copy stays until the disk lets go of it, and a sealed commit could never leave staging."""
        landing.put_all(FIRST)
        promote(home)
        set_policy(home)
        files = CrashingFiles(LocalFiles(), last=0, choose=lambda _: False)
        before = files.before

        def dies(operation, path):
            files.dead = files.dead or (operation == "link" and home / "archive" in path.parents)
            before(operation, path)

        files.before = dies
        with open_zone(home, files=files) as zone, pytest.raises(Crash):
            archive_due(zone)
        hot = home / "raw/tiny/notes/2024/05/note_20240501.txt.gz"

        class Keeps(LocalFiles):
            def remove(self, path):
                if path == hot:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))
                super().remove(path)

        landing.put("tiny/sum_20240501.csv", b"1\n")
        promote(home, files=Keeps())
        assert hot.exists()
        landing.put("tiny/sum_20240502.csv", b"2\n")
        promote(home)
        assert not hot.exists()
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]
        assert unsealed(home) == []
        assert objections(home) == []


class TestRepair:
    """Sealed files that were damaged all the same are put back, and sealed again."""

    def test_every_sealed_file_can_be_repaired_from_a_copy(self, home, landing, tmp_path):
        for batch in (FIRST, SECOND):
            landing.put_all(batch)
            promote(home)
        for root in ("raw", "quarantine"):
            shutil.copytree(home / root, tmp_path / root)
        newest = max((home / "raw/_ledger").iterdir())  # no commit after it bears it out
        damaged = [path for path in published(home) if path != newest]
        for path in damaged:
            LocalFiles().set_immutable(path, on=False)
            path.chmod(0o644)
            path.write_bytes(bytes([path.read_bytes()[0] ^ 1]) + path.read_bytes()[1:])
            path.chmod(0o444)
            LocalFiles().set_immutable(path, on=True)
        with open_zone(home) as zone:
            outcome = repair(zone, run_id="test", others=[tmp_path])
        assert len(damaged) >= 6
        with open_zone(home) as zone:
            assert scrub(zone).damages == (), outcome
        landing.put("tiny/sum_20240509.csv", b"9\n")
        promote(home)
        assert unsealed(home) == []


class TestWhereItCannotBe:
    class NoFlags(LocalFiles):
        def try_immutable(self, folder):
            raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY), str(folder))

    def test_a_file_system_without_flags_is_one_sentence_and_nothing_is_written(self, home, landing):
        landing.put_all(FIRST)
        said = r"RAWZONE_IMMUTABLE is set, but .* nothing is written"
        with open_zone(home, files=self.NoFlags()) as zone, pytest.raises(CannotProtect, match=said):
            promote_all(zone)
        assert [path.name for path in files_of(home)] == ["probe"]

    @needs_root
    def test_a_user_without_the_capability_is_told_so(self, home, landing):
        landing.put_all(FIRST)
        give_to_nobody(home, but="probe")
        refused = pytest.raises(CannotProtect, match="CAP_LINUX_IMMUTABLE")
        with as_nobody(), open_zone(home) as zone, refused:
            promote_all(zone)
