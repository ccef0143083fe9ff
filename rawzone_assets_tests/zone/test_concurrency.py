"""Many processes promote the same landing at once, and some are killed: nothing is lost or done twice."""

import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import look, open_zone, promote_all


class Race:
    def __init__(self, home, landing):
        self.home = home
        self.landing = landing
        self.kills = 0

    def start(self, rounds, *kind):
        command = [
            sys.executable,
            "-m",
            "rawzone_assets_tests.zone.promoting_process",
            str(self.home),
            str(rounds),
            *kind,
        ]
        pipe = subprocess.PIPE
        return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe)

    def at_once(self, processes):
        """Let processes go at the same moment; what each was given a receipt for."""
        for process in processes:
            assert process.stdout.readline() == b"ready\n"
        for process in processes:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        made = []
        for process in processes:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err.decode()
            made += [tuple(receipt) for receipt in json.loads(out)]
        return made

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


def different_names(landing):
    for number in range(48):
        landing.put(f"tiny/note_20240{1 + number % 6}{1 + number // 6:02}.txt", b"%d\n" % number)
    return {"promoted": 48}


def same_names_with_different_bytes(landing):
    for number in range(48):
        landing.put(f"tiny/{number % 8}/note_202405{10 + number // 8}.txt", b"%d\n" % number)
    return {"promoted": 48}


def same_bytes_under_different_names(landing):
    for number in range(48):
        landing.put(f"tiny/note_20240{1 + number % 6}{1 + number // 6:02}.txt", b"%d\n" % (number % 5))
    return {"promoted": 5, "duplicate": 43}


def good_bad_and_repeated(landing):
    land_many(landing, 48, 1)
    return {"promoted": 35, "quarantined": 15, "duplicate": 18, "unrecognized": 1}


LANDED = {
    each.__name__.replace("_", " "): each
    for each in (
        different_names,
        same_names_with_different_bytes,
        same_bytes_under_different_names,
        good_bad_and_repeated,
    )
}


class TestManyProcesses:
    """Whoever loses reads what was committed meanwhile, decides again, and retries."""

    @pytest.mark.parametrize("landed", LANDED.values(), ids=LANDED)
    def test_eight_processes_give_each_delivery_one_receipt(self, race, tell, landed):
        verdicts = landed(race.landing)
        made = race.at_once([race.start(2) for _ in range(8)])
        receipts = race.settle()
        assert len(made) == len(set(made)), "two processes hold a receipt for the same delivery"
        assert set(made) == {(r["landing_path"], r["sha256"], r["verdict"]) for r in receipts}
        assert Counter(r["verdict"] for r in receipts) == verdicts
        revisions = Counter((r["feed"], r["name"]) for r in receipts if r["verdict"] == "promoted")
        for feed, name in revisions:
            numbers = [
                r["revision"]
                for r in receipts
                if (r["feed"], r["name"], r["verdict"]) == (feed, name, "promoted")
            ]
            assert numbers == list(range(1, len(numbers) + 1))
        tell(f"race: 8 processes, {landed.__name__}, {len(receipts)} receipts")

    def test_promotions_and_replays_at_once_take_each_refusal_back_once(self, race, tell):
        land_many(race.landing, 48, 1)
        for number in range(12):
            race.landing.put(f"tiny/x/note_202405{10 + number}.txt", b"bad one %d\n" % number)
        with open_zone(race.home) as zone:
            promote_all(zone)
        land_many(race.landing, 48, 2)
        made = race.at_once([race.start(3, *kind) for kind in [(), ("replay",)] * 4])
        receipts = race.settle()
        assert len(made) == len(set(made))
        replays = [r["replays"]["path"] for r in receipts if r["replays"]]
        assert len(replays) == len(set(replays)) == 12
        tell(f"race: 4 promotions and 4 replays, {len(receipts)} receipts, {len(replays)} replays")

    def test_scrubs_and_repairs_among_promotions_put_each_damage_right_once(self, race, tell):
        land_many(race.landing, 48, 1)
        with open_zone(race.home) as zone:
            promote_all(zone)
            damaged = sorted(path for path in (race.home / "raw/tiny").rglob("*") if path.is_file())[::9]
        for path in damaged:
            path.chmod(0o644)
            path.write_bytes(b"rot")
            path.chmod(0o444)
        for number in range(24):
            race.landing.put(f"tiny/y/note_202405{1 + number:02}.txt", b"%d more\n" % number)
        kinds = ["promote"] * 3 + ["scrub"] * 2 + ["repair"] * 3
        made = race.at_once([race.start(2, kind) for kind in kinds])
        assert len(made) == len(set(made))
        receipts = race.settle()
        ledger = b"".join(path.read_bytes() for path in (race.home / "raw/_ledger").iterdir())
        records = [json.loads(line) for line in ledger.splitlines()]
        repaired = [record["place"] for record in records if record.get("record") == "repaired"]
        assert len(repaired) == len(set(repaired)) == len(damaged) > 2
        assert any(record.get("record") == "scrubbed" for record in records)
        tell(f"race: 3 promotions, 2 scrubs, 3 repairs: {len(receipts)} receipts, {len(repaired)} repairs")

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
        for process in running:
            process.stdin.write(b"go\n")
            process.stdin.flush()
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
