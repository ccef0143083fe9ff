"""Judges: worker processes that judge deliveries within limits of memory, processor and time.

One delivery can at worst cost its worker: the delivery gets a finding, the pool a new worker, and the run goes
on. A ``JudgePool`` is itself a ``Judge`` and may be called from as many threads as it has workers.
"""

from __future__ import annotations

import fcntl
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import TracebackType
from typing import IO, Any, Self, TypeVar

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.zone.errors import JudgeUnavailable, StorageFailed
from rawzone_assets.zone.judge import Request
from rawzone_assets.zone.judging_worker import PIPE, judgement_from_json, read_frame, write_frame
from rawzone_assets.zone.own_processes import command_of, environment_with
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.watchdogs import Watchdog

MEMORY = 3 * 2**30
"""Address space of a worker. pandas and Arrow reserve far more than they use; a delivery gets what is left."""

SECONDS = 60
SECONDS_PER_MEGABYTE = 0.5
"""Ten times what the slowest real delivery needs."""

_MOST_SAID, _LONGEST_LINE = 2**16, 2**12
_WALL_FACTOR = 10  # a loaded machine gives a process a share of its processors only; see `Watchdog`
_MOST_WORKERS = 4  # for one delivery: when so many die before they have it, the machine is at fault
_SECONDS_TO_DIE = 5
_Answer = TypeVar("_Answer")


class JudgePool:
    """Workers that know the platforms of ``source``, started when first needed.

    That is the ``module:function`` which gives those ``having`` a feed: workers load what they judge.
    """

    def __init__(
        self,
        source: str,
        *,
        workers: int | None = None,
        memory: int = MEMORY,
        seconds: float = SECONDS,
    ) -> None:
        self.workers = workers or os.cpu_count() or 1
        self._source = source
        self._memory = memory
        self._seconds = seconds
        self._seats: queue.SimpleQueue[_Seat] = queue.SimpleQueue()
        for _ in range(self.workers):
            self._seats.put(_Seat(source=source, memory=memory))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all idle workers."""
        for _ in range(self.workers):
            seat = self._seats.get()
            seat.clear()
            self._seats.put(seat)

    def __call__(self, feed: Feed, content: Content, capture: Capture) -> Judgement:
        """Judge one delivery; a worker that dies of it or runs out of its limits is a finding.

        Raises:
            JudgeUnavailable: No worker can be had, or none lives until it has the delivery.
            StorageFailed: The worker cannot read what is staged.
        """
        seconds = self._limit(content)
        seat = self._seats.get()
        try:
            answer = self._answer(seat, feed, content, capture, seconds)
        finally:
            self._seats.put(seat)
        if isinstance(answer, _Death):
            limit = (
                f"took more than {seconds} seconds" if answer.of_time else f"ended its worker ({answer.how})"
            )
            return _beyond_limits(feed, f"judging it {limit}")
        if "out_of_memory" in answer:
            return _beyond_limits(feed, f"judging it took more than {self._memory // 2**20} MiB of memory")
        if "unreadable" in answer:
            raise StorageFailed("read what is staged for judging", OSError(*answer["unreadable"]))
        return judgement_from_json(answer)

    def judge_all(self, requests: Sequence[Request]) -> list[Judgement]:
        """Judge several deliveries by one worker, asked once; that wakes it once.

        Whatever goes wrong, they are judged once more one by one, which tells of which delivery it is.

        Raises:
            JudgeUnavailable: No worker can be had, or none lives until it has a delivery.
            StorageFailed: The worker cannot read what is staged.
        """
        if len(requests) > 1:
            seat = self._seats.get()
            try:
                answers = seat.ask_all([(*request, self._limit(request[1])) for request in requests])
            finally:
                self._seats.put(seat)
            if answers is not None:
                return [judgement_from_json(answer) for answer in answers]
        return [self(*request) for request in requests]

    def _limit(self, content: Content) -> int:
        """Seconds of processor time that judging it may take."""
        return int(self._seconds + SECONDS_PER_MEGABYTE * content.size / 2**20)

    def _answer(
        self, seat: _Seat, feed: Feed, content: Content, capture: Capture, seconds: int
    ) -> dict[str, Any] | _Death:
        """What a worker says of the delivery, or how it died of it.

        Whatever ends a worker before it has the delivery, it was not this one. And what kills a worker from
        outside, as a kernel short of memory does, may have meant another process: only who dies of the same
        delivery twice died of it.
        """
        was_killed = False
        for _ in range(_MOST_WORKERS):
            answer = seat.ask(feed, content, capture, seconds)
            if not isinstance(answer, _Death):
                return answer
            if answer.taken and (was_killed or not answer.from_outside):
                return answer
            was_killed = was_killed or answer.taken
        raise JudgeUnavailable(self._source)


@dataclass(frozen=True, kw_only=True)
class _Death:
    """How a worker ended that gave no answer."""

    taken: bool  # it had the delivery
    of_time: bool
    code: int | None  # as ``Popen.returncode``

    @property
    def from_outside(self) -> bool:
        return self.code == -signal.SIGKILL and not self.of_time

    @property
    def how(self) -> str:
        if self.code is None:
            return "it closed its pipes"
        return f"exit code {self.code}" if self.code >= 0 else f"signal {-self.code}"


@dataclass(kw_only=True)
class _Seat:
    """A place for one worker: who sits here is asked, and replaced when no longer fit."""

    source: str
    memory: int
    _worker: _Worker | None = None

    def ask(self, feed: Feed, content: Content, capture: Capture, seconds: int) -> dict[str, Any] | _Death:
        return self._asked(
            feed,
            lambda worker: worker.ask(feed, content, capture, seconds),
            lambda answer: not isinstance(answer, _Death) and "findings" in answer,
        )

    def ask_all(self, requests: Sequence[tuple[Feed, Content, Capture, int]]) -> list[dict[str, Any]] | None:
        """What its worker says of each; ``None`` when not all of them can be answered."""
        first_feed = requests[0][0]
        return self._asked(
            first_feed, lambda worker: worker.ask_all(requests), lambda answers: answers is not None
        )

    def _asked(
        self, feed: Feed, ask: Callable[[_Worker], _Answer], leaves_it_fit: Callable[[_Answer], bool]
    ) -> _Answer:
        worker, self._worker = self._worker or _Worker(self.source, self.memory, feed.id), None
        try:
            answer = ask(worker)
            if leaves_it_fit(answer):
                self._worker = worker
        finally:
            if self._worker is None:
                worker.end()
        return answer

    def clear(self) -> None:
        if self._worker:
            self._worker.end()
        self._worker = None


class _Worker:
    """One worker process and its two pipes."""

    def __init__(self, source: str, memory: int, first_feed: str) -> None:
        try:
            self._process = subprocess.Popen(
                command_of("rawzone_assets.zone.judging_worker", source, str(memory), first_feed),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # Not our own: it may be a file, and a worker may write to no file, not even a warning.
                stderr=subprocess.PIPE,
                bufsize=PIPE,
                # Threads of numeric libraries each reserve address space; there is a worker per core already.
                env=environment_with(
                    {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"}
                ),
            )
        except OSError as error:  # no memory, processes or descriptors left for another one
            raise JudgeUnavailable(source) from error
        stdin, stdout, stderr = self._process.stdin, self._process.stdout, self._process.stderr
        if stdin is None or stdout is None or stderr is None:
            raise RuntimeError("the worker was started without pipes")
        self._stdin, self._stdout = stdin, stdout
        with suppress(OSError):  # more than this user may have: then a delivery takes more turns
            fcntl.fcntl(stdin, fcntl.F_SETPIPE_SZ, PIPE)
        self._relay = threading.Thread(target=_relay, args=(stderr,), daemon=True)
        self._relay.start()
        # A worker that cannot even start is the installation's fault and must not cost any delivery a finding.
        if read_frame(self._stdout) is None:
            self.end()
            raise JudgeUnavailable(source)

    def ask(self, feed: Feed, content: Content, capture: Capture, seconds: int) -> dict[str, Any] | _Death:
        """The worker's answer, or how it died.

        Raises:
            JudgeUnavailable: It does not know the feed.
        """
        header, body = self._request(feed, content, capture, seconds)
        with Watchdog(self._process, seconds * _WALL_FACTOR) as watchdog:
            self._send(header, [body])
            taken = read_frame(self._stdout)
            if taken and "unknown" in taken:
                raise JudgeUnavailable(taken["unknown"])
            answer = read_frame(self._stdout) if taken else None
        if answer:
            return answer
        code = self._code()
        of_time = watchdog.has_bitten or code == -signal.SIGXCPU
        return _Death(taken=taken is not None, of_time=of_time, code=code)

    def ask_all(self, requests: Sequence[tuple[Feed, Content, Capture, int]]) -> list[dict[str, Any]] | None:
        """The worker's answers; ``None`` when it died or not all of them are judgements."""
        headers, bodies = zip(*(self._request(*request) for request in requests), strict=True)
        # As for one: whoever stands still is noticed as soon, and who only has much to do is asked one by one.
        seconds = max(header["seconds"] for header in headers)
        with Watchdog(self._process, seconds * _WALL_FACTOR):
            self._send({"all": headers}, bodies)
            answer = read_frame(self._stdout) or {}
        answers: list[dict[str, Any]] = answer.get("answers", [])
        return answers if answers and all("findings" in answer for answer in answers) else None

    def _request(
        self, feed: Feed, content: Content, capture: Capture, seconds: int
    ) -> tuple[dict[str, Any], bytes]:
        """What the worker is sent of a delivery. Staged bytes it reads itself."""
        staged = content if isinstance(content, StagedContent) else None
        body = b"" if staged else content.read()
        header = {
            "feed": feed.id,
            "name": capture.name,
            "day": capture.day,
            "captured_at": capture.captured_at,
            "size": staged.size if staged else len(body),
            "seconds": seconds,
            # A feed as its platform declares it is known to the worker; what a policy changed is not.
            "modes": dict(feed.modes),
            "secrets": feed.secrets,
            "path": str(staged.path) if staged else None,
            "encoding": staged.encoding if staged else None,
        }
        return header, body

    def _send(self, header: dict[str, Any], bodies: Sequence[bytes]) -> None:
        with suppress(BrokenPipeError):  # what it said before it died is still to be read
            write_frame(self._stdin, header, bodies)

    def _code(self) -> int | None:
        """How the process ended, whose pipes are closed already."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(_SECONDS_TO_DIE)
        return None

    def end(self) -> None:
        """Stop the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._relay.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                with suppress(BrokenPipeError):  # what was not delivered is not wanted any more
                    pipe.close()


def _relay(said: IO[bytes]) -> None:
    """Pass on what a worker says, up to a limit: content could make a library say a lot."""
    passed_on = 0
    for line in iter(lambda: said.readline(_LONGEST_LINE), b""):
        passed_on += len(line)
        if passed_on <= _MOST_SAID:
            sys.stderr.write(line.decode(errors="backslashreplace"))


def _beyond_limits(feed: Feed, message: str) -> Judgement:
    findings = feed.gathering()
    findings.add(codes.BEYOND_LIMITS(message))
    return Judgement(findings=findings.result(), facts=Facts())
