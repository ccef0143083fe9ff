"""A ledger as it is after years, written without promoting anything: receipts of many feeds and days.

Commits come in no order of feeds or days, as after backfills: the hardest case for whoever looks for a range.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from rawzone_assets.zone.ledger import EMPTY, Author, Head, decode_commit, encode_commit
from rawzone_assets.zone.receipt import Receipt, Verdict, timestamp

FEEDS = tuple(f"platform{number // 4}/feed{number % 4}" for number in range(16))
FIRST = date(2016, 1, 1)
_A_COMMIT = 250
_A_DAY = 17  # files of a feed a day: a million receipts are ten years of sixteen feeds
_FINDING = {
    "code": "RZ-MISSING-FIELD", "check": "required_fields", "message": "'spend' is missing",
    "blocking": True, "where": {"pointer": "/data/17/insights/data/0"},
}  # fmt: skip


def write_ledger(folder: Path, receipts: int) -> Head:
    """Write about so many receipts (whole commits) and return the last commit's head."""
    folder.mkdir(parents=True)
    random_ = random.Random(6)
    a_feed = receipts // len(FEEDS) // _A_COMMIT
    batches = [(feed, number) for feed in FEEDS for number in range(a_feed)]
    random_.shuffle(batches)
    head, at = EMPTY, datetime(2026, 1, 1, tzinfo=UTC)
    author = Author(run_id="large", writer="test", code_version="1")
    for feed, number in batches:
        at += timedelta(minutes=5)
        numbers = range(number * _A_COMMIT, (number + 1) * _A_COMMIT)
        records = [receipt(feed, index, at, random_).as_record() for index in numbers]
        data = encode_commit(records, after=head, at=at, author=author)
        head = decode_commit(data).head
        (folder / f"{head.seq:020d}.jsonl").write_bytes(data)
    return head


def receipt(feed: str, number: int, at: datetime, random_: random.Random) -> Receipt:
    """The receipt of a feed's delivery of that number: one in twenty is refused."""
    day = FIRST + timedelta(days=number // _A_DAY)
    stem = feed.replace("/", "_")
    name = f"{stem}_{day:%Y%m%d}_{number % _A_DAY:02d}0000.json"
    sha256 = hashlib.sha256(f"{feed}{number}".encode()).hexdigest()
    key = f"{feed}/{day:%Y}/{day:%m}/{name}.gz"
    accepted = Receipt(
        verdict=Verdict.PROMOTED,
        landing_path=f"{feed}/{name}",
        feed=feed,
        partition=day.isoformat(),
        name=name,
        key=key,
        revision=1,
        captured_at=timestamp(datetime.combine(day, at.timetz())),
        validated_at=timestamp(at),
        promoted_at=timestamp(at),
        source_system=f"{stem}.example",
        contract={
            "feed_version": 1,
            "schema": f"schemas/{feed}.v1.json",
            "schema_sha256": hashlib.sha256(feed.encode()).hexdigest(),
            "rules_version": 1,
        },
        sha256=sha256,
        size=random_.randrange(2_000, 90_000),
        stored_sha256=hashlib.sha256(sha256.encode()).hexdigest(),
        stored_size=random_.randrange(500, 20_000),
        encoding="gzip",
        records=random_.randrange(1, 400),
        data_min=(day - timedelta(days=30)).isoformat(),
        data_max=(day - timedelta(days=1)).isoformat(),
        fingerprint=hashlib.sha256(f"{feed}{number // 997}".encode()).hexdigest(),
        substance=hashlib.sha256(f"substance{sha256}".encode()).hexdigest(),
        text={"bom": False, "charset": "utf-8", "newline": "lf"},
        landed={
            "device": "65024",
            "inode": str(number),
            "size": "1",
            "mtime_ns": f"{number}000000000",
            "ctime_ns": f"{number}000000001",
        },
        access="open",
    )
    if number % 20:
        return accepted
    place = f"{feed}/{day:%Y}/{day:%m}/{sha256[:12]}"
    return replace(
        accepted,
        verdict=Verdict.QUARANTINED,
        key=None,
        revision=None,
        promoted_at=None,
        quarantine={"path": f"{place}/{name}.gz", "findings": f"{place}/findings.json"},
        findings=(_FINDING,),
    )
