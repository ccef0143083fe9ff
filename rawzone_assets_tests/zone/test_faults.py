"""Every call to the disk fails once: one clear sentence, nothing lost, and the next promotion completes."""

import errno
import itertools
import os
import re

import pytest

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.zone.faulty_files import FaultyFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, receipts_of
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles
from rawzone_assets_tests.zone.tiny_platform import look, open_zone, promote_all

BEFORE = {
    "tiny/note_20240501.txt": b"first\n",
    "tiny/note_20240502.txt": b"bad before",
}
BATCH = {
    "tiny/note_20240501.txt": b"second\n",  # a revision
    "tiny/note_20240503.txt": b"first\n",  # a duplicate
    "tiny/note_20240504.txt": b"new\n",
    "tiny/x/note_20240502.txt": b"bad before",  # refused again
    "tiny/note_20240505.txt": b"bad",
    "tiny/sum_20240501.csv": b"1\n",
    "tiny/stranger": b"?",
}
ERRORS = (errno.EIO, errno.ENOSPC, errno.EACCES, errno.EDQUOT)
SENTENCE = re.compile(r"[A-Z][^\n]+\.")


class Bench:
    """A simulated zone that is copied, broken and repaired for each fault."""

    def __init__(self, home, landing):
        self.home = home
        landing.put_all(BEFORE)
        self.fresh = SimulatedFiles(home)
        self.used = SimulatedFiles(home)
        with self.open(self.used) as zone:
            promote_all(zone)
        landing.put_all(BATCH)
        self.landing = read_landing(landing.root)
        self.tried = 0

    def open(self, files):
        return open_zone(self.home, files=files, with_index=False)

    def trees(self, files):
        return files.tree(self.home / "raw"), files.tree(self.home / "quarantine")

    def calls(self, start):
        """The calls that an undisturbed promotion makes."""
        files = FaultyFiles(start.copy(), failing=-1, code=0)
        with self.open(files) as zone:
            promote_all(zone)
        return files.calls

    def fail(self, start, **fault):
        """Promote with one fault, then without: every objection to what happened."""
        self.tried += 1
        disk = start.copy()
        faulty = FaultyFiles(disk, **fault)
        oracle = Oracle()
        oracle.acknowledge(disk.tree(self.home / "raw"))
        problems = []
        try:
            with self.open(faulty) as zone:
                promote_all(zone, progress=lambda *_: oracle.acknowledge(disk.tree(self.home / "raw")))
        except ZoneError as error:
            if not SENTENCE.fullmatch(str(error)):
                problems.append(f"it said {error}")
        except Exception as error:  # noqa: BLE001  anything else would reach the user as a traceback
            problems.append(f"it raised {type(error).__name__}: {error}")
        problems += oracle.check(*self.trees(disk), recovered=False)
        if read_landing(self.home / "landing") != self.landing:
            problems.append("I4: landing was changed")
        problems += self.repair(disk, oracle)
        return [
            f"{faulty.failed} failing with {errno.errorcode[faulty.code]}: {problem}" for problem in problems
        ]

    def repair(self, disk, oracle):
        with self.open(disk) as zone:
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
        problems = oracle.check(*self.trees(disk))
        problems += check_states(states, self.landing, receipts_of(disk.tree(self.home / "raw")))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        before = self.trees(disk)
        with self.open(disk) as zone:
            if promote_all(zone).receipts or self.trees(disk) != before:
                problems.append("I7: promoting again changed the zone")
        return problems


@pytest.fixture
def bench(home, landing):
    return Bench(home, landing)


def every_fault(bench, start, codes, **kind):
    problems = []
    for number, code in zip(range(len(bench.calls(start))), codes, strict=False):
        problems += bench.fail(start, failing=number, code=code, **kind)
    return problems


class TestEveryCallThatFails:
    """A full disk, an input/output error, a missing permission: one sentence, nothing lost (I1-I7)."""

    def test_on_a_fresh_zone(self, bench, tell):
        problems = every_fault(bench, bench.fresh, itertools.cycle(ERRORS))
        tell(f"faults on a fresh zone: {bench.tried}")
        assert problems == []

    def test_on_a_zone_that_holds_objects(self, bench, tell):
        problems = every_fault(bench, bench.used, itertools.cycle(ERRORS[::-1]))
        tell(f"faults on a used zone: {bench.tried}")
        assert problems == []

    def test_a_disk_that_stays_broken_until_the_command_ends(self, bench, tell):
        problems = every_fault(bench, bench.used, itertools.cycle(ERRORS), for_good=True)
        tell(f"lasting faults: {bench.tried}")
        assert problems == []

    def test_a_disk_that_is_full_in_the_middle_of_a_file(self, bench, tell):
        problems = []
        for number, (operation, _) in enumerate(bench.calls(bench.used)):
            if operation == "create":
                problems += bench.fail(bench.used, failing=number, code=errno.ENOSPC, torn=True)
        tell(f"torn writes: {bench.tried}")
        assert bench.tried >= 6
        assert problems == []

    @pytest.mark.campaign
    @pytest.mark.parametrize("code", [*ERRORS, errno.EROFS, errno.EPERM, errno.EMLINK, errno.ENAMETOOLONG])
    @pytest.mark.parametrize("for_good", [False, True])
    def test_every_call_with_every_error(self, bench, tell, code, for_good):
        problems = []
        for start in (bench.fresh, bench.used):
            problems += every_fault(bench, start, itertools.repeat(code), for_good=for_good)
        tell(f"faults with {errno.errorcode[code]}, lasting {for_good}: {bench.tried}")
        assert problems == []


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
