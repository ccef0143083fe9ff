"""Judging in processes of their own: what kills a worker costs one file a finding, and the pool goes on."""

from __future__ import annotations

import errno
import gzip
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import judge_faults
import pytest

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Facts, Feed, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.platforms import all_platforms, find_feed
from rawzone_assets.samples import samples
from rawzone_assets.zone import judges, judging_process, watchdogs
from rawzone_assets.zone.errors import JudgeUnavailable, StorageFailed
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.watchdogs import Watchdog
from rawzone_assets.zone.zone import Zone

FAULTS = "judge_faults:platforms"
REAL = "rawzone_assets.platforms:all_platforms"
CAPTURE = Capture(name="delivery", day=date(2025, 6, 12), captured_at=datetime(2025, 6, 12, 17, tzinfo=UTC))


@pytest.fixture
def faulty() -> Iterator[JudgePool]:
    """One worker with little memory. Its time is the product's: filling memory takes some on a busy machine."""
    with JudgePool(FAULTS, workers=1, memory=2**29) as pool:
        yield pool


@pytest.fixture
def hurried() -> Iterator[JudgePool]:
    """One worker with a second, for what never ends by itself."""
    with JudgePool(FAULTS, workers=1, seconds=1) as pool:
        yield pool


def ordered(pool: JudgePool, order: str) -> Judgement:
    return pool(judge_faults.FEED, BytesContent(order.encode()), CAPTURE)


def codes(judgement: Judgement) -> list[str]:
    return [finding.code for finding in judgement.findings]


class TestAWorkerThatDies:
    """A delivery that ends its worker is refused with one finding; the next one is judged as if nothing was."""

    @pytest.mark.parametrize(
        ("order", "said"),
        [
            ("killed", "ended its worker (signal 9)"),
            ("crashed", "ended its worker (signal 6)"),
            ("left", "ended its worker (exit code 3)"),
            ("fault 7", "ended its worker (exit code 1)"),
            ("half an answer", "ended its worker (signal 6)"),
            ("memory", "took more than 512 MiB of memory"),
        ],
    )
    def test_costs_one_file_a_finding_that_says_how(self, faulty: JudgePool, order: str, said: str):
        self.refuses(faulty, order, said)

    def test_may_have_run_out_of_processor_time(self, hurried: JudgePool):
        self.refuses(hurried, "processor", "took more than 1 seconds")

    def test_may_have_stood_still(self, hurried: JudgePool, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(judging_process, "_WALL_FACTOR", 4)
        self.refuses(hurried, "asleep", "took more than 1 seconds")

    def refuses(self, pool: JudgePool, order: str, said: str) -> None:
        assert codes(ordered(pool, "ok")) == []
        judgement = ordered(pool, order)
        assert codes(judgement) == ["RZ-BEYOND-LIMITS"]
        assert said in judgement.findings[0].message
        assert judgement.refused
        assert judgement.facts == Facts()
        assert ordered(pool, "fine").facts.records == 4

    def test_of_a_delivery_too_large_for_its_memory(self):
        """Whoever cannot even take it says so: the pool does not look for another fault."""
        with JudgePool(FAULTS, workers=1, memory=2**28) as pool:
            judgement = pool(judge_faults.FEED, BytesContent(b" " * 2**28), CAPTURE)
            assert "256 MiB of memory" in judgement.findings[0].message
            assert ordered(pool, "fine").facts.records == 4

    def test_may_be_any_number_in_a_row(self, faulty: JudgePool):
        for _ in range(3):
            assert codes(ordered(faulty, "killed")) == ["RZ-BEYOND-LIMITS"]
        assert codes(ordered(faulty, "ok")) == []

    def test_between_two_deliveries_costs_no_finding_twice(self, faulty: JudgePool):
        """A worker that someone ends while it is idle is noticed at the next delivery, at the latest."""
        ordered(faulty, "ok")
        for process in children():
            os.kill(process, signal.SIGKILL)
        assert codes(ordered(faulty, "ok")) == []

    def test_cannot_be_softened_by_a_mode(self, faulty: JudgePool):
        feed = replace(judge_faults.FEED, modes={"RZ-BEYOND-LIMITS": Mode.SHADOW})
        assert faulty(feed, BytesContent(b"killed"), CAPTURE).refused

    def test_never_says_what_the_delivery_held(self, faulty: JudgePool, capfd: pytest.CaptureFixture[str]):
        ordered(faulty, "fault c4n4ryb1rd")
        said = capfd.readouterr()
        assert "ValueError" in said.err
        assert "c4n4ryb1rd" not in said.err + said.out


class TestADeathThatIsNoFault:
    """What ends a worker while it has no delivery, or once from outside, blames none."""

    def test_again_and_again_while_idle(self, faulty: JudgePool):
        for _ in range(3):
            assert codes(ordered(faulty, "ok")) == []
            for process in children():
                os.kill(process, signal.SIGKILL)

    def test_from_outside_while_it_judges(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """A kernel short of memory takes whom it likes: the delivery is judged again before it is blamed."""
        (tmp_path / "once").touch()
        monkeypatch.setenv("RAWZONE_TEST_FILE", str(tmp_path / "once"))
        with JudgePool(FAULTS, workers=1) as pool:
            assert codes(ordered(pool, "killed once")) == []
        assert not (tmp_path / "once").exists()

    def test_of_every_worker_before_it_has_the_delivery(
        self, faulty: JudgePool, monkeypatch: pytest.MonkeyPatch
    ):
        """As when the kernel ends each new one: the environment's fault, and the pool goes on afterwards."""
        started: list[int] = []

        class Doomed(judges.Worker):
            def __init__(self, source: str, memory: int, first_feed: str) -> None:
                super().__init__(source, memory, first_feed)
                started.append(self._process.pid)
                self._process.kill()

        with monkeypatch.context() as patch:
            patch.setattr(judges, "Worker", Doomed)
            with pytest.raises(JudgeUnavailable):
                ordered(faulty, "ok")
        assert len(started) == judges._MOST_WORKERS
        assert codes(ordered(faulty, "ok")) == []

    def test_that_a_disk_is_the_reason_of(self, faulty: JudgePool):
        with pytest.raises(StorageFailed, match=r"staged.*check the disk"):
            ordered(faulty, "disk")
        assert codes(ordered(faulty, "ok")) == []

    def test_that_a_late_watchdog_would_cause(self):
        """A timer that has run out while the answer came never ends the worker of the next delivery."""
        with subprocess.Popen(["sleep", "60"]) as process:
            with Watchdog(process, 3600) as watchdog:
                pass
            watchdog.bite()
            assert process.poll() is None
            assert not watchdog.has_bitten
            with Watchdog(process, 0) as watchdog:
                process.wait()
            assert watchdog.has_bitten

    def test_that_a_watchdog_is_awake_for(self, monkeypatch: pytest.MonkeyPatch):
        """However often it looked before the time was over; afterwards it looks after nothing any more."""
        monkeypatch.setattr(watchdogs, "_PATROL", watchdogs._Patrol())
        monkeypatch.setattr(watchdogs, "_LOOK_EVERY", 0.001)
        monkeypatch.setattr(watchdogs, "_IDLE_LOOKS", 5)
        with subprocess.Popen(["sleep", "60"]) as process:
            with Watchdog(process, 0.1) as watchdog:
                assert process.wait(timeout=30) == -signal.SIGKILL
            assert watchdog.has_bitten
        with Watchdog(process, 3600):
            patrol = watchdogs._PATROL._thread
        assert patrol
        patrol.join(timeout=10)
        assert not patrol.is_alive()

    def test_of_time_that_the_delivery_before_has_used(self):
        """Processor time is counted from a delivery's own begin, and whole seconds are its own."""
        with JudgePool(FAULTS, workers=1, seconds=1) as pool:
            for _ in range(3):
                assert codes(ordered(pool, "busy")) == []


class TestAWorkerThatCannotStart:
    """A worker that dies at start is the installation's fault: an error, and no delivery gets a finding."""

    @pytest.mark.parametrize("source", ["judge_faults:none_at_all", "no_such_module:x", "judge_faults:no_such"])
    def test_is_an_error_of_the_environment(self, source: str):
        with JudgePool(source, workers=1) as pool:
            for _ in range(2):  # and the pool does not hang the second time
                with pytest.raises(JudgeUnavailable, match="doctor"):
                    ordered(pool, "ok")

    def test_is_one_that_the_system_has_no_room_for(self, monkeypatch: pytest.MonkeyPatch):
        def none_left(*_arguments: object, **_options: object) -> None:
            raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))

        with JudgePool(FAULTS, workers=1) as pool:
            with monkeypatch.context() as patch:
                patch.setattr(subprocess, "Popen", none_left)
                with pytest.raises(JudgeUnavailable):
                    ordered(pool, "ok")
            assert codes(ordered(pool, "ok")) == []

    def test_is_one_that_gets_too_little_memory(self):
        with JudgePool(REAL, workers=1, memory=2**24) as pool, pytest.raises(JudgeUnavailable):
            pool(feed_of("toolost/spotify"), BytesContent(b"{}"), CAPTURE)

    def test_or_does_not_know_the_feed(self, faulty: JudgePool):
        with pytest.raises(JudgeUnavailable, match="toolost/spotify"):
            faulty(feed_of("toolost/spotify"), BytesContent(b"{}"), CAPTURE)
        assert codes(ordered(faulty, "ok")) == []

    @pytest.mark.parametrize("after", [[], ["ok"]])
    def test_or_cannot_load_what_judges_the_feed(self, faulty: JudgePool, after: list[str]):
        """At its start or later: no delivery gets a finding because a library is missing."""
        incomplete = (judge_faults.INCOMPLETE, BytesContent(b"ok"), CAPTURE)
        for order in after:
            assert codes(ordered(faulty, order)) == []
        with pytest.raises(JudgeUnavailable):
            faulty(*incomplete)
        with pytest.raises(JudgeUnavailable):
            faulty.judge_all([(judge_faults.FEED, BytesContent(b"ok"), CAPTURE), incomplete])
        assert codes(ordered(faulty, "ok")) == []

    def test_leaves_everything_in_landing(self, tmp_path: Path):
        sample = next(s for s in samples("toolost/spotify") if s.verdict == "promoted")
        path = tmp_path / "landing" / sample.path
        path.parent.mkdir(parents=True)
        path.write_bytes(sample.data)
        with Zone(Settings.from_environment({}, home=tmp_path)) as zone, JudgePool("no_such:x") as pool:
            found = zone.survey(all_platforms(), settle=0)
            with pytest.raises(JudgeUnavailable):
                promote(zone, found.ready, judge=pool, run_id="test")
            assert zone.survey(all_platforms(), settle=0).ready == found.ready


class TestAWorker:
    """A worker is confined, and answers exactly what judging in this process would."""

    def test_runs_no_module_that_lies_in_the_current_folder(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ):
        for name in ("orjson", "stat", "jsonschema_rs"):  # whoever delivers may call a file so
            (tmp_path / f"{name}.py").write_text("raise SystemExit('run')")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", ["", *sys.path])  # as where Python was begun with -c
        sample = next(iter(samples()))
        with JudgePool(REAL, workers=1) as pool:
            feed = feed_of(sample.feed)
            pool(feed, BytesContent(sample.data), CAPTURE)

    def test_may_print_without_spoiling_its_answers(self, faulty: JudgePool):
        assert ordered(faulty, "printed").facts.records == 7

    def test_may_write_no_file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("RAWZONE_TEST_FILE", str(tmp_path / "written"))
        with JudgePool(FAULTS, workers=1) as pool:
            judgement = ordered(pool, "wrote")
        assert judgement.refused
        assert (tmp_path / "written").read_bytes() == b""

    def test_may_write_while_it_loads_its_first_feed(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
        """Else Python could not keep what it compiles, and would compile it at every start."""
        monkeypatch.setenv("RAWZONE_TEST_FILE", str(tmp_path / "written"))
        with JudgePool(FAULTS, workers=1) as pool:
            assert codes(pool(judge_faults.COMPILED, BytesContent(b"ok"), CAPTURE)) == []
        assert (tmp_path / "written").read_bytes() != b""

    def test_agrees_with_this_process_about_samples(self):
        with JudgePool(REAL, workers=1) as pool:
            for sample in samples()[::2]:
                feed, content = feed_of(sample.feed), BytesContent(sample.data)
                assert pool(feed, content, CAPTURE) == judge(feed, content, CAPTURE), sample.title

    def test_knows_modes_and_secrets_of_the_installation(self):
        feed = replace(
            feed_of("toolost/spotify"), modes={"RZ-FUTURE-DATE": Mode.SHADOW}, secrets=Secrets.QUARANTINE
        )
        data = b'{"streams": [{"date": "2025-07-10", "streams": 7}], "discovery": [{"by": "a@b.example"}]}'
        with JudgePool(REAL, workers=1) as pool:
            judgement = pool(feed, BytesContent(data), CAPTURE)
        assert judgement == judge(feed, BytesContent(data), CAPTURE)
        assert [finding.code for finding in judgement.shadow] == ["RZ-FUTURE-DATE"]
        assert "RZ-PERSONAL-DATA" in {finding.code for finding in judgement.findings if finding.blocking}

    def test_is_one_of_several_that_do_not_disturb_each_other(self):
        orders = ["ok", "killed", "fine", "left", "better", "memory", "best!"] * 2
        with (
            JudgePool(FAULTS, workers=2, memory=2**29, seconds=5) as pool,
            ThreadPoolExecutor(max_workers=4) as threads,
        ):
            answers = list(threads.map(lambda order: ordered(pool, order), orders))
        for order, answer in zip(orders, answers, strict=True):
            dies = order in {"killed", "left", "memory"}
            assert codes(answer) == (["RZ-BEYOND-LIMITS"] if dies else [])
            assert dies or answer.facts.records == len(order)


class TestSeveralAtOnce:
    """Deliveries handed over together are judged like each alone, whatever one of them does."""

    def judged(self, pool: JudgePool, orders: list[str]) -> list[Judgement]:
        return pool.judge_all([(judge_faults.FEED, BytesContent(order.encode()), CAPTURE) for order in orders])

    def test_get_their_answers_in_order(self, faulty: JudgePool):
        answers = self.judged(faulty, ["ok", "fine", "better", "best!!!"])
        assert [answer.facts.records for answer in answers] == [2, 4, 6, 7]

    def test_are_asked_of_a_worker_once(self, faulty: JudgePool, monkeypatch: pytest.MonkeyPatch):
        sent: list[int] = []
        write = judging_process.write_frame
        monkeypatch.setattr(judging_process, "write_frame", lambda *frame: (sent.append(1), write(*frame)))
        self.judged(faulty, ["ok"] * 50)
        assert len(sent) == 1

    @pytest.mark.parametrize("order", ["killed", "crashed", "left", "fault 7", "half an answer", "memory"])
    def test_blame_only_the_one_that_ends_the_worker(self, faulty: JudgePool, order: str):
        answers = self.judged(faulty, ["ok", order, "fine"])
        assert [codes(answer) for answer in answers] == [[], ["RZ-BEYOND-LIMITS"], []]
        assert [answers[0].facts.records, answers[2].facts.records] == [2, 4]

    def test_blame_only_the_one_that_never_ends(self, hurried: JudgePool):
        answers = self.judged(hurried, ["ok", "processor", "fine"])
        assert [codes(answer) for answer in answers] == [[], ["RZ-BEYOND-LIMITS"], []]

    def test_each_have_their_own_processor_time(self):
        with JudgePool(FAULTS, workers=1, seconds=1) as pool:
            assert [codes(answer) for answer in self.judged(pool, ["busy"] * 3)] == [[]] * 3

    def test_blame_none_when_the_disk_fails(self, faulty: JudgePool):
        with pytest.raises(StorageFailed, match=r"staged.*check the disk"):
            self.judged(faulty, ["ok", "disk"])
        assert codes(ordered(faulty, "ok")) == []

    def test_may_lie_staged_among_others(self, tmp_path: Path):
        """A large one is read from where it is staged, and its bytes are not among those sent."""
        sample = next(s for s in samples("toolost/spotify") if s.verdict == "promoted")
        feed, held = feed_of("toolost/spotify"), BytesContent(sample.data)
        path = tmp_path / "staged"
        path.write_bytes(gzip.compress(sample.data))
        staged = StagedContent(files=LocalFiles(), path=path, encoding="gzip", size=held.size)
        broken = BytesContent(b'{"streams": ')
        with JudgePool(REAL, workers=1) as pool:
            answers = pool.judge_all([(feed, content, CAPTURE) for content in (held, staged, broken, held)])
        alone = [judge(feed, content, CAPTURE) for content in (held, broken)]
        assert answers == [alone[0], alone[0], alone[1], alone[0]]

    def test_agree_with_this_process_about_samples(self):
        requests = [(feed_of(s.feed), BytesContent(s.data), CAPTURE) for s in samples()[1::2]]
        with JudgePool(REAL, workers=1) as pool:
            assert pool.judge_all(requests) == [judge(*request) for request in requests]


def bombs() -> dict[str, tuple[str, bytes]]:
    """Hostile deliveries, by what is hostile about them: the feed, and the bytes."""
    row = b"2025-05-27\t2025-04\tSpotify\tArtist\tTitle\t\t195000000000\t1\t100\tSong\tUS\t0\t0.00000001\r"
    header = next(s for s in samples("distrokid/sales") if s.verdict == "promoted").data.split(b"\r")[0] + b"\r"
    page = next(s for s in samples("distrokid/streams") if s.verdict == "promoted").data
    json, tsv, html = "toolost/spotify", "distrokid/sales", "distrokid/streams"
    return {
        "100,000 levels": (json, b"[" * 100_000 + b"]" * 100_000),
        "100,000 levels of objects": (json, b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        "NaN": (json, b'{"streams": [{"date": "2025-06-10", "streams": NaN}]}'),
        "a number of 10 MB": (json, b'{"streams": ' + b"9" * 10_000_000 + b"}"),
        "lone surrogates": (json, b'{"streams": "\\ud800"}'),
        "UTF-16": (json, '{"streams": []}'.encode("utf-16")),
        "UTF-32": (json, '{"streams": []}'.encode("utf-32")),
        "a byte order mark and nothing": (json, b"\xef\xbb\xbf"),
        "NUL bytes": (json, b"\0" * 1_000_000),
        "a string of 10 MB": (json, b'{"streams": "' + b"x" * 10_000_000 + b'"}'),
        "a string without end": (json, b'{"streams": "' + b"x" * 10_000_000),
        "a gzip bomb under .json": (json, gzip.compress(b"0" * 50_000_000)),
        "a million empty lists": (json, b"[" + b"[]," * 990_000 + b"[]]"),
        "a million members of one name": (json, b"{" + b'"a":1,' * 990_000 + b'"a":1}'),
        "many errors": (json, b'{"streams":[' + b"7," * 200_000 + b"7]}"),
        "a cell of 10 MB": (tsv, header + row.replace(b"Artist", b"x" * 10_000_000)),
        "a line without end": (tsv, header + b"x" * 10_000_000),
        "a million columns": (tsv, b"\t".join([b"a"] * 1_000_000) + b"\r"),
        "NUL bytes in a cell": (tsv, header + row.replace(b"Artist", b"\0" * 100)),
        "UTF-16 of a table": (tsv, (header + row).decode().encode("utf-16")),
        "an unclosed quote in a header": (tsv, b'"' + header + row),
        "a million nested tags": (html, b"<html>" + b"<div>" * 1_000_000 + b"</html>"),
        "a hundred thousand nested tags": (html, b"<html>" + b"<div>" * 100_000 + b"</html>"),
        "a tag without end": (html, b"<html><div " + b"a" * 5_000_000 + b"></html>"),
        "comments left open": (html, b"<html>" + b"<!--" * 100_000 + b"</html>"),
        "a million entities": (html, b"<html>" + b"&amp;" * 1_000_000 + b"</html>"),
        "many charts": (
            html, page.replace(b"</body>", b"<script>" + b'makeChart("a"' * 90_000 + b"</script></body>")
        ),
        "chart data of 100,000 levels": (
            html,
            b'<html><script>AmCharts.makeChart("trend365day", {"dataProvider": '
            + b"[" * 100_000 + b"]" * 100_000 + b"})</script></html>",
        ),
    }  # fmt: skip


BOMBS = bombs()


@pytest.fixture(scope="module")
def pool() -> Iterator[JudgePool]:
    with JudgePool(REAL, workers=2) as pool:
        yield pool


@pytest.mark.parametrize("name", BOMBS)
def test_hostile_content_is_decided_within_the_limits(pool: JudgePool, name: str):
    """Whatever it holds: a verdict with a code, within the time and memory that the product itself grants."""
    feed_id, data = BOMBS[name]
    judgement = pool(feed_of(feed_id), BytesContent(data), CAPTURE)
    if name != "many charts":  # the real ones are among them
        assert judgement.refused
    assert all(len(finding.message) < 300 for finding in judgement.findings)
    assert pool(feed_of("toolost/spotify"), BytesContent(b"{"), CAPTURE).refused


def test_charts_behind_a_million_slashes_are_read_in_one_pass(pool: JudgePool):
    """Whether a place stands in a comment is asked two thousand times of one line of 2 MB."""
    call = b'AmCharts.makeChart("trend365day",{' + b'"dataProvider":[{}],' * 20 + b"});"
    page = b"<html><script>" + b"a//" * 700_000 + call * 100 + b"</script></html>"
    assert "RZ-MISSING-FIELD" in codes(pool(feed_of("distrokid/streams"), BytesContent(page), CAPTURE))


def feed_of(feed_id: str) -> Feed:
    feed = find_feed(feed_id)
    assert feed
    return feed


def children() -> list[int]:
    """The processes that this one has started and that judge."""
    listed = subprocess.run(
        ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(os.getpid())],
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    found = [int(line.split()[0]) for line in listed.splitlines() if "judging_worker" in line]
    assert found
    return found
