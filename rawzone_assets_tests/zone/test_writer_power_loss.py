"""The power goes while processes write for a promotion: on a real ext4, all of them stopped at one call."""

import os
import shutil
import signal

import pytest

from rawzone_assets.zone.errors import ZoneError
from rawzone_assets_tests.processes import eventually, state_of
from rawzone_assets_tests.zone import ext4_images
from rawzone_assets_tests.zone.broken_writers import BROKEN
from rawzone_assets_tests.zone.conftest import folder_in_memory
from rawzone_assets_tests.zone.invariants import Oracle
from rawzone_assets_tests.zone.struck_promotion import FINE
from rawzone_assets_tests.zone.tiny_platform import open_zone, promote_all
from rawzone_assets_tests.zone.writer_bench import Bench, Zone, trees


@pytest.fixture
def losing():
    """A promotion on an image in memory; the test is skipped where none can be mounted."""
    with folder_in_memory() as disk:
        if reason := ext4_images.reason_not_to(disk):
            pytest.skip(reason)
        image = disk / "zone.img"
        ext4_images.make_image(image)
        with ext4_images.mounted(image) as mount, folder_in_memory() as work:
            (mount / "home/landing").mkdir(parents=True)
            bench = Bench(mount / "home", work)
            os.sync()
            yield PowerLoss(disk, image, bench)
            bench.close()
            shutil.rmtree(mount / "home")


class PowerLoss:
    """A promotion whose writers write to an image, and the images that losses of power leave."""

    def __init__(self, disk, image, bench):
        self.disk = disk
        self.image = image
        self.bench = bench
        self.images = 0
        self.at_work = 0  # images cut while writers were there
        self.cut = 0  # images on which what nobody had synced was gone
        self.lost = 0  # images on which something of the zone that the processes still saw was gone
        self.problems = []

    def promote(self, calls, *, first, every, **order):
        """Lose power at the ``first`` of these calls, at each ``every``-th after it, and at the end."""
        bench = self.bench
        bench.begin_again()
        os.sync()
        self.stopped = 0
        bench.tokens.lay(first, every=every, times=(2**15 - first) // every)
        bench.begin(calls=calls, how="stop all", **order)
        while self.stops():
            self.at_work += bool(bench.writers())
            self.lose()
            self.stopped += 1
            os.killpg(bench.noted("promoting")[0], signal.SIGCONT)
        assert bench.ended() == [FINE]
        self.lose()

    def stops(self):
        """Wait until all processes stand still, or the promotion has ended; whether it was that."""

        def all_stand():
            stopped = len(bench.noted("stops")) > self.stopped
            return stopped and all(
                state_of(each) in "TZ" for each in bench.noted("promoting") + bench.writers()
            )

        bench = self.bench
        assert eventually(lambda: bench.has_ended() or all_stand(), pause=0.005)
        return not bench.has_ended()

    def lose(self):
        """Pull the plug, boot, and hold what is there to all that must be."""
        home, oracle = self.bench.home, Oracle()
        acknowledged = max(self.bench.noted("commits"), default=0)
        seen, _ = trees(home)
        commits = sorted(path for path in seen if path.startswith("_ledger/"))[:acknowledged]
        oracle.acknowledge({path: seen[path] for path in commits})
        copy = self.disk / f"after-{self.images}.img"
        self.images += 1
        with ext4_images.written_last(home.parent) as last:
            unsynced = last.read_bytes()
            ext4_images.pull_the_plug(self.image, copy)
        with ext4_images.mounted(copy) as mount:
            found = mount / last.name
            self.cut += not found.exists() or found.read_bytes() != unsynced
            self.lost += trees(mount / "home")[0] != seen
            problems = list(self.after(mount / "home", oracle))
        self.problems += [f"image {self.images}, {acknowledged} commits acknowledged: {p}" for p in problems]
        copy.unlink()

    def after(self, home, oracle):
        found = Zone.at(home)
        for name in ("raw", "quarantine"):
            whole = getattr(self.bench.reference, name)
            yield from (
                f"{name}/{path} is named and has not its bytes"
                for path, entry in getattr(found, name).items()
                if entry.kind == "file" and entry != whole[path]
            )
        yield from oracle.check(*trees(home), recovered=False)
        try:
            with open_zone(home) as zone:
                promote_all(zone).raise_for_environment()
        except ZoneError as error:
            yield str(error)
            return
        yield from oracle.check(*trees(home))
        yield from self.bench.differences(home)


class TestTheJournalReplayed:
    def test_after_the_power_went_while_processes_wrote(self, losing, tell):
        losing.promote(["sync", "link"], first=150, every=200)
        self.told(losing, tell)

    @pytest.mark.campaign
    @pytest.mark.parametrize("call", ["create", "write", "sync", "close", "link", "remove"])
    def test_after_the_power_went_at_many_calls_of_any_process(self, losing, tell, call):
        for first in (1, 7):
            losing.promote([call], first=first, every=13)
        self.told(losing, tell)

    def told(self, losing, tell):
        tell(
            f"ext4, writers: {losing.images} images, {losing.at_work} while they were there, "
            f"{losing.lost} had lost something"
        )
        assert losing.problems == []
        assert losing.at_work
        assert losing.cut

    @pytest.mark.parametrize("broken", [b for b in BROKEN.values() if b.noticed_by == "power loss"], ids=str)
    def test_shows_broken_writers(self, losing, broken):
        losing.promote([], first=1, every=1, mutant=broken.name)
        assert any("has not its bytes" in problem for problem in losing.problems)
