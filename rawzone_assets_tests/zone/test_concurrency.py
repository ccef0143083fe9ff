"""Many processes promote the same landing at once, and some are killed: nothing is lost or done twice."""

import json
import random
import signal
import subprocess
import sys
import time

import pytest

from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import look, open_zone, promote_all


class Race:
    def __init__(self, home, landing):
        self.home = home
        self.landing = landing
        self.kills = 0

    def start(self, rounds):
        command = [
            sys.executable,
            "-m",
            "rawzone_assets_tests.zone.promoting_process",
            str(self.home),
            str(rounds),
        ]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)

    def trees(self):
        return read_tree(self.home / "raw"), read_tree(self.home / "quarantine")

    def settle(self):
        """Finish what was killed, and hold the zone to all its invariants."""
        before = read_landing(self.landing.root)
        with open_zone(self.home) as zone:
            zone.recover()
            assert Oracle().check(*self.trees()) == []
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
        assert Oracle().check(*self.trees()) == []
        assert "waiting" not in states.values()
        assert check_states(states, before, receipts_of(self.trees()[0])) == []
        assert read_landing(self.landing.root) == before
        return receipts_of(self.trees()[0])


@pytest.fixture
def race(home, landing):
    return Race(home, landing)


def land_many(landing, count, version):
    """Good, refused and repeated deliveries; each version has other bytes under the same names."""
    for number in range(count):
        day = f"2024{1 + number // 28 % 6:02}{1 + number % 28:02}"
        kinds = [b"%d of %d\n" % (number, version), b"bad %d" % number, b"shared by many\n", b"%d\n" % number]
        landing.put(f"tiny/note_{day}.txt", kinds[number % 4])
        if number % 5 == 0:
            landing.put(f"tiny/sum_{day}.csv", kinds[0])
            landing.put(f"tiny/copy/note_{day}.txt", kinds[number % 4])
    landing.put(f"tiny/stranger{version}", b"?")


class TestManyProcesses:
    """Whoever loses reads what was committed meanwhile, decides again, and retries."""

    def test_eight_processes_give_each_delivery_one_receipt(self, race, tell):
        land_many(race.landing, 48, 1)
        processes = [race.start(2) for _ in range(8)]
        made = []
        for process in processes:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err.decode()
            made += [tuple(receipt) for receipt in json.loads(out)]
        receipts = race.settle()
        assert len(made) == len(set(made)), "two processes hold a receipt for the same delivery"
        assert set(made) == {(r["landing_path"], r["sha256"], r["verdict"]) for r in receipts}
        tell(f"race: 8 processes, {len(receipts)} receipts")

    def test_killed_processes_leave_nothing_behind(self, race, tell):
        race_with_kills(race, seconds=8, processes=4)
        tell(f"kills: {race.kills} SIGKILLs, {len(race.settle())} receipts")
        assert race.kills >= 5

    @pytest.mark.campaign
    @pytest.mark.parametrize("seed", range(2))
    def test_killed_processes_leave_nothing_behind_for_minutes(self, race, tell, seed):
        random.seed(seed)
        race_with_kills(race, seconds=60, processes=6)
        tell(f"kills: {race.kills} SIGKILLs, {len(race.settle())} receipts")


def race_with_kills(race, *, seconds, processes):
    """Land, promote and kill until the time is up, checking the zone whenever all is quiet."""
    end = time.monotonic() + seconds
    version = 0
    while time.monotonic() < end:
        version += 1
        land_many(race.landing, 24, version)
        running = [race.start(2) for _ in range(processes)]
        quiet = time.monotonic() + 2
        while any(process.poll() is None for process in running) and time.monotonic() < quiet:
            time.sleep(random.random() * 0.25)
            number = random.randrange(24)
            landing_path = f"tiny/note_202401{1 + number:02}.txt"
            race.landing.put(landing_path, b"%d changed in round %d\n" % (number, version))
            alive = [process for process in running if process.poll() is None]
            if alive:
                random.choice(alive).kill()
                race.kills += 1
        for process in running:
            _, err = process.communicate(timeout=60)
            assert process.returncode in (0, -signal.SIGKILL), err.decode()
        race.settle()
