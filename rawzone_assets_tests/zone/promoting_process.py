"""A process that promotes a landing folder over and over, for tests that let several race and kill some.

``python -m rawzone_assets_tests.zone.promoting_process HOME ROUNDS`` prints one line of JSON: the landing path,
SHA-256 and verdict of each receipt it was given. Random pauses before changes of the disk shake the order up.
"""

from __future__ import annotations

import json
import random
import sys
import time
from pathlib import Path

from rawzone_assets.zone import promotion
from rawzone_assets.zone.errors import LandingMissing
from rawzone_assets.zone.files import LocalFiles
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.tiny_platform import open_zone, promote_all


class HesitantFiles(WatchedFiles):
    def before(self, operation: str, path: Path) -> None:
        del operation, path
        if random.random() < 0.05:
            time.sleep(random.random() * 0.004)


def main(home: Path, rounds: int) -> None:
    promotion.MOST_FILES = 4  # many commits to race for
    made: list[tuple[str, str | None, str]] = []
    for _ in range(rounds):
        with open_zone(home, files=HesitantFiles(LocalFiles())) as zone:
            try:
                outcome = promote_all(zone, run_id="race")
            except LandingMissing:
                continue
            outcome.raise_for_environment()
            made += [(r.landing_path, r.sha256, str(r.verdict)) for r in outcome.receipts]
    print(json.dumps(made))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
