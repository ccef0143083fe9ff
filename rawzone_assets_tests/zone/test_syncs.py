"""What is synced, how often and in which order: speed never costs a sync, and no sync is made in vain.

Counted are the calls that reach the disk. Of a batch that stores ``n`` things (objects, refused deliveries and
their findings) and gives names in ``d`` folders these are ``n + d`` and four more: the staged commit, the
staging folder, the folder that holds it, and the ledger's. A batch that refuses something has staged on the
quarantine's side too, which takes two more.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rawzone_assets.zone import intake
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, LandingFolder, open_zone, promote_all

PROMOTE = """
import sys
from pathlib import Path
from unittest import mock
from rawzone_assets.zone import intake
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, open_zone, promote_all
with mock.patch.object(intake, "contract_of", lambda *_: CONTRACT), open_zone(Path(sys.argv[1])) as zone:
    promote_all(zone).raise_for_environment()
"""


@pytest.fixture(autouse=True)
def tiny_contract(monkeypatch):
    monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)


class Recorder(WatchedFiles):
    """Notes every call, in order."""

    def __init__(self) -> None:
        super().__init__(LocalFiles())
        self.calls: list[tuple[str, Path]] = []

    def before(self, operation: str, path: Path) -> None:
        self.calls.append((operation, path))

    def since(self, start: int, *operations: str) -> list[Path]:
        return [path for operation, path in self.calls[start:] if operation in operations]


def batches(home: Path, landing: LandingFolder, *contents: dict[str, bytes]) -> tuple[Recorder, list[int]]:
    """Promote one batch after another with one zone; the calls, and where those of each batch start."""
    files, starts = Recorder(), []
    with open_zone(home, files=files) as zone:
        for deliveries in contents:
            landing.put_all(deliveries)
            starts.append(len(files.calls))
            promote_all(zone).raise_for_environment()
    return files, starts


def notes(day: int, count: int, content: bytes = b"of day %d, number %d") -> dict[str, bytes]:
    stamp = "tiny/note_202405{:02}_{:06}.txt"
    return {stamp.format(day, number): content % (day, number) for number in range(count)}


class TestTheCount:
    """A batch of n things in d folders takes n + d + 4 syncs, however many came before it."""

    @pytest.mark.parametrize("count", [1, 7, 40])
    def test_of_a_batch_that_is_accepted(self, home, landing, tell: Callable[[str], None], count: int):
        files, (_, start) = batches(home, landing, notes(1, 3), notes(2, count))
        folders = {path.parent for path in files.since(start, "link")} - {home / "raw/_ledger"}
        syncs = len(files.since(start, "sync", "sync_folder"))
        assert syncs == count + len(folders) + 4
        tell(f"syncs of a batch of {count} files in {len(folders)} folders: {syncs}")

    def test_of_a_batch_that_is_refused(self, home, landing):
        refused = notes(2, 5, b"bad %d %d")
        files, (_, start) = batches(home, landing, notes(1, 3, b"bad %d %d"), refused)
        made = files.since(start, "make_folder")
        changed = {path.parent for path in (*files.since(start, "link"), *made)}
        folders = {path for path in changed if not {"_ledger", "_staging"} & set(path.parts)}
        syncs = files.since(start, "sync", "sync_folder")
        assert len(syncs) <= 2 * len(refused) + len(folders) + 4 + 2

    def test_of_what_is_stored_already_is_none(self, home, landing):
        once = {"tiny/note_20240501.txt": b"the same"}
        files, (_, start) = batches(home, landing, once, {"tiny/note_20240502.txt": b"the same"})
        assert [path.name for path in files.since(start, "link")] == ["00000000000000000001.jsonl"]
        assert len(files.since(start, "sync", "sync_folder")) <= 4

    @pytest.mark.skipif(shutil.which("strace") is None, reason="there is no strace")
    def test_of_a_whole_process_by_the_kernel(self, home, landing, tmp_path):
        landing.put_all(notes(1, 30))
        trace = tmp_path / "trace"
        command = [
            "strace",
            "-f",
            "-o",
            str(trace),
            "-e",
            "trace=fsync",
            sys.executable,
            "-c",
            PROMOTE,
            str(home),
        ]
        done = subprocess.run(command, capture_output=True, check=False, env=os.environ, text=True)
        if "ptrace" in done.stderr.lower():
            pytest.skip("this machine lets nobody trace")
        assert done.returncode == 0, done.stderr
        calls = len(re.findall(r"fsync\(\d+\)\s+= 0|fsync resumed", trace.read_text()))
        objects = list((home / "raw/tiny").rglob("*.gz"))
        # The first batch also makes the zone's own folders durable, with those above them.
        assert len(objects) == 30
        assert 30 + 4 < calls <= 30 + 4 + 20


class TestTheOrder:
    """Nothing has a name in the zone before its bytes and all that a recovery needs are durable."""

    @pytest.fixture
    def calls(self, home, landing):
        files, (_, start) = batches(
            home, landing, notes(1, 3), {**notes(2, 6), **notes(3, 2, b"bad %d %d"), **notes(4, 1)}
        )
        return files.calls[start:]

    def first(self, calls, operation: str, matches: Callable[[Path], bool]) -> int:
        return next(at for at, (done, path) in enumerate(calls) if done == operation and matches(path))

    def last(self, calls, operation: str, matches: Callable[[Path], bool]) -> int:
        return len(calls) - 1 - self.first(calls[::-1], operation, matches)

    @staticmethod
    def is_staged_commit(path: Path) -> bool:
        return path.name.startswith("commit-")

    @staticmethod
    def is_ledger(path: Path) -> bool:
        return path.parent.name == "_ledger"

    def test_all_that_is_staged_is_durable_before_its_commit_is(self, calls):
        commit = self.first(calls, "sync", self.is_staged_commit)
        staged = {p for done, p in calls if done == "create" and "_staging" in p.parts} - {calls[commit][1]}
        assert staged == {p for done, p in calls[:commit] if done == "sync"}
        assert len(staged) == 6 + 1 + 2 * 2

    def test_the_commit_and_the_names_beside_it_are_durable_before_anything_is_visible(self, calls):
        commit = calls[self.first(calls, "sync", self.is_staged_commit)][1]
        link = self.first(calls, "link", lambda _: True)
        synced = {path for done, path in calls[:link] if done in {"sync", "sync_folder"}}
        quarantine = next(p for done, p in calls if done == "make_folder" and "quarantine" in p.parts)
        assert {commit, commit.parent, commit.parent.parent, quarantine, quarantine.parent} <= synced

    def test_every_name_is_durable_before_the_ledger_has_the_commit(self, calls):
        claim = self.first(calls, "link", self.is_ledger)
        for at, (done, path) in enumerate(calls):
            if done in {"link", "make_folder"} and "_staging" not in path.parts and not self.is_ledger(path):
                assert at < claim
                assert ("sync_folder", path.parent) in calls[at:claim], path

    def test_the_ledger_is_durable_before_what_is_staged_goes(self, calls):
        claim = self.first(calls, "link", self.is_ledger)
        ledger = self.first(calls[claim:], "sync_folder", lambda path: path.name == "_ledger") + claim
        assert ledger < self.first(calls, "remove", lambda _: True)


def test_a_folder_that_another_process_made_is_not_relied_upon(home, landing):
    """It may have been killed before its folders were durable: whoever uses one first syncs those above it."""
    folder = home / "raw/tiny/notes/2024/05"
    folder.mkdir(parents=True)
    files, (start, _) = batches(home, landing, notes(1, 1), notes(2, 1))
    synced = files.since(start, "sync_folder")
    above = [folder, *folder.parents[:4]]
    assert all(path in synced for path in above)
    assert [synced.count(path) for path in above[1:4]] == [1, 1, 1]  # once a process, not with every batch
