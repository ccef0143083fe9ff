"""The reserve: promotion stops before the disk is full, and a disk that is full all the same breaks nothing."""

import os
import random
import re
import shutil
from dataclasses import replace

import pytest

from rawzone_assets.zone import reading
from rawzone_assets.zone.errors import DiskAlmostFull, ZoneError
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.room import PLENTY, Room
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone import tiny_platform
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.strange_disks import small_disk
from rawzone_assets_tests.zone.tiny_platform import NOTES, NOW, SUMS, TINY, look, promote_all, promote_these

MIB = 2**20
SENTENCE = re.compile(r"[A-Z][^\n]+\.")


def noise(size, seed=0):
    """Bytes that do not get smaller."""
    return random.Random(seed).randbytes(size)


class Watching(LocalFiles):
    """Remembers the least space that was free after any write."""

    def __init__(self, disk):
        self.disk = disk
        self.least = 2**63

    def create(self, path, blocks):
        def tap():
            for block in blocks:
                yield block
                self.least = min(self.least, shutil.disk_usage(self.disk).free)

        super().create(path, tap())


def open_zone(home, *, reserve=0, roots=None, files=None):
    environment = {"RAWZONE_RESERVE": str(reserve)}
    environment |= {f"RAWZONE_{name.upper()}": str(path) for name, path in (roots or {}).items()}
    return Zone(Settings.from_environment(environment, home=home), files=files, clock=lambda: NOW)


def check(home, roots=None, *, recovered=True):
    trees = [read_tree((roots or {}).get(name, home / name)) for name in ("raw", "quarantine")]
    trees = [{path: entry for path, entry in tree.items() if path != "lost+found"} for tree in trees]
    assert Oracle().check(*trees, recovered=recovered) == []
    return trees


class TestTheReserve:
    """'Refusal before the disk is full': checked before and while a batch is written, streams too."""

    @pytest.mark.parametrize("which", ["raw", "quarantine"])
    def test_it_is_kept_and_what_does_not_fit_waits(self, home, landing, which):
        bad = b"bad" if which == "quarantine" else b""
        for number in range(1, 29):
            landing.put(f"tiny/note_202405{number:02}.txt", bad + noise(MIB // 4, number))
        with small_disk(home / which, size=6 * MIB) as disk:
            files = Watching(disk)
            with open_zone(home, reserve=2 * MIB, files=files) as zone:
                # In batches of four, as a sensor's runs would have them.
                ready = look(zone).ready
                outcomes = [promote_these(zone, ready[at : at + 4]) for at in range(0, len(ready), 4)]
                states = look(zone).states()
            with pytest.raises(DiskAlmostFull, match=rf"{which}.* is almost full .* nothing was lost"):
                outcomes[-1].raise_for_environment()
            assert files.least >= 2 * MIB - 64 * 1024, "more than findings and commits went into the reserve"
            assert len(set(states.values())) == 2, "nothing fitted, or everything did"
            check(home)

    def test_to_the_byte(self, tmp_path):
        class Small(LocalFiles):
            def free_bytes(self, path):
                return 100

        room = Room(files=Small(), reserve=60)
        room.require(tmp_path, 40)
        with pytest.raises(DiskAlmostFull):
            room.require(tmp_path, 41)

    def test_one_whose_refused_copy_does_not_fit_holds_up_no_other(self, home, landing):
        """All of its batch waited with it, as long as the quarantine's disk was short of room."""
        landing.put("tiny/note_20240503.txt", b"bad" + noise(5 * MIB))
        for day in (1, 2, 4, 5):
            landing.put(f"tiny/note_2024050{day}.txt", noise(1000, day))
        landing.put("tiny/note_20240506.txt", b"bad, but small")
        with small_disk(home / "quarantine", size=6 * MIB):
            with open_zone(home, reserve=2 * MIB) as zone:
                outcome = promote_all(zone)
                states = look(zone).states()
            with pytest.raises(DiskAlmostFull):
                outcome.raise_for_environment()
            assert states.pop("tiny/note_20240503.txt") == "waiting"
            assert states.pop("tiny/note_20240506.txt") == "quarantined"
            assert set(states.values()) == {"promoted"}
            check(home)

    def test_a_stream_that_outgrows_the_disk_is_cut_and_leaves_nothing(self, home, landing, monkeypatch):
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", MIB)
        landing.put_all({"tiny/note_20240501.txt": noise(8 * MIB), "tiny/sum_20240502.csv": b"small\n"})
        with small_disk(home / "raw", size=6 * MIB) as disk:
            files = Watching(disk)
            with open_zone(home, reserve=2 * MIB, files=files) as zone:
                outcome = promote_all(zone)
                assert look(zone).states() == {
                    "tiny/note_20240501.txt": "waiting", "tiny/sum_20240502.csv": "promoted",
                }  # fmt: skip
            with pytest.raises(DiskAlmostFull):
                outcome.raise_for_environment()
            assert files.least >= 2 * MIB - 64 * 1024
            check(home)

    def test_what_compresses_is_not_refused_for_its_size(self, home, landing):
        os.truncate(landing.put("tiny/note_20240501.txt", b""), 40 * MIB)
        with small_disk(home / "raw", size=8 * MIB):
            with open_zone(home, reserve=2 * MIB) as zone:
                promote_all(zone).raise_for_environment()
                assert look(zone).states() == {"tiny/note_20240501.txt": "promoted"}
            check(home)

    def test_an_oversized_file_gets_no_room_that_good_ones_need(self, home, landing, monkeypatch):
        monkeypatch.setattr(tiny_platform, "TINY", replace(TINY, feeds=(replace(NOTES, max_size=MIB), SUMS)))
        landing.put_all({"tiny/note_20240501.txt": noise(3 * MIB), "tiny/note_20240502.txt": noise(MIB // 2)})
        with small_disk(home / "quarantine", size=PLENTY * MIB // 4 + 2 * MIB):
            with open_zone(home, reserve=MIB // 4) as zone:
                outcome = promote_all(zone)
                outcome.raise_for_environment()
                assert look(zone).states() == {
                    "tiny/note_20240501.txt": "waiting", "tiny/note_20240502.txt": "promoted",
                }  # fmt: skip
            assert "no room to spare" in outcome.waiting[0].reason
            check(home)

    def test_the_index_has_its_reserve_too(self, home, landing):
        landing.put("tiny/note_20240501.txt", b"x\n")
        with small_disk(home / "state", size=MIB), open_zone(home, reserve=2 * MIB) as zone:
            with pytest.raises(
                DiskAlmostFull, match=r"state is almost full \(\d+\.\d KiB free, 2\.0 MiB are kept"
            ):
                promote_all(zone).raise_for_environment()
            assert look(zone).states() == {"tiny/note_20240501.txt": "waiting"}


def fill(disk, *, leave):
    """Use a disk up but for so many bytes."""
    free = shutil.disk_usage(disk).free
    with open(disk / "filler", "wb") as filler:
        if free > leave:
            os.posix_fallocate(filler.fileno(), 0, free - leave)


DELIVERIES = {
    "tiny/note_20240501.txt": noise(9_000, 1),
    "tiny/note_20240502.txt": b"bad" + noise(9_000, 2),
    "tiny/note_20240503.zip": noise(9_000, 3),
    "tiny/sum_20240504.csv": b"small\n",
    "tiny/stranger": b"?",
}


class TestADiskThatIsFull:
    """ENOSPC from a real disk at any point leaves the zone whole, and it goes on once there is space."""

    def full_at(self, home, disk, leave):
        """Promote with so many bytes left, then with space; what the first said."""
        roots = {name: disk / name for name in ("raw", "quarantine", "state")}
        landed = read_landing(home / "landing")
        fill(disk, leave=leave)
        said = None
        try:
            with open_zone(home, roots=roots) as zone:
                promote_all(zone).raise_for_environment()
        except ZoneError as error:
            said = str(error)
            assert SENTENCE.fullmatch(said), said
        check(home, roots, recovered=False)
        (disk / "filler").unlink()
        with open_zone(home, roots=roots) as zone:
            promote_all(zone).raise_for_environment()
            states = look(zone).states()
        raw, _ = trees = check(home, roots)
        assert check_states(states, landed, receipts_of(raw)) == []
        assert "waiting" not in states.values()
        with open_zone(home, roots=roots) as zone:
            assert promote_all(zone).receipts == []
        assert check(home, roots) == trees
        assert read_landing(home / "landing") == landed
        for path in disk.iterdir():
            if path.name != "lost+found":
                shutil.rmtree(path)
        return said

    @pytest.mark.parametrize(
        ("kind", "step"),
        [
            ("tmpfs", 4),
            ("ext4", 16),
            pytest.param("tmpfs", 1, marks=pytest.mark.campaign),
            pytest.param("ext4", 1, marks=pytest.mark.campaign),
        ],
    )
    def test_with_any_number_of_pages_left(self, home, landing, tell, kind, step):
        landing.put_all(DELIVERIES)
        with small_disk(home / "disk", size=8 * MIB, kind=kind) as disk:
            said = [self.full_at(home, disk, pages * 4096) for pages in range(0, 96, step)]
        failures = [sentence for sentence in said if sentence]
        tell(f"full disks ({kind}): {len(said)} amounts of space left, {len(failures)} of them too little")
        assert failures
        assert None in said
