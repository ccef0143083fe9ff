"""Batches under way: one is drafted while the one before is published, and nobody can tell from the zone."""

from __future__ import annotations

import gc
import random
import threading
import time
from contextlib import nullcontext
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import drafting, intake, promotion, writing
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.errors import DiskAlmostFull, JudgeUnavailable, StorageFailed
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.landing import Unreadable
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import Outcome, promote
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, LandingFolder, look, open_zone


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)
    monkeypatch.setattr(promotion, "MOST_FILES", 3)


def note(number: int) -> str:
    return f"tiny/note_20240522_{number:06}.txt"


def land(home: Path, count: int) -> LandingFolder:
    landing = LandingFolder(home)
    landing.put_all({note(number): b"line\n" * number for number in range(1, count + 1)})
    return landing


def run(home: Path, *, parallel: int = 2, files=None, judging=judge, told=None) -> Outcome:
    with open_zone(home, files=files) as zone:
        ready = sorted(look(zone).ready, key=lambda delivery: delivery.landed.path)
        return promote(zone, ready, judge=judging, run_id="test", parallel=parallel, progress=told)


def check(home: Path) -> None:
    """The invariants, no staging left behind, and every landed file in one state."""
    assert Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine")) == []
    assert [path.name for path in (home / "raw" / "_staging").iterdir()] == ["lock"]
    with open_zone(home) as zone:
        states = look(zone).states()
    assert check_states(states, read_landing(home / "landing"), receipts_of(read_tree(home / "raw"))) == []


class Failing(WatchedFiles):
    """Lets the chosen call fail."""

    def __init__(self, chosen) -> None:
        super().__init__(LocalFiles())
        self.chosen = chosen

    def before(self, operation: str, path: Path) -> None:
        if self.chosen(operation, path):
            raise OSError(5, "Input/output error", str(path))


class TestTheNextBatch:
    def test_is_judged_while_the_one_before_is_published(self, home):
        """Publishing the first waits here until a delivery of the second is judged."""
        land(home, 6)
        judged = threading.Event()

        def notice(feed, content, capture):
            if capture.name.endswith("_000004.txt"):
                judged.set()
            return judge(feed, content, capture)

        class Patient(WatchedFiles):
            def before(self, operation: str, path: Path) -> None:
                if operation == "link":
                    assert judged.wait(30), "the second batch was not begun"

        run(home, files=Patient(LocalFiles()), judging=notice)
        check(home)

    def test_is_told_of_after_the_one_before(self, home):
        land(home, 10)
        told: list[list[str]] = []
        run(home, told=lambda batch, _: told.append([delivery.landed.path for delivery in batch]))
        assert told == [[note(n) for n in some] for some in ([1, 2, 3], [4, 5, 6], [7, 8, 9], [10])]

    def test_finds_what_the_one_before_stored(self, home):
        """Its deliveries were read before that was published; they are decided after."""
        landing = land(home, 3)
        landing.put(note(4), b"line\n")  # as the first
        landing.put("tiny/deeper/note_20240522_000002.txt", b"another revision\n")
        outcome = run(home)
        verdicts = {receipt.landing_path: receipt for receipt in outcome.receipts}
        assert str(verdicts[note(4)].verdict) == "duplicate"
        assert sorted(r.revision for r in outcome.receipts if r.name == "note_20240522_000002.txt") == [1, 2]
        check(home)


class TestPortions:
    """Small deliveries are handed to a judge some at a time, few enough that others need not wait for them."""

    def asked_at_once(self, home: Path, monkeypatch, *, files: int, size: int) -> list[int]:
        """How many deliveries the judge is asked about each time, of ``files`` of ``size`` bytes."""
        monkeypatch.setattr(promotion, "MOST_FILES", files)
        monkeypatch.setattr(drafting, "_MOST_FILES", 16)
        monkeypatch.setattr(drafting, "_LEAST_BYTES", 2**10)
        monkeypatch.setattr(drafting, "_MOST_BYTES", 2**12)
        landing = LandingFolder(home)
        landing.put_all({note(number): b"%08d" % number * (size // 8) for number in range(1, files + 1)})
        asked: list[int] = []

        class Pool:
            def __call__(self, feed, content, capture):
                raise AssertionError("a delivery was handed over alone")

            def judge_all(self, requests):
                asked.append(len(requests))
                return [judge(*request) for request in requests]

        run(home, judging=Pool())
        check(home)
        assert sum(asked) == files
        return sorted(asked, reverse=True)  # threads ask

    def test_hold_many_tiny_files_but_not_all_of_a_batch(self, home, monkeypatch):
        assert self.asked_at_once(home, monkeypatch, files=40, size=8) == [16, 16, 8]

    def test_hold_fewer_the_larger_they_are(self, home, monkeypatch):
        assert self.asked_at_once(home, monkeypatch, files=12, size=2**8) == [4, 4, 4]

    def test_hold_no_more_than_an_eighth_of_a_large_batch(self, home, monkeypatch):
        assert self.asked_at_once(home, monkeypatch, files=32, size=2**9) == [4] * 8

    def test_hold_no_more_than_a_portion_may_have_of_the_largest(self, home, monkeypatch):
        assert self.asked_at_once(home, monkeypatch, files=20, size=2**11) == [2] * 10

    def test_that_are_large_are_compressed_while_they_are_judged(self, home, monkeypatch):
        monkeypatch.setattr(intake, "_LARGE", 8)
        compressed, compress = threading.Event(), Compression.compress

        def noted(compression, data):
            compressed.set()
            return compress(compression, data)

        monkeypatch.setattr(Compression, "compress", noted)
        LandingFolder(home).put_all({note(1): b"00000001\n"})

        def judging(feed, content, capture):
            assert compressed.wait(30), "it was to be compressed meanwhile"
            return judge(feed, content, capture)

        assert [str(receipt.verdict) for receipt in run(home, judging=judging).receipts] == ["promoted"]
        check(home)

    def written_at_once(self, home: Path, monkeypatch, *contents: bytes) -> list[int]:
        """How many files are handed over each time to be written and made durable."""
        monkeypatch.setattr(promotion, "MOST_FILES", len(contents))
        LandingFolder(home).put_all({note(number): data for number, data in enumerate(contents)})
        written: list[int] = []
        write = writing.Writers.write

        def counted(writers, folder, files):
            written.append(len(files))
            return write(writers, folder, files)

        monkeypatch.setattr(writing.Writers, "write", counted)
        run(home)
        check(home)
        return sorted(written, reverse=True)

    def test_of_tiny_files_are_written_together(self, home, monkeypatch):
        assert self.written_at_once(home, monkeypatch, *(b"%d\n" % n for n in range(40))) == [16, 16, 8]

    def test_of_large_files_are_written_as_soon_as_they_are_some(self, home, monkeypatch):
        noise = (random.Random(n).randbytes(2**17).hex().encode() for n in range(12))
        assert self.written_at_once(home, monkeypatch, *noise) == [4, 4, 4]

    def test_of_the_same_bytes_are_written_once(self, home, monkeypatch):
        assert self.written_at_once(home, monkeypatch, *(b"%d\n" % (n // 2) for n in range(40))) == [16, 4]


def test_garbage_is_looked_for_as_usual_once_a_promotion_is_over(home):
    """While it lasts, seldom: its receipts and deliveries are many and hold no cycles."""
    land(home, 3)
    usual, meanwhile = gc.get_threshold(), []
    run(home, told=lambda *_: meanwhile.append(gc.get_threshold()))
    assert gc.get_threshold() == usual
    assert meanwhile[0] > usual


def test_garbage_is_looked_for_as_usual_once_the_last_of_several_is_over():
    usual = gc.get_threshold()
    first, second = collected_seldom(), collected_seldom()
    with first:
        second.__enter__()
    assert gc.get_threshold() > usual
    second.__exit__(None, None, None)
    assert gc.get_threshold() == usual


class TestWhenOneFails:
    """What was published stays, what was drafted ahead is gone from staging, and the next run finishes."""

    @pytest.mark.parametrize("number", range(1, 8))
    def test_to_be_judged(self, home, number):
        land(home, 7)

        def fail(feed, content, capture):
            if capture.name == Path(note(number)).name:
                raise JudgeUnavailable("tiny")
            return judge(feed, content, capture)

        with pytest.raises(JudgeUnavailable):
            run(home, judging=fail)
        check(home)
        run(home)
        self.finished(home, 7)

    @pytest.mark.parametrize("operation", ["create", "link", "sync", "sync_folder"])
    @pytest.mark.parametrize("nth", [1, 3, 5, 8, 12])
    def test_to_be_written(self, home, operation, nth):
        land(home, 7)
        lock, calls = threading.Lock(), []

        def chosen(what: str, _path: Path) -> bool:
            with lock:
                calls.append(what)
                return what == operation and calls.count(operation) == nth

        try:
            run(home, files=Failing(chosen))
        except StorageFailed:
            with open_zone(home) as zone:
                zone.recover()  # a commit may have been staged already
            check(home)
            run(home)
        self.finished(home, 7)

    def test_to_be_opened_the_one_before_is_published_first(self, home, monkeypatch):
        land(home, 6)
        self.refuse_the_second(
            monkeypatch, StorageFailed("see how much space is free", OSError(5, "Input/output error"))
        )
        told: list[int] = []
        with pytest.raises(StorageFailed):
            run(home, told=lambda batch, _: told.append(len(batch)))
        assert told == [3]
        check(home)

    def test_for_want_of_room_those_after_it_go_on(self, home, monkeypatch):
        land(home, 9)
        self.refuse_the_second(monkeypatch, DiskAlmostFull(home / "raw", 1, 2))
        outcome = run(home)
        assert outcome.full
        assert [receipt.landing_path for receipt in outcome.receipts] == [note(n) for n in (1, 2, 3, 7, 8, 9)]
        check(home)

    def test_by_an_interrupt(self, home):
        land(home, 9)

        def interrupt(batch, _outcome):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(home, told=interrupt)
        check(home)
        run(home)
        self.finished(home, 9)

    def test_nothing_is_written_any_more_once_its_folders_go(self, home):
        land(home, 6)
        calls: list[tuple[str, Path]] = []

        class Noting(WatchedFiles):
            def before(self, operation: str, path: Path) -> None:
                calls.append((operation, path))

        def slow(feed, content, capture):
            if capture.name > Path(note(3)).name:
                time.sleep(0.3)
            return judge(feed, content, capture)

        def interrupt(_batch, _outcome):
            raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            run(home, files=Noting(LocalFiles()), judging=slow, told=interrupt)
        gone = {path: n for n, (operation, path) in enumerate(calls) if operation == "remove_folder"}
        late = [path for n, (operation, path) in enumerate(calls) if n > gone.get(path.parent, len(calls))]
        assert len(gone) >= 4  # of two batches or more, each with one below raw and one below quarantine
        assert late == []

    def refuse_the_second(self, monkeypatch, error: Exception) -> None:
        """The second batch meets this error when it is begun."""
        refuse, asked = drafting.Zone.refuse_when_full, []

        def full(zone, *size, reserve):
            asked.append(1)
            if len(asked) == 2:
                raise error
            return refuse(zone, *size, reserve=reserve)

        monkeypatch.setattr(drafting.Zone, "refuse_when_full", full)

    def finished(self, home: Path, count: int) -> None:
        check(home)
        receipts = receipts_of(read_tree(home / "raw"))
        promoted = sorted(r["landing_path"] for r in receipts if r["verdict"] == "promoted")
        assert promoted == [note(n) for n in range(1, count + 1)]


def test_what_could_not_be_read_keeps_nothing_of_what_was(home):
    """It is kept until the promotion ends, and one of many may be large."""
    land(home, 2)

    class Broken:
        def read(self, landed):
            return self

        def whole(self):
            raise Unreadable("it", "input/output error") from OSError(5, "Input/output error")

        def read_sidecar(self, landed):
            return None

        def several(self):
            return nullcontext()

    with open_zone(home) as zone:
        outcome = promote(zone, look(zone).ready, judge=judge, run_id="test", source=Broken(), parallel=2)
    assert len(outcome.unreadable) == 2
    for problem in outcome.unreadable:
        assert (problem.__traceback__, problem.__cause__, problem.__context__) == (None, None, None)


def test_nothing_is_written_to_the_index_while_another_thread_looks_things_up(home):
    """SQLite refuses to begin to write on a connection on which a look-up stands open."""
    land(home, 1)
    order: list[str] = []
    with open_zone(home) as zone:
        run(home)
        with zone.index.at_rest():
            writer = threading.Thread(target=lambda: (zone.index.remember([]), order.append("written")))
            writer.start()
            writer.join(0.2)
            order.append("looked up")
        writer.join()
    assert order == ["looked up", "written"]


@given(contents=st.lists(st.sampled_from([b"a\n", b"b\n", b"bad", b"c\n" * 9, b""]), min_size=1, max_size=14))
@settings(max_examples=25, deadline=None)
def test_the_outcome_does_not_depend_on_how_many_are_drafted_at_a_time(tmp_path_factory, contents):
    ledgers = []
    for parallel in (1, 2, 5):
        home = tmp_path_factory.mktemp("zone")
        LandingFolder(home).put_all({note(number): data for number, data in enumerate(contents)})
        outcome = run(home, parallel=parallel)
        check(home)
        ledgers.append(
            [(r.landing_path, r.verdict, r.key, r.duplicate_of, r.findings) for r in outcome.receipts]
        )
    assert ledgers[0] == ledgers[1] == ledgers[2]
