"""Judging processes as their pool sees them: started, asked over two pipes, watched and ended.

What runs in such a process, and the form of what is sent, is ``judging_worker``'s; which of them is asked, and
what it means for a delivery when one dies, is ``judges``'.
"""

from __future__ import annotations

import fcntl
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

from rawzone_assets.contract.feed import Capture, Content, Feed
from rawzone_assets.zone.errors import JudgeUnavailable
from rawzone_assets.zone.judging_worker import PIPE, read_frame, write_frame
from rawzone_assets.zone.own_processes import command_of, environment_with
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.watchdogs import Watchdog

_MOST_SAID, _LONGEST_LINE = 2**16, 2**12  # bytes that a worker may say in all, and that are passed on at once
_WALL_FACTOR = 10  # a loaded machine gives a process a share of its processors only; see `Watchdog`
_SECONDS_TO_DIE = 5


@dataclass(frozen=True, kw_only=True)
class Death:
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


class Worker:
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

    def ask(self, feed: Feed, content: Content, capture: Capture, seconds: int) -> dict[str, Any] | Death:
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
        return Death(taken=taken is not None, of_time=of_time, code=code)

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
