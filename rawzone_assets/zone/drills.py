"""Drills in the ledger and its index: archived objects brought back for a trial, and what came of it.

A ``drilled`` record is evidence that on that day an object could be had back from the archive: its bytes hashed
to the receipt and the feed's parser read them. Nothing else follows from it. A part of the index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from rawzone_assets.contract.schemas import deciding_engine
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Receipt, Record, canonical, timestamp
from rawzone_assets.zone.record_kinds import DRILL_SCHEMA, DRILLED

SOUND = "sound"
FAILED = "failed"
TABLE_SCHEMA = """
CREATE TABLE drill (
    key TEXT PRIMARY KEY, seq INTEGER NOT NULL, at TEXT NOT NULL, outcome TEXT NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
"""
TABLES = ("drill",)


@dataclass(frozen=True, kw_only=True)
class Drill:
    """The newest drill of an object."""

    seq: int
    at: str
    record: Record

    @property
    def passed(self) -> bool:
        return bool(self.record["outcome"] == SOUND)


@dataclass(frozen=True, kw_only=True)
class DrillTotals:
    """How the objects with a copy in the archive stand."""

    copies: int
    drilled: int  # of them, those that ever were
    failed: tuple[str, ...]  # keys whose newest drill failed
    last_at: str | None
    oldest_copy_at: str | None  # since when the first of them could have been drilled

    @property
    def sentence(self) -> str:
        last = f"the last was on {self.last_at[:10]}" if self.last_at else "there was none yet"
        failed = f", {len(self.failed):,} could not be had back" if self.failed else ""
        copies = f"{self.drilled:,} of {self.copies:,} files with a copy in the archive"
        return f"Restore drills: {last}; {copies} were drilled{failed}."


class DrillLookups:
    """What is asked about drills."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def of(self, key: str) -> Drill | None:
        """The newest drill of an object."""
        row = self._database.execute("SELECT seq, at, body FROM drill WHERE key = ?", (key,)).fetchone()
        return Drill(seq=row[0], at=row[1], record=orjson.loads(row[2])) if row else None

    def due(self, most: int, *, feeds: Sequence[str] = ()) -> Iterator[tuple[Receipt, Record]]:
        """Objects with an archive copy and the record of that copy's form, the longest undrilled first.

        Among equals the order is that of their digests, which mixes feeds and days.
        """
        of_feeds = f"AND custody.feed IN ({', '.join('?' * len(feeds))}) " if feeds else ""
        # The bodies are fetched of what was chosen only: an archive may hold a million.
        chosen = self._database.execute(
            "SELECT receipt.id, custody.key FROM custody JOIN receipt INDEXED BY receipt_key "  # noqa: S608
            "ON receipt.key = custody.key AND receipt.verdict = 'promoted' "
            "LEFT JOIN drill ON drill.key = custody.key "
            f"WHERE custody.has_copy AND custody.whereabouts != 'erased' {of_feeds}"
            "ORDER BY coalesce(drill.seq, -1), receipt.sha256, receipt.key LIMIT ?",
            (*feeds, most),
        ).fetchall()
        for identity, key in chosen:
            body, kept = self._database.execute(
                "SELECT body.text, custody.body FROM body, custody WHERE body.id = ? AND custody.key = ?",
                (identity, key),
            ).fetchone()
            yield Receipt.from_record(orjson.loads(body)), orjson.loads(kept)

    def totals(self) -> DrillTotals:
        """How often what is in the archive was drilled, and with what result."""
        with_copy = "FROM custody LEFT JOIN drill ON drill.key = custody.key WHERE custody.has_copy"
        row = self._database.execute(
            f"SELECT count(*), count(drill.key), max(drill.at), min(custody.at) {with_copy}"
        ).fetchone()
        failed = self._database.execute(f"SELECT drill.key {with_copy} AND drill.outcome = 'failed' ORDER BY 1")
        return DrillTotals(
            copies=row[0],
            drilled=row[1],
            failed=tuple(key for (key,) in failed),
            last_at=row[2],
            oldest_copy_at=row[3],
        )


def drilled_record(
    receipt: Receipt, *, readable: bool | None, problem: str | None, note: str | None, by: str
) -> dict[str, Any]:
    """What came of bringing an object back. ``readable`` is ``None`` when its parser could not be asked."""
    record = {
        "record": DRILLED,
        "feed": receipt.feed,
        "partition": receipt.partition,
        "key": receipt.key,
        "place": f"{upkeep.ARCHIVE}/{receipt.key}",
        "sha256": receipt.sha256,
        "size": receipt.size,
        "outcome": FAILED if problem else SOUND,
        "readable": readable,
        "problem": problem,
        "note": note,
        "by": by,
    }
    deciding_engine(DRILL_SCHEMA).validate(record)
    return record


def note_drill(database: sqlite3.Connection, commit: Commit, record: Record) -> None:
    """Take in a drill; any other kind is passed over."""
    if record["record"] != DRILLED:
        return
    row = (
        record["key"],
        commit.seq,
        timestamp(commit.at),
        record["outcome"],
        canonical(record).decode(),
    )
    database.execute("INSERT OR REPLACE INTO drill VALUES (?, ?, ?, ?, ?)", row)
