"""A process that runs a command and dies, or stops, at a point it was told: by SIGKILL or SIGSTOP to itself.

The product has no code for this: the process hands its zone a layer of files that counts. ``serve`` forks one
process for each order it reads, so that hundreds of deaths cost one start of Python.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.zone.faulty_files import CHANGING, WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import open_zone
from rawzone_assets_tests.zone.works import EVERYTHING, WORKS, Work, recover

RECOVER = Work(name="recovery", run=recover, landed={})
_WORKS = {work.name: work for work in (*WORKS, EVERYTHING, RECOVER)}

Point = Callable[[str, Path], bool]


def _before(operation: str, *, within: str = "", starts: str = "", nth: int = 1) -> Callable[[], Point]:
    """The ``nth`` call of this operation on a path with this part and a name that starts so."""

    def fresh() -> Point:
        seen = 0

        def is_here(done: str, path: Path) -> bool:
            nonlocal seen
            fits = done == operation and (not within or within in path.parts) and path.name.startswith(starts)
            seen += fits
            return fits and seen == nth

        return is_here

    return fresh


def _before_staging_is_durable() -> Point:
    return lambda operation, path: operation == "sync_folder" and path.parts[-3:-1] == ("raw", "_staging")


# Each is reached before the call it names, so "after" one step is "before" the next.
POINTS: dict[str, Callable[[], Point]] = {
    "before anything is staged": _before("create"),
    "after a blob is staged, before its sync": _before("sync"),
    "before the commit is staged": _before("create", starts="commit-"),
    "after the commit is staged, before its sync": _before("sync", starts="commit-"),
    "after the commit is durable, before its folder is": _before_staging_is_durable,
    "before the first link": _before("link"),
    "between two links": _before("link", nth=2),
    "after the links, before their folders are durable": _before("sync_folder", starts="05"),
    "between link and claim": _before("link", within="_ledger"),
    "after the claim, before it is durable": _before("sync_folder", starts="_ledger"),
    "after the claim, before the clean-up": _before("remove", starts="commit-"),
    "in the middle of the clean-up": _before("remove", nth=3),
    "before the staging folder goes": _before("remove_folder"),
}
RECOVERY_POINTS: dict[str, Callable[[], Point]] = {
    "before the commit is written anew": _before("create", starts="commit-"),
    "after it is written anew, before its sync": _before("sync", starts="commit-"),
    "before the old one goes": _before("remove", starts="commit-"),
    "before it is claimed": _before("link", within="_ledger"),
    "after it is claimed": _before("sync_folder", starts="_ledger"),
    "in the middle of the clean-up": _before("remove", nth=3),
}


class _Halting(WatchedFiles):
    """Sends this process a signal before the call that ``is_here`` chooses, amid its writing if ``torn``."""

    def __init__(self, is_here: Point, halt: signal.Signals, *, torn: bool) -> None:
        super().__init__(LocalFiles())
        self.is_here = is_here
        self.halt = halt
        self.torn = torn
        self.tearing = False

    def before(self, operation: str, path: Path) -> None:
        if not self.is_here(operation, path):
            return
        if self.torn and operation == "create":
            self.tearing = True
        else:
            os.kill(os.getpid(), self.halt)

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        self.before("create", path)
        self.inner.create(path, self._half(blocks) if self.tearing else blocks)
        self.tearing = False

    def _half(self, blocks: Iterable[bytes]) -> Iterable[bytes]:
        for block in blocks:
            yield block[: len(block) // 2]
            os.kill(os.getpid(), self.halt)
            yield block[len(block) // 2 :]


class _Forgetful(_Halting):
    """Syncs nothing: what a test of real disks must notice."""

    def sync(self, path: Path) -> None:
        self.before("sync", path)

    def sync_folder(self, path: Path) -> None:
        self.before("sync_folder", path)


def every(step: int) -> Point:
    """Each ``step``-th change of the disk."""
    changes = 0

    def is_here(operation: str, _: Path) -> bool:
        nonlocal changes
        changes += operation in CHANGING
        return operation in CHANGING and changes % step == 0

    return is_here


def at_change(number: int) -> Point:
    changes = 0

    def is_here(operation: str, _: Path) -> bool:
        nonlocal changes
        changes += operation in CHANGING
        return operation in CHANGING and changes == number + 1

    return is_here


def run(home: Path, work: Work, files: WatchedFiles | None = None) -> None:
    """Run the command. Each acknowledgement is a line on stdout: how many commits the ledger has."""
    with open_zone(home, files=files) as zone:

        def acknowledge(*_: object) -> None:
            os.write(1, f"{len(zone.ledger.names())}\n".encode())

        work.run(zone, acknowledge)
        acknowledge()


def _die(order: dict[str, Any]) -> None:
    if "change" in order:
        point = at_change(order["change"])
    else:
        point = (RECOVERY_POINTS if order["work"] == RECOVER.name else POINTS)[order["point"]]()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    files = _Halting(point, signal.SIGKILL, torn=order.get("torn", False))
    run(Path(order["home"]), _WORKS[order["work"]], files)


def serve() -> None:
    """For each order on stdin fork a process that carries it out; the signal that ended it goes to stdout."""
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _die(json.loads(line))
            os._exit(0)
        _, status = os.waitpid(child, 0)
        print(json.dumps({"signal": os.WTERMSIG(status), "exit": os.WEXITSTATUS(status)}), flush=True)  # noqa: T201


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        serve()
    else:
        _home, _name, _step, *_forgets = sys.argv[1:]
        _layer = _Forgetful if _forgets else _Halting
        run(Path(_home), _WORKS[_name], _layer(every(int(_step)), signal.SIGSTOP, torn=True))
