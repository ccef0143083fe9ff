"""Judging: what the contract takes of a processor, feed by feed, beside hashing the same bytes.

It needs nothing but the product and a landing folder, so that it can be run on another revision of the product:
``python benchmarks/judging.py LANDING`` with that revision's folder in ``PYTHONPATH``.
"""

from __future__ import annotations

import gc
import hashlib
import json
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone


@dataclass
class Cost:
    """What a feed's deliveries took: CPU seconds of judging them, and of their SHA-256."""

    files: int = 0
    bytes: int = 0
    judging: float = 0
    hashing: float = 0


def cost_of_judging(landing: Path) -> dict[str, Cost]:
    """Each delivery of a landing folder judged once, in this process, as judges do it; by feed."""
    costs: dict[str, Cost] = {}
    with collected_seldom():
        gc.freeze()
        for feed, capture, path in _deliveries(landing):
            data = path.read_bytes()
            started = time.process_time()
            judge(feed, BytesContent(data), capture)
            judged = time.process_time()
            hashlib.sha256(data).digest()
            hashed = time.process_time()
            cost = costs.setdefault(feed.id, Cost())
            cost.files += 1
            cost.bytes += len(data)
            cost.judging += judged - started
            cost.hashing += hashed - judged
    return costs


def _deliveries(landing: Path) -> Iterator[tuple[Feed, Capture, Path]]:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings.from_environment({"RAWZONE_LANDING": str(landing)}, home=Path(home))
        with Zone(settings) as zone:
            found = sorted(zone.survey(all_platforms(), settle=0).ready, key=lambda delivery: delivery.feed_id)
    return (
        (delivery.recognized.feed, delivery.recognized.capture, landing / delivery.landed.path)
        for delivery in found
    )


def written(costs: Mapping[str, Cost]) -> str:
    return json.dumps({feed: asdict(cost) for feed, cost in costs.items()})


def read(text: str) -> dict[str, Cost]:
    return {feed: Cost(**cost) for feed, cost in json.loads(text).items()}


if __name__ == "__main__":
    sys.stdout.write(written(cost_of_judging(Path(sys.argv[1]))))
