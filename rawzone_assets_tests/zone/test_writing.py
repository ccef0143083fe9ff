"""What is staged is written by others: as if this process did it, and what they cannot do is heard of."""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import intake, writing
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.writing import NewFile, Writers
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.invariants import Oracle, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, LandingFolder, look, open_zone

PROMOTE = """
import sys
from pathlib import Path
from unittest import mock
from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import intake, writing
from rawzone_assets.zone.promotion import promote
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, look, open_zone
writing._MANY = int(sys.argv[2])
with mock.patch.object(intake, "contract_of", lambda *_: CONTRACT), open_zone(Path(sys.argv[1])) as zone:
    promote(zone, look(zone).ready, judge=judge, run_id="test", parallel=2).raise_for_environment()
"""


@pytest.fixture
def processes(monkeypatch) -> list[subprocess.Popen[bytes]]:
    """Those that are started, from the first request on."""
    started: list[subprocess.Popen[bytes]] = []
    monkeypatch.setattr(writing, "_MANY", 0)

    class Noted(writing._Writer):
        def __init__(self) -> None:
            super().__init__()
            started.append(self._process)

    monkeypatch.setattr(writing, "_Writer", Noted)
    return started


def some(request: int, count: int = 16) -> list[NewFile]:
    return [NewFile(f"{request}-{n}", b"%d of %d\n\0" % (n, request) * n) for n in range(count)]


class TestWhatIsWritten:
    def test_is_there_for_all_to_read_and_nobody_to_change_whatever_the_umask(self, tmp_path, processes):
        usual = os.umask(0o077)
        try:
            with Writers(LocalFiles()) as writers:
                for done in [writers.write(tmp_path, some(request)) for request in range(20)]:
                    done.result()
        finally:
            os.umask(usual)
        assert processes
        assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
            file.name: file.data for request in range(20) for file in some(request)
        }
        assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o444}

    def test_replaces_nothing(self, tmp_path, processes):
        (tmp_path / "1-2").write_bytes(b"theirs")
        with Writers(LocalFiles()) as writers:
            with pytest.raises(FileExistsError):
                writers.write(tmp_path, some(1)).result()
            writers.write(tmp_path, some(2)).result()
        assert (tmp_path / "1-2").read_bytes() == b"theirs"

    def test_lies_in_no_other_folder_whatever_its_name(self, tmp_path, processes):
        for name in ("two\nlines", "not\udcffutf-8", "with blank"):
            (tmp_path / name).mkdir()
            with Writers(LocalFiles()) as writers:
                writers.write(tmp_path / name, some(1)).result()
            assert len(list((tmp_path / name).iterdir())) == 16
        assert len(list(tmp_path.iterdir())) == 3

    def test_is_left_to_threads_while_it_is_little_or_large(self, tmp_path, monkeypatch):
        monkeypatch.setattr(writing, "_Writer", lambda: pytest.fail("a process was started"))
        with Writers(LocalFiles()) as writers:
            for request in range(writing._MANY):
                writers.write(tmp_path, some(request)).result()
            writers.write(tmp_path, [NewFile("large", bytes(writing._LARGE + 1))]).result()

    def test_is_left_to_threads_once_no_process_can_be_started(self, tmp_path, processes, monkeypatch):
        """Nor is another asked for: while it is refused it takes descriptors that threads then lack."""
        refused = []

        def refuse(*arguments, **_kwargs):
            refused.append(arguments)
            raise OSError(errno.EMFILE, "Too many open files")

        monkeypatch.setattr(writing.subprocess, "Popen", refuse)
        with Writers(LocalFiles()) as writers:
            for request in range(5):
                writers.write(tmp_path, some(request)).result()
        assert len(list(tmp_path.iterdir())) == 5 * 16
        assert len(refused) == 1

    def test_counts_against_the_room_until_it_is_on_the_disk(self, tmp_path):
        class Waiting(WatchedFiles):
            def before(self, operation: str, path: Path) -> None:
                if operation == "create":
                    seen.append(writers.outstanding)

        seen: list[int] = []
        with Writers(Waiting(LocalFiles())) as writers:
            writers.write(tmp_path, [NewFile("one", b"x" * 70)]).result()
            assert (seen, writers.outstanding) == ([70], 0)


class TestAProcess:
    def test_that_dies_while_it_has_nothing_to_do_is_replaced(self, tmp_path, processes):
        """What it had written was durable when it answered."""
        with Writers(LocalFiles()) as writers:
            writers.write(tmp_path, some(1)).result()
            processes[0].kill()
            os.waitid(os.P_PID, processes[0].pid, os.WEXITED | os.WNOWAIT)
            writers.write(tmp_path, some(2)).result()
        assert len(processes) == 2
        assert len(list(tmp_path.iterdir())) == 2 * 16

    def test_that_dies_once_it_was_chosen_is_heard_of(self, tmp_path, processes, monkeypatch):
        monkeypatch.setattr(writing._Writer, "lives", lambda _: True)
        with Writers(LocalFiles()) as writers:
            writers.write(tmp_path, some(1)).result()
            processes[0].kill()
            processes[0].wait()
            with pytest.raises(OSError, match="ended early"):
                writers.write(tmp_path, some(2)).result()
            writers.write(tmp_path, some(3)).result()
        assert len(processes) == 2
        assert len(list(tmp_path.iterdir())) == 2 * 16

    def test_is_gone_when_the_writing_is_over(self, tmp_path, processes):
        with Writers(LocalFiles()) as writers:
            for done in [writers.write(tmp_path, some(request)) for request in range(20)]:
                done.result()
        assert all(process.returncode is not None for process in processes)

    def test_says_what_the_disk_refused(self, tmp_path, processes):
        with Writers(LocalFiles()) as writers, pytest.raises(FileNotFoundError, match="absent"):
            writers.write(tmp_path / "absent", some(1)).result()


class TestAPromotion:
    """By threads and processes."""

    @pytest.fixture(autouse=True)
    def tiny_contract(self, monkeypatch):
        monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)

    def land(self, home: Path, count: int) -> None:
        names = (f"tiny/note_20240522_00{n // 60:02}{n % 60:02}.txt" for n in range(count))
        LandingFolder(home).put_all({name: b"%d\n" % n for n, name in enumerate(names)})

    def run(self, home: Path):
        with open_zone(home) as zone:
            return promote(zone, look(zone).ready, judge=judge, run_id="test", parallel=2)

    def promoted(self, home: Path) -> int:
        trees = read_tree(home / "raw"), read_tree(home / "quarantine")
        assert Oracle().check(*trees) == []
        assert [path.name for path in (home / "raw" / "_staging").iterdir()] == ["lock"]
        return sum(receipt["verdict"] == "promoted" for receipt in receipts_of(trees[0]))

    def test_by_processes_comes_to_the_same(self, home, processes):
        self.land(home, 300)
        self.run(home).raise_for_environment()
        assert processes
        assert self.promoted(home) == 300

    def test_whose_writer_is_killed_says_so_and_the_next_one_finishes(self, home, monkeypatch, processes):
        self.land(home, 300)
        write = writing._Writer.write

        def killed(writer, folder, files):
            writer._process.kill()
            writer._process.wait()
            write(writer, folder, files)

        with monkeypatch.context() as patched:
            patched.setattr(writing._Writer, "write", killed)
            with pytest.raises(StorageFailed, match="ended early; the system's log may say what killed it"):
                self.run(home)
        assert self.promoted(home) == 0
        self.run(home).raise_for_environment()
        assert self.promoted(home) == 300

    def traced(self, home: Path, trace: Path, *options: str, first: str = "") -> list[str]:
        """Let a process of its own promote, after what it is to do ``first``; what the kernel saw of it."""
        if shutil.which("strace") is None:
            pytest.skip("there is no strace")
        tracing = ["strace", "-f", "-y", "-s", "300", "-o", str(trace), *options]
        command = [*tracing, sys.executable, "-c", f"{first}\n{PROMOTE}", str(home), "4"]
        done = subprocess.run(command, capture_output=True, check=False, text=True)
        if "ptrace" in done.stderr.lower():
            pytest.skip("this machine lets nobody trace")
        assert done.returncode == 0, done.stderr
        return trace.read_text().splitlines()

    def test_comes_to_the_same_where_the_system_grants_no_process(self, home, tmp_path):
        self.land(home, 200)
        forks = "vfork,fork,clone"  # threads are made by clone3
        options = ("-e", f"trace={forks}", "-e", f"inject={forks}:error=EAGAIN")
        by_fork = "import subprocess; subprocess._USE_POSIX_SPAWN = False"  # which clone3 does for Python 3.13
        lines = self.traced(home, tmp_path / "trace", *options, first=by_fork)
        assert any("INJECTED" in line for line in lines)
        assert self.promoted(home) == 200

    def test_gives_nothing_a_name_in_raw_before_its_bytes_are_durable(self, home, tmp_path):
        """As the kernel saw it: 200 files in one folder, most of them written by processes."""
        self.land(home, 200)
        lines = self.traced(home, tmp_path / "trace", "-e", "trace=fsync,linkat")
        synced, linked, pending = set[str](), 0, dict[str, str]()
        for line in lines:
            process = line.split()[0]
            if begun := re.search(r"fsync\(\d+<(.*?)>", line):
                pending[process] = begun[1]
            if re.search(r"fsync.*= 0$", line):
                synced.add(Path(pending[process]).name)
            if found := re.search(r'linkat\(\d+<.*?>, "([0-9a-f]{64}\.gzip)"', line):
                linked += 1
                assert found[1] in synced
        assert linked == 200
        calls = sum("fsync" in line and line.endswith("= 0") for line in lines)
        # The first batch also makes the zone's own folders durable, with those above them.
        assert 200 + 4 < calls <= 200 + 4 + 20
        assert self.promoted(home) == 200


def test_what_is_written_for_a_dead_process_while_its_batch_is_dropped_goes_too(tmp_path, home):
    """Its writers may not have noticed yet."""
    with open_zone(home) as zone:
        late = iter([b"late", b"later"])

        class Late(WatchedFiles):
            def before(self, operation: str, path: Path) -> None:
                if operation == "remove_folder" and path.parent == zone.layout.staging:
                    for data in late:
                        (path / "blob").write_bytes(data)
                        break

        zone.publisher("test")  # makes the folder of all batches
        batch = Batch(Late(LocalFiles()), zone.layout, "dead")
        batch.open()
        batch.discard()
        assert not batch.folder.exists()


def test_of_bytes_that_came_twice_and_are_synced_twice_no_failure_is_lost(home):
    """The disk tells of it once: who asks again hears that all is well."""
    with open_zone(home) as zone:
        refusals = iter([OSError(errno.EIO, "Input/output error")])

        class FailingOnce(WatchedFiles):
            def before(self, operation: str, path: Path) -> None:
                if operation == "sync" and path.suffix == ".gzip":
                    for refusal in refusals:
                        raise refusal

        zone.publisher("test")  # makes the folder of all batches
        files = FailingOnce(LocalFiles())
        with Writers(files) as writers:
            batch = Batch(files, zone.layout, "twice", writers=writers)
            batch.open()
            for _ in range(2):
                unnamed = batch.stage_unnamed([b"the same"])
                blob = batch.settle(unnamed, "ab" * 32, "gzip", refused=False)
                batch.sync_soon(blob)
            with pytest.raises(OSError, match="Input/output error"):
                batch.sync([blob])
            batch.stop_writing()


def test_nothing_is_written_any_more_when_a_batch_that_failed_is_over(tmp_path):
    begun: list[Path] = []

    class Slow(LocalFiles):
        def create(self, path, blocks):
            begun.append(path)
            time.sleep(0.01)
            super().create(path, blocks)

    with open_zone(tmp_path) as zone, Writers(Slow()) as writers:
        with suppress(KeyboardInterrupt), zone.publisher("test").batch(writers=writers) as batch:
            for n in range(16):
                batch.stage_soon(f"{n:064x}", b"%d" % n, "gzip", refused=False)
            raise KeyboardInterrupt
        assert len(begun) == 16
        assert [path.name for path in zone.layout.staging.iterdir()] == ["lock"]
