"""Promotions by real processes, and processes that write for them, of which one is struck.

Forks the promotions of each order it reads, so that hundreds of strikes cost one start of Python, and answers
how each ended. What ``strikes`` says of orders, and: ``home``, how many promote ``at_once``, how many
``descriptors`` and writing ``processes`` each may have, and the ``mutant`` of ``broken_writers`` that it is.
"""

from __future__ import annotations

import errno
import itertools
import json
import os
import resource
import sys
import traceback
from pathlib import Path
from typing import Any

from rawzone_assets.zone import promotion, writing
from rawzone_assets.zone.errors import ZoneError
from rawzone_assets.zone.own_processes import command_of
from rawzone_assets_tests.zone import strikes
from rawzone_assets_tests.zone.broken_writers import BROKEN
from rawzone_assets_tests.zone.strikes import PROMOTING, Strike, tell
from rawzone_assets_tests.zone.tiny_platform import open_zone, promote_all

FINE, FAILED, RAISED = 0, 2, 3
MOST_FILES = 96  # of a batch: several of them


def promote_struck(order: dict[str, Any]) -> int:
    """Promote as ``rawzone promote`` does; the exit code, and ``told`` has the sentence that its user reads."""
    told = order["told"]

    class Told(writing._Writer):
        def __init__(self) -> None:
            if next(granted) >= order.get("processes", 99):
                raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")
            super().__init__()
            tell(told, writer=self._process.pid)

    granted = itertools.count()
    strike = Strike(order, PROMOTING)
    strikes.strike_the_disk(strike)
    strikes.strike_the_request(strike)
    writing.command_of = lambda _: command_of(strikes.__name__, json.dumps(order))
    writing._Writer = Told
    promotion.MOST_FILES = MOST_FILES
    if "mutant" in order:
        BROKEN[order["mutant"]].in_promotion()
    if "descriptors" in order:
        resource.setrlimit(resource.RLIMIT_NOFILE, (order["descriptors"],) * 2)
    tell(told, promoting=os.getpid())
    try:
        with open_zone(Path(order["home"])) as zone:
            outcome = promote_all(
                zone, parallel=2, progress=lambda *_: tell(told, commits=len(zone.ledger.names()))
            )
            outcome.raise_for_environment()
            tell(told, commits=len(zone.ledger.names()))
    except ZoneError as error:
        tell(told, said=str(error))
        return FAILED
    except BaseException:  # noqa: BLE001  whatever its user would see instead of a sentence
        tell(told, raised=traceback.format_exc())
        return RAISED
    return FINE


def _serve() -> None:
    for line in sys.stdin:
        order, children = json.loads(line), []
        for _ in range(order.get("at_once", 1)):
            children.append(os.fork())
            if children[-1] == 0:
                os.setsid()  # in this session, its death would make the kernel end its writers that stand still
                os._exit(promote_struck(order))
        ended = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
        print(json.dumps(ended), flush=True)  # noqa: T201


if __name__ == "__main__":
    _serve()
