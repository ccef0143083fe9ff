"""Platforms whose judging fails in every way a process can fail; workers of the pool under test load them.

The delivery's bytes say what happens; what they do not name is judged to be fine.
"""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rawzone_assets.contract.feed import Cadence, Capture, Content, Facts, Feed, Platform
from rawzone_assets.contract.findings import Findings, Role


def _fill_memory() -> None:
    hoard = [bytearray(2**24) for _ in range(100_000)]
    raise AssertionError(f"{len(hoard)} blocks fit")


def _write() -> None:
    Path(os.environ["RAWZONE_TEST_FILE"]).write_bytes(b"x" * 100)


def _spin() -> None:
    while True:
        pass


FAULTS: dict[str, Callable[[], None]] = {
    "killed": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "crashed": os.abort,
    "left": lambda: os._exit(3),
    "memory": _fill_memory,
    "processor": _spin,
    "asleep": lambda: time.sleep(3600),
    "printed": lambda: print("an answer that is none" * 1000),  # noqa: T201  as a library might
    "wrote": _write,
}


@dataclass(frozen=True)
class FaultyFormat:
    """Does what the delivery says."""

    kind: str = "json"

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
PLATFORM = Platform(id="faulty", title="Faulty", source_system="nowhere", timezone="UTC", feeds=(FEED,))


def platforms() -> tuple[Platform, ...]:
    return (PLATFORM,)


def none_at_all() -> tuple[Platform, ...]:
    raise RuntimeError("this installation is broken")
