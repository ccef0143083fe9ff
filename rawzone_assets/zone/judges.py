"""Judges: worker processes that judge deliveries within limits of memory, processor and time.

One delivery can at worst cost its worker: the delivery gets a finding, the pool a new worker, and the run goes
on. A ``JudgePool`` is itself a ``Judge`` and may be called from as many threads as it has workers.
"""

from __future__ import annotations

import os
import queue
import subprocess
import sys
import threading
from types import TracebackType
from typing import IO, Any, Self

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Content, Facts, Feed, Judgement
from rawzone_assets.zone.errors import JudgeUnavailable
from rawzone_assets.zone.judging_worker import judgement_from_json, read_frame, write_frame
from rawzone_assets.zone.staged_content import StagedContent

MEMORY = 3 * 2**30
"""Address space of a worker. pandas and Arrow reserve far more than they use; a delivery gets what is left."""

SECONDS = 60
SECONDS_PER_MEGABYTE = 0.5
"""Ten times what the slowest real delivery needs."""

_NOT_TAKEN: dict[str, Any] = {}
_MOST_SAID, _LONGEST_LINE = 2**16, 2**12
_WALL_FACTOR = 4  # a loaded machine gives a process a share of its processors only


class JudgePool:
    """Workers that know the platforms of ``source`` (``module:function``), started when first needed."""

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
        self._idle: queue.SimpleQueue[_Worker | None] = queue.SimpleQueue()
        for _ in range(self.workers):
            self._idle.put(None)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End all idle workers."""
        for _ in range(self.workers):
            worker = self._idle.get()
            if worker:
                worker.end()
            self._idle.put(None)

    def __call__(self, feed: Feed, content: Content, capture: Capture) -> Judgement:
        """Judge one delivery; a worker that dies or runs out of its limits is a finding."""
        seconds = int(self._seconds + SECONDS_PER_MEGABYTE * content.size / 2**20)
        worker, alive = self._idle.get(), False
        try:
            answer = worker.ask(feed, content, capture, seconds) if worker else _NOT_TAKEN
            if answer is _NOT_TAKEN:
                # Whatever ended a worker while it was idle, it was not this delivery.
                if worker:
                    worker.end()
                    worker = None
                worker = _Worker(self._source, self._memory)
                answer = worker.ask(feed, content, capture, seconds)
            alive = answer is not None and "findings" in answer
        finally:
            if worker and not alive:
                worker.end()
            self._idle.put(worker if alive else None)
        if answer is None or answer is _NOT_TAKEN:
            return _beyond_limits(feed, f"judging it took more than {seconds} seconds, or ended its worker")
        if "out_of_memory" in answer:
            return _beyond_limits(feed, f"judging it took more than {self._memory // 2**20} MiB of memory")
        return judgement_from_json(answer)


class _Worker:
    """One worker process and its two pipes."""

    def __init__(self, source: str, memory: int) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rawzone_assets.zone.judging_worker", source, str(memory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            # Not our own: it may be a file, and a worker may write to no file, not even a warning.
            stderr=subprocess.PIPE,
            # Threads of numeric libraries each reserve address space, and there is a worker per core already.
            env={**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "ARROW_NUM_THREADS": "1"},
        )

        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        stderr = self._process.stderr
        if self._stdin is None or self._stdout is None or stderr is None:
            raise RuntimeError("the worker was started without pipes")
        self._relay = threading.Thread(target=_relay, args=(stderr,), daemon=True)
        self._relay.start()
        # A worker that cannot even start is the installation's fault and must not cost any delivery a finding.
        ready = read_frame(self._stdout)
        self._feeds = frozenset(ready[0]["feeds"]) if ready else frozenset()
        if not self._feeds:
            self.end()
            raise JudgeUnavailable(source)

    def ask(self, feed: Feed, content: Content, capture: Capture, seconds: int) -> dict[str, Any] | None:
        """The worker's answer, or ``None`` when it died of the delivery or had to be ended.

        ``_NOT_TAKEN`` when it died before it had the delivery.
        """
        if feed.id not in self._feeds or self._stdin is None or self._stdout is None:
            raise JudgeUnavailable(feed.id)
        staged = isinstance(content, StagedContent)
        header = {
            "feed": feed.id,
            "name": capture.name,
            "day": capture.day.isoformat(),
            "captured_at": capture.captured_at.isoformat(),
            "size": content.size,
            "seconds": seconds,
            # A feed as its platform declares it is known to the worker; what a policy changed is not.
            "modes": dict(feed.modes),
            "secrets": feed.secrets,
            "path": str(content.path) if isinstance(content, StagedContent) else None,
            "encoding": content.encoding if isinstance(content, StagedContent) else None,
        }
        watchdog = threading.Timer(seconds * _WALL_FACTOR, self._process.kill)
        watchdog.daemon = True
        watchdog.start()
        try:
            write_frame(self._stdin, header, b"" if staged else content.read())
            if read_frame(self._stdout) is None:
                return _NOT_TAKEN
            frame = read_frame(self._stdout)
        except BrokenPipeError:
            return _NOT_TAKEN
        finally:
            watchdog.cancel()
        return frame[0] if frame else None

    def end(self) -> None:
        """Stop the process and close its pipes."""
        self._process.kill()
        self._process.wait()
        self._relay.join()
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            if pipe:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue  # what was not delivered is not wanted any more


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
