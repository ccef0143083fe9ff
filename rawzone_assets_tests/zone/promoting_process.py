"""A process that promotes a landing folder over and over, for tests that let several race and kill some.

``python -m rawzone_assets_tests.zone.promoting_process HOME ROUNDS [KIND]`` says ``ready``, waits for a line
on stdin, and prints one line of JSON: the landing path, SHA-256 and verdict of each receipt it was given.
Random pauses before changes shake the order up. ``replay``, ``scrub`` and ``repair`` are other kinds.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from rawzone_assets.health.repair import repair
from rawzone_assets.health.rolling import scrub_rolling
from rawzone_assets.zone import promotion
from rawzone_assets.zone import replay as replaying
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import open_zone, promote_all
from rawzone_assets_tests.zone.works import replay


class HesitantFiles(WatchedFiles):
    def before(self, operation: str, path: Path) -> None:
        del operation, path
        if random.random() < 0.05:
            time.sleep(random.random() * 0.004)


def promote_once(zone: Zone) -> Iterable[Receipt]:
    try:
        outcome = promote_all(zone, run_id="race")
    except LandingMissing:
        return []
    outcome.raise_for_environment()
    return outcome.receipts


def replay_once(zone: Zone) -> Iterable[Receipt]:
    return replay(zone, lambda *_: None)


def scrub_once(zone: Zone) -> Iterable[Receipt]:
    scrub_rolling(zone, run_id="scrub", budget=3600, window=30, most_files=4)
    return []


def repair_once(zone: Zone) -> Iterable[Receipt]:
    repair(zone, run_id="repair")
    return []


KINDS = {"promote": promote_once, "replay": replay_once, "scrub": scrub_once, "repair": repair_once}


def main(home: Path, rounds: int, kind: str = "promote") -> None:
    promotion.MOST_FILES = replaying.MOST_FILES = 4  # many commits to race for
    made: list[tuple[str, str | None, str]] = []
    print("ready", flush=True)  # noqa: T201
    sys.stdin.readline()
    for _ in range(rounds):
        with open_zone(home, files=HesitantFiles(LocalFiles())) as zone:
            made += [(r.landing_path, r.sha256, str(r.verdict)) for r in KINDS[kind](zone)]
    print(json.dumps(made))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
