"""Judges: a pool of processes that judge deliveries within limits of memory, processor and time.

One delivery can at worst cost its worker: the delivery gets a finding, the pool a new worker, and the run goes
on. A ``JudgePool`` is itself a ``Judge`` and may be called from as many threads as it has workers. How a worker
is started and asked is ``judging_process``'s.
"""

from __future__ import annotations

import os
import queue
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self, TypeVar

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.zone.errors import JudgeUnavailable, StorageFailed
from rawzone_assets.zone.judge import Request
from rawzone_assets.zone.judging_process import Death, Worker
from rawzone_assets.zone.judging_worker import judgement_from_json

MEMORY = 3 * 2**30
"""Address space of a worker. pandas and Arrow reserve far more than they use; a delivery gets what is left."""

SECONDS = 60
SECONDS_PER_MEGABYTE = 0.5
"""Ten times what the slowest real delivery needs."""

_MOST_WORKERS = 4  # for one delivery: when so many die before they have it, the machine is at fault
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
        if isinstance(answer, Death):
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
    ) -> dict[str, Any] | Death:
        """What a worker says of the delivery, or how it died of it.

        Whatever ends a worker before it has the delivery, it was not this one. And what kills a worker from
        outside, as a kernel short of memory does, may have meant another process: only who dies of the same
        delivery twice died of it.
        """
        was_killed = False
        for _ in range(_MOST_WORKERS):
            answer = seat.ask(feed, content, capture, seconds)
            if not isinstance(answer, Death):
                return answer
            if answer.taken and (was_killed or not answer.from_outside):
                return answer
            was_killed = was_killed or answer.taken
        raise JudgeUnavailable(self._source)


@dataclass(kw_only=True)
class _Seat:
    """A place for one worker: who sits here is asked, and replaced when no longer fit."""

    source: str
    memory: int
    _worker: Worker | None = None

    def ask(self, feed: Feed, content: Content, capture: Capture, seconds: int) -> dict[str, Any] | Death:
        return self._asked(
            feed,
            lambda worker: worker.ask(feed, content, capture, seconds),
            lambda answer: not isinstance(answer, Death) and "findings" in answer,
        )

    def ask_all(self, requests: Sequence[tuple[Feed, Content, Capture, int]]) -> list[dict[str, Any]] | None:
        """What its worker says of each; ``None`` when not all of them can be answered."""
        first_feed = requests[0][0]
        return self._asked(
            first_feed, lambda worker: worker.ask_all(requests), lambda answers: answers is not None
        )

    def _asked(
        self, feed: Feed, ask: Callable[[Worker], _Answer], leaves_it_fit: Callable[[_Answer], bool]
    ) -> _Answer:
        worker, self._worker = self._worker or Worker(self.source, self.memory, feed.id), None
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


def _beyond_limits(feed: Feed, message: str) -> Judgement:
    findings = feed.gathering()
    findings.add(codes.BEYOND_LIMITS(message))
    return Judgement(findings=findings.result(), facts=Facts())
