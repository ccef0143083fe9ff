"""Platforms whose judging fails in every way a process can fail; workers of the pool under test load them.

The delivery's bytes say what happens; what they do not name is judged to be fine.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

from rawzone_assets.contract.feed import Cadence, Capture, Content, Facts, Feed, Platform
from rawzone_assets.contract.findings import Findings, Role


def _fill_memory() -> None:
    hoard = [bytearray(2**24) for _ in range(100_000)]
    raise AssertionError(f"{len(hoard)} blocks fit")


def _write() -> None:
    Path(os.environ["RAWZONE_TEST_FILE"]).write_bytes(b"x" * 100)


def _disk() -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO), "staged")


def _half_an_answer() -> None:
    """What a frame begins with, on the pipe that answers go to: the worker dies while it writes."""
    for descriptor in range(3, 20):
        try:
            is_pipe = stat.S_ISFIFO(os.fstat(descriptor).st_mode)
        except OSError:
            continue
        if is_pipe:
            os.write(descriptor, b"\0" * 7 + b"\x40" + b"\0" * 8 + b'{"findings": [')
    os.kill(os.getpid(), signal.SIGABRT)


def _killed_once() -> None:
    """Killed from outside, but only the first time: nothing is wrong with the delivery."""
    mark = Path(os.environ["RAWZONE_TEST_FILE"])
    if mark.exists():
        mark.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def _lack_a_library() -> None:
    raise ImportError("this installation is broken")


def _spin() -> None:
    while True:
        pass


def _work() -> None:
    """Seven tenths of a second of processor time, of one."""
    begun = time.process_time()
    while time.process_time() - begun < 0.7:
        pass


FAULTS: dict[str, Callable[[], None]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crashed": os.abort,
    "left": lambda: os._exit(3),
    "killed once": _killed_once,
    "half an answer": _half_an_answer,
    "disk": _disk,
    "memory": _fill_memory,
    "processor": _spin,
    "busy": _work,
    "asleep": lambda: time.sleep(3600),
    "printed": lambda: print("an answer that is none" * 1000),  # noqa: T201  as a library might
    "wrote": _write,
    "incomplete": _lack_a_library,
}


@dataclass(frozen=True)
class FaultyFormat:
    """Does what the delivery says."""

    kind: str = "json"
    loading: str = ""  # what happens then, as deliveries order it

    def load(self) -> None:
        FAULTS.get(self.loading, lambda: None)()

    def examine(self, _feed: Feed, content: Content, _capture: Capture, _findings: Findings) -> Facts:
        order = content.read().decode()
        if order.startswith("fault "):
            int(order)  # a mistake of ours, whose message quotes the delivery
        FAULTS.get(order, lambda: None)()
        return Facts(records=len(order))


FEED = Feed(
    id="faulty/feed",
    title="Faulty",
    description="Fails as told.",
    names=("faulty_<ts>.json",),
    format=FaultyFormat(),
    schema="toolost/spotify.v1.json",
    version=1,
    rules_version=1,
    checks=dict.fromkeys(Role, "judged"),
    cadence=Cadence(every=timedelta(days=1), lag_days=1, stale_after_days=1),
    by_month=False,
)
INCOMPLETE = replace(
    FEED, id="faulty/incomplete", names=("incomplete_<ts>.json",), format=FaultyFormat(loading="incomplete")
)
COMPILED = replace(
    FEED, id="faulty/compiled", names=("compiled_<ts>.json",), format=FaultyFormat(loading="wrote")
)
PLATFORM = Platform(
    id="faulty",
    title="Faulty",
    source_system="nowhere",
    timezone="UTC",
    feeds=(FEED, INCOMPLETE, COMPILED),
)


def platforms(*, having: str) -> tuple[Platform, ...]:
    return (PLATFORM,) if having.startswith("faulty/") else ()


def none_at_all(*, having: str) -> tuple[Platform, ...]:
    raise RuntimeError("this installation is broken")
