"""Every call to the disk fails once: one clear sentence, nothing lost, and the next command completes."""

import contextlib
import errno
import itertools
import os
import random
import resource
import signal

import pytest

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.zone.fault_bench import ERRORS, FaultBench
from rawzone_assets_tests.zone.faulty_files import FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle, read_tree
from rawzone_assets_tests.zone.power_loss import Campaign
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, look, open_zone, promote_all
from rawzone_assets_tests.zone.works import FIRST, PROMOTE_LARGE, PROMOTE_MORE, REPLAY, SECOND, WORKS

by_work = pytest.mark.parametrize("work", WORKS, ids=str)
MORE_ERRORS = (errno.EROFS, errno.EPERM, errno.EMLINK, errno.ENAMETOOLONG, errno.EINTR, errno.ESTALE)


def half_done(home, work):
    """The zone as a killed command left it, with a batch staged, linked and not committed."""
    campaign = Campaign(home, work)
    moments = campaign.record(campaign.start())
    return next(m.files for m in moments if m.operation.startswith("link raw/_ledger/")).copy()


class TestEveryCallThatFails:
    """A full disk, an input/output error, a missing permission: one sentence, nothing lost (I1-I9)."""

    @by_work
    def test_once(self, home, tell, work):
        bench = FaultBench(home, work)
        bench.fail_each(every=5)
        tell(f"{work}, one call fails: {bench.tried} faults")
        assert bench.violations == []

    def test_while_a_crash_is_recovered(self, home, tell):
        bench = FaultBench(home, PROMOTE_MORE, start=half_done(home, PROMOTE_MORE))
        bench.fail_each(every=5)
        tell(f"{PROMOTE_MORE}, recovering, one call fails: {bench.tried} faults")
        assert bench.violations == []

    def test_until_the_command_ends(self, home, tell):
        bench = FaultBench(home, PROMOTE_MORE)
        bench.fail_each(every=7, for_good=True)
        tell(f"{PROMOTE_MORE}, calls fail for good: {bench.tried} faults")
        assert bench.violations == []

    @pytest.mark.parametrize("work", [PROMOTE_LARGE, REPLAY], ids=str)
    def test_in_the_middle_of_a_file(self, home, tell, work):
        bench = FaultBench(home, work)
        bench.fail_each([errno.ENOSPC, errno.EIO] * 99, only=("create", "open"), torn=True)
        tell(f"{work}, torn writes and reads: {bench.tried} faults")
        assert bench.tried >= 10
        assert bench.violations == []

    @pytest.mark.parametrize("work", [PROMOTE_MORE, REPLAY], ids=str)
    def test_a_sync_that_fails_before_the_process_is_killed(self, home, tell, work):
        """Recovery must not take the bytes for durable because a sync succeeds now."""
        bench = FaultBench(home, work)
        bench.fail_each([errno.EIO] * 99, only=("sync", "sync_folder", "link"), killed=True)
        tell(f"{work}, a sync fails, then killed: {bench.tried} faults")
        assert bench.violations == []


@pytest.mark.campaign
class TestEveryCallWithEveryError:
    @by_work
    @pytest.mark.parametrize("code", [*ERRORS, *MORE_ERRORS], ids=errno.errorcode.get)
    def test_once(self, home, tell, work, code):
        bench = FaultBench(home, work)
        bench.fail_each(itertools.repeat(code))
        tell(f"{work}, one call fails with {errno.errorcode[code]}: {bench.tried} faults")
        assert bench.violations == []

    @by_work
    @pytest.mark.parametrize("kind", ["for_good", "killed"])
    @pytest.mark.parametrize("recovering", [False, True], ids=["", "recovering"])
    def test_for_good_and_then_killed(self, home, tell, work, kind, recovering):
        bench = FaultBench(home, work, start=half_done(home, work) if recovering else None)
        bench.fail_each(**{kind: True})
        tell(f"{work}, {kind}, recovering {recovering}: {bench.tried} faults")
        assert bench.violations == []


class TestTheSystemsOwnWays:
    """A write may take only some bytes, and a signal may come at any time."""

    def test_short_writes_are_gone_on_with(self, home, landing, monkeypatch):
        landing.put_all({"tiny/note_20240501.txt": bytes(range(256)) * 99, "tiny/note_20240502.txt": b"bad"})
        write = os.write
        monkeypatch.setattr(os, "write", lambda d, data: write(d, data[: random.randint(1, 99)]))
        with open_zone(home) as zone:
            assert len(promote_all(zone).receipts) == 2
        monkeypatch.undo()
        assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []

    def test_a_hail_of_signals_disturbs_nothing(self, home, tell):
        LandingFolder(home).put_all({**FIRST, **SECOND})
        caught = itertools.count()
        before = signal.signal(signal.SIGALRM, lambda *_: next(caught))
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        try:
            with open_zone(home) as zone:
                promote_all(zone).raise_for_environment()
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, before)
        number = next(caught)
        tell(f"signals during a promotion: {number}")
        assert number > 0
        assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []

    def test_a_limit_on_the_size_of_files_is_one_sentence(self, home, landing):
        landing.put_all({"tiny/note_20240501.txt": os.urandom(50_000), "tiny/note_20240502.txt": b"small\n"})
        with open_zone(home) as zone:
            with limited_files(20_000), pytest.raises(ZoneError, match=r"(?s)^[A-Z][^\n]+\.$"):
                promote_all(zone)
            assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []
            assert len(promote_all(zone).receipts) == 2


@contextlib.contextmanager
def limited_files(size):
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


class TestARealDisk:
    """The same on a real file system, where errors come from the operating system itself."""

    def test_a_folder_without_permission_is_one_sentence_and_holds_up_nothing_for_good(self, home, landing):
        landing.put_all({"tiny/note_20240501.txt": b"a\n"})
        with open_zone(home) as zone:
            promote_all(zone)
        landing.put_all({"tiny/note_20240502.txt": b"b\n", "tiny/sum_20240501.csv": b"c\n"})
        closed = home / "raw/tiny/notes/2024/05"
        faulty = FaultyFiles(open_zone(home).files, failing=-1, code=errno.EACCES)
        refuse = faulty.before

        def before(operation, path):
            refuse(operation, path)
            if operation == "link" and path.parent == closed:
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

        faulty.before = before
        with open_zone(home, files=faulty) as zone, pytest.raises(ZoneError, match="permission is denied"):
            promote_all(zone)
        with open_zone(home, files=faulty) as zone:
            sums = [d for d in look(zone).ready if d.feed_id == "tiny/sums"]
            assert zone.recover() == 0  # nothing was left behind that every later command would trip over
            assert len(sums) == 1
