"""Ledgers as they are after years, written without promoting anything: real commits of real receipts.

Each receipt is that of a sample which was really judged, under another name, day and content. The first half of
the receipts came as an import of history does, in large batches of feeds and days in no order; the second half
as daily deliveries do, in small commits day by day. No object stands behind them: what is measured on such a
ledger is what a zone asks of its past.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.ledger import EMPTY, Author, Head, decode_commit, encode_commit
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import Verdict, timestamp
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

LAST = date(2025, 12, 31)
A_DAY = 17
"""Files of a feed a day: a million receipts of sixteen feeds are ten years."""

_IMPORTED = 250  # receipts of a commit, while history is imported
_MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)
_STAMP = re.compile(r"\d{8}_\d{6}")
_SAMPLED = date(2025, 6, 9)  # a Monday: weekly deliveries come on it


@dataclass(frozen=True, kw_only=True)
class History:
    """What a written ledger holds."""

    head: Head
    receipts: int
    feeds: tuple[str, ...]
    first: date
    last: date


def write_ledger(folder: Path, receipts: int, *, seed: int = 7) -> History:
    """Write at least so many receipts (whole days of every feed) as the commits of a new ledger."""
    folder.mkdir(parents=True)
    patterns = _patterns(seed)
    days = -(-receipts // (A_DAY * len(patterns)))
    first = LAST - timedelta(days=days - 1)
    head, written = EMPTY, 0
    author = Author(run_id="history", writer="benchmarks", code_version="1")
    for number, batch in enumerate(_batches(patterns, first, days, Random(seed))):
        at = _MADE_AT + timedelta(seconds=number)
        records = [pattern.record(day, place, at) for pattern, day, place in batch]
        data = encode_commit(records, after=head, at=at, author=author)
        head = decode_commit(data).head
        _write(folder / f"{head.seq:020d}.jsonl", data)
        written += len(records)
    return History(
        head=head,
        receipts=written,
        feeds=tuple(pattern.feed for pattern in patterns),
        first=first,
        last=LAST,
    )


@dataclass(frozen=True, kw_only=True)
class _Pattern:
    """A receipt of a feed that others are made after."""

    feed: str
    accepted: dict[str, Any]
    refused: dict[str, Any] | None

    def record(self, day: date, place: int, at: datetime) -> dict[str, Any]:
        """The receipt of the feed's delivery with that place in its day: one in fifty is refused."""
        refused = place == A_DAY - 1 and day.toordinal() % 3 == 0
        record = dict(self.refused if refused and self.refused else self.accepted)
        stamp = f"{day:%Y%m%d}_{place:02d}0000"
        name = _STAMP.sub(stamp, record["name"], count=1)
        sha256 = _digest(f"{self.feed}/{name}")
        record |= {
            "partition": day.isoformat(),
            "name": name,
            "landing_path": f"{self.feed}/{name}",
            "captured_at": timestamp(datetime(day.year, day.month, day.day, place, tzinfo=UTC)),
            "validated_at": timestamp(at),
            "sha256": sha256,
            "stored_sha256": _digest(sha256),
            "substance": _digest(f"{name} in substance") if record["substance"] else None,
            "data_max": (day - timedelta(days=2)).isoformat() if record["data_max"] else None,
            "data_min": (day - timedelta(days=62)).isoformat() if record["data_min"] else None,
            "landed": {**record["landed"], "inode": str(day.toordinal() * 100 + place)},
        }
        folder = f"{self.feed}/{day:%Y}/{day:%m}"
        if record["verdict"] == Verdict.QUARANTINED:
            path = f"{folder}/{sha256[:12]}"
            record["quarantine"] = {"path": f"{path}/{name}.gz", "findings": f"{path}/findings.json"}
        else:
            record |= {"promoted_at": timestamp(at), "key": f"{folder}/{name}.gz", "revision": 1}
        return record


_Place = tuple[_Pattern, date, int]


def _batches(patterns: Sequence[_Pattern], first: date, days: int, dice: Random) -> Iterator[list[_Place]]:
    imported = days // 2
    chunks = []
    for pattern in patterns:
        places = [
            (pattern, first + timedelta(days=number), place)
            for number in range(imported)
            for place in range(A_DAY)
        ]
        chunks += [places[i : i + _IMPORTED] for i in range(0, len(places), _IMPORTED)]
    dice.shuffle(chunks)
    yield from chunks
    for number in range(imported, days):
        for pattern in patterns:
            yield [(pattern, first + timedelta(days=number), place) for place in range(A_DAY)]


def _patterns(seed: int) -> list[_Pattern]:
    """A receipt of every feed whose names tell the time of day, as promotion really writes it."""
    accepted: dict[str, dict[str, Any]] = {}
    refused: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_landing(home / "landing", days=4, until=_SAMPLED + timedelta(days=1), seed=seed)
        settings = Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=home)
        with Zone(settings) as zone:
            ready = zone.survey(all_platforms(), settle=0).ready
            promote(zone, ready, judge=judge, run_id="patterns", parallel=os.cpu_count() or 1)
            for entry in zone.index.entries():
                record = entry.receipt.as_record()
                if record["name"] and _STAMP.search(record["name"]):
                    # The last of each: it tells no new structure, as nearly all receipts of years do not.
                    if record["verdict"] == Verdict.PROMOTED:
                        accepted[record["feed"]] = record
                    elif record["verdict"] == Verdict.QUARANTINED:
                        refused[record["feed"]] = record
    return [
        _Pattern(feed=feed, accepted={**record, "revises": None}, refused=refused.get(feed))
        for feed, record in sorted(accepted.items())
    ]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
    try:
        os.write(descriptor, data)
    finally:
        os.close(descriptor)
