"""Real processes killed at named points and at changes of the disk: the next command finishes what is left."""

import json
import shutil
import signal
import subprocess
import sys

import pytest

from rawzone_assets.health.scrub import scrub
from rawzone_assets_tests.zone.driven_process import POINTS, RECOVER, RECOVERY_POINTS
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import look, open_zone, promote_all
from rawzone_assets_tests.zone.works import EVERYTHING, PROMOTE_FIRST, PROMOTE_MORE, REPLAY


class Executioner:
    """Runs commands on copies of a zone, in processes that are killed on their way."""

    def __init__(self, home, landing):
        command = [sys.executable, "-m", "rawzone_assets_tests.zone.driven_process", "serve"]
        self.server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.home = home
        self.landing = landing
        self.kills = 0

    def prepare(self, work):
        for landed in work.before:
            self.landing.put_all(landed)
            with open_zone(self.home) as zone:
                promote_all(zone).raise_for_environment()
        self.landing.put_all(work.landed)
        shutil.copytree(self.home, self.home.with_name(f"{self.home.name}-start"), symlinks=True)

    def begin_again(self):
        for name in ("raw", "quarantine", "state"):
            shutil.rmtree(self.home / name, ignore_errors=True)
            start = self.home.with_name(f"{self.home.name}-start") / name
            if start.is_dir():
                shutil.copytree(start, self.home / name)

    def kill(self, work, **order):
        """Whether the process was killed; a command that is done before its point was not."""
        self.server.stdin.write(json.dumps({"home": str(self.home), "work": work.name, **order}) + "\n")
        self.server.stdin.flush()
        ended = json.loads(self.server.stdout.readline())
        assert ended in ({"signal": signal.SIGKILL, "exit": 0}, {"signal": 0, "exit": 0})
        self.kills += ended["signal"] == signal.SIGKILL
        return ended["signal"] == signal.SIGKILL

    def objections(self, work):
        """To the zone as the killed process left it, and after the next command."""
        oracle, before = Oracle(), read_landing(self.landing.root)
        problems = oracle.check(*self._trees(), recovered=False)
        with open_zone(self.home) as zone:
            problems += [f"scrub names {damage}" for damage in scrub(zone).damages]
            oracle.acknowledge(self._trees()[0])
            work.run(zone, lambda *_: None)
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
            problems += oracle.check(*self._trees())
            problems += [f"scrub names {damage}, recovered" for damage in scrub(zone).damages]
        problems += check_states(states, before, receipts_of(self._trees()[0]))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        problems += ["I4: landing was changed"] if read_landing(self.landing.root) != before else []
        return problems

    def _trees(self):
        return read_tree(self.home / "raw"), read_tree(self.home / "quarantine")

    def close(self):
        self.server.stdin.close()
        self.server.stdout.close()
        self.server.wait(timeout=60)
        shutil.rmtree(self.home.with_name(f"{self.home.name}-start"), ignore_errors=True)


@pytest.fixture
def executioner(home, landing):
    executioner = Executioner(home, landing)
    yield executioner
    executioner.close()


def kill_at_each_change(executioner, work, *, every):
    executioner.prepare(work)
    problems, change, running = [], 0, True
    while running:
        executioner.begin_again()
        running = executioner.kill(work, change=change, torn=change % 2 == 0)
        problems += [f"killed at change {change}: {problem}" for problem in executioner.objections(work)]
        change += every
    return problems


class TestKilled:
    @pytest.mark.parametrize("work", [PROMOTE_FIRST, PROMOTE_MORE], ids=str)
    def test_at_a_named_point_of_a_promotion(self, executioner, tell, work):
        executioner.prepare(work)
        problems = []
        for point in POINTS:
            executioner.begin_again()
            assert executioner.kill(work, point=point), f"no process came to the point {point}"
            problems += [f"killed {point}: {problem}" for problem in executioner.objections(work)]
        tell(f"{work}: {executioner.kills} SIGKILLs at named points")
        assert problems == []

    @pytest.mark.parametrize("work", [PROMOTE_MORE, REPLAY], ids=str)
    def test_at_a_named_point_of_the_recovery(self, executioner, tell, work):
        executioner.prepare(work)
        problems = []
        for point in RECOVERY_POINTS:
            executioner.begin_again()
            assert executioner.kill(work, point="between link and claim")
            assert executioner.kill(RECOVER, point=point), f"no process came to the point {point}"
            problems += [f"killed {point}: {problem}" for problem in executioner.objections(work)]
        tell(f"{work}: {executioner.kills} SIGKILLs before and during recovery")
        assert problems == []

    def test_at_changes_of_the_disk(self, executioner, tell):
        problems = kill_at_each_change(executioner, EVERYTHING, every=7)
        tell(f"{EVERYTHING}: {executioner.kills} SIGKILLs at changes of the disk")
        assert executioner.kills > 10
        assert problems == []

    @pytest.mark.campaign
    @pytest.mark.parametrize("work", [PROMOTE_FIRST, EVERYTHING], ids=str)
    def test_at_each_change_of_the_disk(self, executioner, tell, work):
        problems = kill_at_each_change(executioner, work, every=1)
        tell(f"{work}: {executioner.kills} SIGKILLs, one at each change of the disk")
        assert problems == []
