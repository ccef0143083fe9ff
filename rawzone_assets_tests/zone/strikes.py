"""Strikes: one call of a real process fails, or ends it, or stops it. And a writer's program that is struck.

The zone's disk layer and the writers' program reach the system through the module ``os``; here another stands
in its place, which draws a token from a pipe before each call that is meant. All processes of a promotion draw
from the same pipe, so whoever draws the marked one made the n-th call of them all.

    python -m rawzone_assets_tests.zone.strikes ORDER

writes as ``writing_worker`` does. An order is JSON: the ``role`` that is struck (``promoting`` or ``writing``,
both without one), its ``calls``, ``how``, and the paths of the ``tokens`` and of what all have ``told``.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import sys
from collections.abc import Iterator
from functools import cache
from typing import Any, BinaryIO

from rawzone_assets.zone import local_files, writing_worker

PROMOTING, WRITING = "promoting", "writing"
TOKEN, MARKED = b".", b"X"

_NAMED = {
    "write": "write",
    "fsync": "sync",
    "link": "link",
    "mkdir": "make folder",
    "unlink": "remove",
    "rmdir": "remove folder",
}
# What one process says to the other is no call of the disk layer, but a place to die at.
REQUEST, ASKED, ANSWER = "request", "asked", "answer"


class Strike:
    """Comes before the marked call of one of the processes."""

    def __init__(self, order: dict[str, Any], role: str) -> None:
        self._order = order
        self._role = role
        is_struck = order.get("role", role) == role
        self._calls = set(order["calls"]) if is_struck else set[str]()
        self._tokens = os.open(order["tokens"], os.O_RDONLY | os.O_NONBLOCK)

    def before(self, call: str, *arguments: Any) -> None:
        """Raises ``OSError`` when the call shall fail."""
        if "count" in self._order:
            tell(self._order["count"], role=self._role, call=call)
        if call not in self._calls:
            return
        try:
            token = os.read(self._tokens, 1)
        except BlockingIOError:  # it has struck already
            return
        if token == MARKED:
            self._do(self._order["how"], *arguments)

    def _do(self, how: str, *arguments: Any) -> None:
        if how == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "tear":  # half of it is written
            descriptor, data = arguments
            os.write(descriptor, data[: len(data) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        elif how == "stop":
            tell(self._order["told"], stopped=os.getpid())
            os.kill(os.getpid(), signal.SIGSTOP)
        elif how == "stop all":
            tell(self._order["told"], stops=os.getpid())
            os.killpg(0, signal.SIGSTOP)
        elif how == "occupy":  # the name is taken, and by an object of the zone
            path, folder = arguments
            os.link(self._order["object"], path, dst_dir_fd=folder)
        else:
            number = getattr(errno, how)
            paths = [one for one in arguments if isinstance(one, str | os.PathLike)]
            raise OSError(number, os.strerror(number), *paths[:1])


class StruckOs:
    """Stands in for the module ``os``."""

    def __init__(self, strike: Strike) -> None:
        self._strike = strike

    def __getattr__(self, name: str) -> Any:
        call = getattr(os, name)
        if name not in _NAMED:
            return call

        def struck(*arguments: Any, **named: Any) -> Any:
            self._strike.before(_NAMED[name], *arguments)
            return call(*arguments, **named)

        return struck

    def open(self, path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        if flags & os.O_EXCL:
            self._strike.before("create", path, dir_fd)
        return os.open(path, flags, mode, dir_fd=dir_fd)

    def close(self, descriptor: int) -> None:
        try:
            self._strike.before("close")
        finally:  # Linux lets go of it even where it says that closing failed
            os.close(descriptor)


def strike_the_disk(strike: Strike) -> None:
    """Let the strike come before the calls that this process makes to its disk."""
    local_files.os = writing_worker.os = StruckOs(strike)


def strike_the_request(strike: Strike) -> None:
    """Let it come between the pieces of what a writer is told."""
    request_for = writing_worker.request_for

    def struck(*told: Any) -> Iterator[bytes]:
        for piece in request_for(*told):
            strike.before(REQUEST)
            yield piece

    writing_worker.request_for = struck


@cache
def _opened(path: str) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)


def tell(path: str, **what: Any) -> None:
    """Add a line, whole even if others add theirs."""
    os.write(_opened(path), json.dumps(what).encode() + b"\n")


def _write_struck(order: dict[str, Any]) -> None:
    strike, write = Strike(order, WRITING), writing_worker._write

    def struck(requests: BinaryIO, line: bytes) -> None:
        strike.before(ASKED)
        write(requests, line)
        strike.before(ANSWER)

    strike_the_disk(strike)
    writing_worker._write = struck
    if "mutant" in order:
        from rawzone_assets_tests.zone.broken_writers import BROKEN  # noqa: PLC0415  it takes long

        BROKEN[order["mutant"]].in_writers()
    writing_worker.main()


if __name__ == "__main__":
    _write_struck(json.loads(sys.argv[1]))
