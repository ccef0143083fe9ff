"""Tallies in the index: what each commit added, feed by feed, so that no figure needs every receipt again.

A row a commit, feed and verdict: a zone of a million receipts has some ten thousands of them. ``total`` holds
their sums. What a repair leaves in another stored form than before is restated here too, and what is erased by
law is stored no more. A part of the index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rawzone_assets.zone import upkeep
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Record, Verdict, canonical, timestamp

SCHEMA = """
CREATE TABLE written (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, size INTEGER NOT NULL);
CREATE TABLE tally (
    seq INTEGER NOT NULL, feed TEXT NOT NULL, verdict TEXT NOT NULL, at TEXT NOT NULL, began TEXT,
    receipts INTEGER NOT NULL, replays INTEGER NOT NULL, revisions INTEGER NOT NULL, size INTEGER NOT NULL,
    replayed_size INTEGER NOT NULL, stored_size INTEGER NOT NULL, data_max TEXT, captured_at TEXT,
    PRIMARY KEY (seq, feed, verdict)) WITHOUT ROWID;
CREATE TABLE total (
    feed TEXT NOT NULL, verdict TEXT NOT NULL, receipts INTEGER NOT NULL, replays INTEGER NOT NULL,
    revisions INTEGER NOT NULL, size INTEGER NOT NULL, replayed_size INTEGER NOT NULL,
    stored_size INTEGER NOT NULL, data_max TEXT, captured_at TEXT, PRIMARY KEY (feed, verdict)) WITHOUT ROWID;
CREATE TABLE open_damage (place TEXT PRIMARY KEY, feed TEXT) WITHOUT ROWID;
"""
TABLES = ("written", "tally", "total", "open_damage")
_NEWEST = ", ".join(
    f"{name} = max(coalesce({name}, excluded.{name}), coalesce(excluded.{name}, {name}))"
    for name in ("data_max", "captured_at")
)
_ADD = (
    "INSERT INTO total VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "  # noqa: S608  constants
    "receipts = receipts + excluded.receipts, replays = replays + excluded.replays, "
    "revisions = revisions + excluded.revisions, size = size + excluded.size, "
    "replayed_size = replayed_size + excluded.replayed_size, "
    f"stored_size = stored_size + excluded.stored_size, {_NEWEST}"
)


@dataclass(frozen=True, kw_only=True)
class Total:
    """The receipts of one feed and verdict, added up."""

    feed: str
    verdict: Verdict
    receipts: int
    replays: int  # of them, those that a replay wrote: no delivery came
    revisions: int  # of them, those that revise an earlier object
    size: int
    replayed_size: int  # of it, that of replays
    stored_size: int
    data_max: str | None
    captured_at: str | None  # the newest


@dataclass(frozen=True, kw_only=True)
class Added:
    """What was committed of one verdict on one day, UTC. Bytes."""

    day: str
    verdict: Verdict
    delivered_size: int  # a replay delivers nothing
    stored_size: int


@dataclass(frozen=True, kw_only=True)
class Batch:
    """What one commit holds of one feed, from when the first of it had been judged."""

    seq: int
    feed: str
    began: str | None
    at: str
    receipts: int
    size: int
    stored_size: int


class TallyLookups:
    """What adds up over commits. Bytes are those of stored deliveries; findings are not counted."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def totals(self) -> list[Total]:
        """What the receipts of each feed add up to, by verdict."""
        rows = self._database.execute("SELECT * FROM total ORDER BY feed, verdict")
        return [
            Total(
                feed=feed,
                verdict=Verdict(verdict),
                receipts=counts[0],
                replays=counts[1],
                revisions=counts[2],
                size=counts[3],
                replayed_size=counts[4],
                stored_size=counts[5],
                data_max=data_max,
                captured_at=captured_at,
            )
            for feed, verdict, *counts, data_max, captured_at in rows
        ]

    def added(self, *, since: str) -> list[Added]:
        """What was committed on each day from ``since`` on, by day and verdict."""
        rows = self._database.execute(
            "SELECT substr(at, 1, 10) AS day, verdict, sum(size - replayed_size), sum(stored_size) "
            "FROM tally WHERE at >= ? GROUP BY day, verdict ORDER BY day, verdict",
            (since,),
        )
        return [
            Added(day=day, verdict=Verdict(verdict), delivered_size=size, stored_size=stored_size)
            for day, verdict, size, stored_size in rows
        ]

    def batches(self, *, since: str = "") -> Iterator[Batch]:
        """Every commit's part of each feed, in ledger order."""
        rows = self._database.execute(
            "SELECT seq, feed, min(began), at, sum(receipts), sum(size), sum(stored_size) "
            "FROM tally WHERE at >= ? GROUP BY seq, feed ORDER BY seq, feed",
            (since,),
        )
        for seq, feed, began, at, receipts, size, stored_size in rows:
            yield Batch(
                seq=seq,
                feed=feed,
                began=began,
                at=at,
                receipts=receipts,
                size=size,
                stored_size=stored_size,
            )

    def has_any(self, feed: str, *, after: int) -> bool:
        """Whether a commit after that one has receipts of a feed."""
        query = "SELECT EXISTS (SELECT 1 FROM tally WHERE seq > ? AND feed = ?)"
        return bool(self._database.execute(query, (after, feed)).fetchone()[0])

    def newest_capture(self, feed: str, *, before: str) -> str | None:
        """The newest capture of a feed before then, of the newest of each commit and verdict."""
        query = "SELECT max(captured_at) FROM tally WHERE feed = ? AND captured_at < ?"
        found: str | None = self._database.execute(query, (feed, before)).fetchone()[0]
        return found

    def ledger_bytes(self) -> int:
        """The size of all commit files."""
        return int(self._database.execute("SELECT total(size) FROM written").fetchone()[0])

    def ledger_bytes_by_day(self, *, since: str) -> dict[str, int]:
        """Day, UTC, to the bytes that the ledger grew."""
        query = "SELECT substr(at, 1, 10), sum(size) FROM written WHERE at >= ? GROUP BY 1"
        return dict(self._database.execute(query, (since,)))

    def first_commit(self) -> str | None:
        """When the first commit was written."""
        row = self._database.execute("SELECT at FROM written ORDER BY seq LIMIT 1").fetchone()
        return row[0] if row else None

    def scrubs(self) -> list[tuple[int, int, str]]:
        """First commit, last commit and beginning of each span that a scrub re-read."""
        return list(self._database.execute("SELECT first, last, began FROM scrubbed"))

    def open_damage(self) -> dict[str | None, int]:
        """Feed to how many of its files were found damaged, and are not repaired, sound again or gone since."""
        return dict(self._database.execute("SELECT feed, count(*) FROM open_damage GROUP BY feed"))


def note_commit(database: sqlite3.Connection, commit: Commit) -> None:
    """Take in a commit, after its records have been taken in."""
    at = timestamp(commit.at)
    size = len(canonical(commit.header)) + len("\n") + len(commit.body)
    database.execute("INSERT INTO written VALUES (?, ?, ?)", (commit.seq, at, size))
    groups: dict[tuple[str, str], list[Record]] = {}
    for record in commit.records:
        if record.get("record") == "receipt" and record.get("feed") is not None:
            groups.setdefault((record["feed"], record["verdict"]), []).append(record)
        else:
            _note_damage(database, record)
    for (feed, verdict), records in groups.items():
        replays = [record for record in records if record.get("replays")]
        sums = (
            len(records),
            len(replays),
            sum([(record["revision"] or 0) > 1 for record in records]),
            sum([record["size"] or 0 for record in records]),
            sum([record["size"] or 0 for record in replays]),
            sum([record["stored_size"] or 0 for record in records]),
            max(_texts(records, "data_max"), default=None),
            max(_texts(records, "captured_at"), default=None),
        )
        row = (commit.seq, feed, verdict, at, min(_texts(records, "validated_at"), default=None), *sums)
        database.execute(f"INSERT INTO tally VALUES ({', '.join('?' * len(row))})", row)  # noqa: S608
        database.execute(_ADD, (feed, verdict, *sums))


def restate(database: sqlite3.Connection, seq: int, feed: str, verdict: str, more: int) -> None:
    """There are ``more`` stored bytes of a receipt than before, or fewer."""
    database.execute(
        "UPDATE tally SET stored_size = stored_size + ? WHERE seq = ? AND feed = ? AND verdict = ?",
        (more, seq, feed, verdict),
    )
    database.execute(
        "UPDATE total SET stored_size = stored_size + ? WHERE feed = ? AND verdict = ?", (more, feed, verdict)
    )


def _note_damage(database: sqlite3.Connection, record: Record) -> None:
    if record.get("record") == upkeep.DAMAGED:
        row = (record["place"], record["feed"])
        database.execute("INSERT OR REPLACE INTO open_damage VALUES (?, ?)", row)
    else:
        places = [(place,) for place in upkeep.no_longer_damaged(record)]
        database.executemany("DELETE FROM open_damage WHERE place = ?", places)


def _texts(records: Iterable[Record], name: str) -> list[str]:
    return [text for record in records if (text := record.get(name))]
