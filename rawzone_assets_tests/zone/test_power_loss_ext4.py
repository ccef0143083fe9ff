"""The power goes while a real process writes to a real ext4: its journal is replayed, the zone recovers."""

import contextlib
import os
import random
import shutil
import subprocess
import sys
import time

import pytest

from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.zone import ext4_images
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import LandingFolder, look, open_zone, promote_all
from rawzone_assets_tests.zone.works import EVERYTHING, PROMOTE_FIRST, PROMOTE_LARGE, WORKS, lay_pile


@pytest.fixture
def disk(home):
    """A folder in memory for images; the test is skipped where none can be mounted."""
    reason = ext4_images.reason_not_to(home)
    if reason:
        pytest.skip(reason)
    return home


class PowerLoss:
    """A command on an ext4 image, and the images that losses of power leave."""

    def __init__(self, disk, work, *, forgetful=False):
        self.options = ["forgetful"] if forgetful else []
        self.disk = disk
        self.work = work
        self.image = disk / "zone.img"
        self.images = 0
        self.lost = 0  # images on which something that the process still saw was gone
        self.problems = []
        ext4_images.make_image(self.image)

    def prepare(self, home):
        landing = LandingFolder(home)
        landing.root.mkdir(parents=True)
        for landed in self.work.before:
            landing.put_all(landed)
            with open_zone(home) as zone:
                promote_all(zone).raise_for_environment()
        landing.put_all(self.work.landed)
        lay_pile(home)  # it has lain there for long: what is not ours is not ours to sync
        ext4_images.sync(home)

    @contextlib.contextmanager
    def start(self, home, step):
        command = [sys.executable, "-m", "rawzone_assets_tests.zone.driven_process", str(home)]
        process = subprocess.Popen([*command, self.work.name, str(step), *self.options], stdout=subprocess.PIPE)
        try:
            os.set_blocking(process.stdout.fileno(), False)
            yield process
        finally:  # a stopped process would be waited for without end
            process.kill()
            process.wait()
            process.stdout.close()

    def at_each(self, step, first):
        """Lose power at every ``step``-th change, from ``first``."""
        with ext4_images.mounted(self.image) as mount:
            home = mount / "home"
            self.prepare(home)
            with self.start(home, step) as process:
                told, stops = b"", 0
                while ext4_images.stopped(process):
                    told += process.stdout.read() or b""
                    stops += 1
                    if stops > first:
                        self.lose(home, told)
                    ext4_images.go_on(process)
                assert process.returncode == 0
                told += process.stdout.read() or b""
                self.lose(home, told)

    def at_random(self, losses, chance):
        """Lose power wherever the process happens to be."""
        with ext4_images.mounted(self.image) as mount:
            home = mount / "home"
            self.prepare(home)
            while self.images < losses:
                for name in ("raw", "quarantine", "state"):
                    shutil.rmtree(home / name, ignore_errors=True)
                ext4_images.sync(home)
                self._lose_at_random(home, losses, chance)

    def _lose_at_random(self, home, losses, chance):
        with self.start(home, 10**6) as process:
            while not (home / "raw").exists() and process.poll() is None:
                time.sleep(0.001)
            told = b""
            while self.images < losses and process.poll() is None and ext4_images.stop(process):
                told += process.stdout.read() or b""
                self.lose(home, told)
                ext4_images.go_on(process)
                time.sleep(chance.random() * 0.02)

    def lose(self, home, told):
        """Pull the plug, boot, and hold what is there to all that was acknowledged."""
        acknowledged = int(told.split()[-1]) if told.split() else 0
        oracle, seen = Oracle(), read_tree(home / "raw")
        commits = sorted(path for path in seen if path.startswith("_ledger/"))[:acknowledged]
        oracle.acknowledge({path: seen[path] for path in commits})
        landed = read_landing(home / "landing")
        copy = self.disk / f"after-{self.images}.img"
        self.images += 1
        ext4_images.pull_the_plug(self.image, copy)
        with ext4_images.mounted(copy) as mount:
            found = self._boot(mount / "home", oracle, landed, seen)
        self.problems += [f"image {self.images}, {acknowledged} commits acknowledged: {p}" for p in found]
        copy.unlink()

    def _boot(self, home, oracle, landed, seen):
        def trees():
            return read_tree(home / "raw"), read_tree(home / "quarantine")

        self.lost += trees()[0] != seen
        problems = oracle.check(*trees(), recovered=False)
        try:
            with open_zone(home) as zone:
                zone.recover()
                problems += oracle.check(*trees())
                self.work.run(zone, lambda *_: None)
                promote_all(zone).raise_for_environment()
                states = look(zone).states()
                problems += oracle.check(*trees())
                problems += [f"scrub names {damage}" for damage in scrub(zone).damages]
        except ZoneError as error:
            return [*problems, str(error)]
        problems += check_states(states, landed, receipts_of(trees()[0]))
        problems += [f"I6: {path} still waits" for path, state in states.items() if state == "waiting"]
        problems += ["I4: landing was changed"] if read_landing(home / "landing") != landed else []
        return problems


class TestTheJournalReplayed:
    def test_after_the_power_went_at_changes_of_the_disk(self, disk, tell):
        losing = PowerLoss(disk, PROMOTE_FIRST)
        losing.at_each(17, first=0)
        tell(f"ext4, {losing.work}: {losing.images} images, {losing.lost} had lost something")
        assert losing.problems == []
        assert losing.lost > 1

    def test_after_the_power_went_at_random(self, disk, tell):
        losing = PowerLoss(disk, PROMOTE_FIRST)
        losing.at_random(5, random.Random(8))
        tell(f"ext4, {losing.work}: {losing.images} images at random moments, {losing.lost} had lost something")
        assert losing.problems == []

    def test_a_process_that_syncs_nothing_is_noticed(self, disk):
        losing = PowerLoss(disk, PROMOTE_FIRST, forgetful=True)
        losing.at_each(10**6, first=0)
        assert any("I9: the acknowledged commit" in problem for problem in losing.problems)

    @pytest.mark.campaign
    @pytest.mark.parametrize("work", [*WORKS, EVERYTHING], ids=str)
    def test_after_the_power_went_at_each_change_of_the_disk(self, disk, tell, work):
        losing = PowerLoss(disk, work)
        losing.at_each(1, first=0)
        tell(f"ext4, {work}: {losing.images} images, {losing.lost} had lost something")
        assert losing.problems == []

    @pytest.mark.campaign
    def test_after_the_power_went_at_many_random_moments(self, disk, tell):
        losing = PowerLoss(disk, PROMOTE_LARGE)
        losing.at_random(60, random.Random(60))
        tell(f"ext4, {losing.work}: {losing.images} images at random moments, {losing.lost} had lost something")
        assert losing.problems == []
