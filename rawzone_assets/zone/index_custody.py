"""Custody in the index: where each object is kept now, and what was erased. A part of the index.

Only objects that ever left raw have a row; every other one is hot. What is told is the fold of the ledger's
records, so an index built from nothing tells the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.custody import Custody, Whereabouts
from rawzone_assets.zone.index_tallies import restate
from rawzone_assets.zone.index_upkeep import restate_form
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Receipt, Record, canonical, timestamp

SCHEMA = """
CREATE TABLE custody (
    key TEXT PRIMARY KEY, feed TEXT, partition TEXT, whereabouts TEXT NOT NULL, seq INTEGER NOT NULL,
    at TEXT NOT NULL, has_copy INTEGER NOT NULL, size INTEGER NOT NULL, stored_size INTEGER NOT NULL,
    body TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX custody_feed ON custody (feed, whereabouts, partition);
CREATE TABLE erased (place TEXT PRIMARY KEY, sha256 BLOB NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL)
    WITHOUT ROWID;
CREATE INDEX erased_sha256 ON erased (sha256);
"""
TABLES = ("custody", "erased")
_MOVES = (custody.ARCHIVED, custody.RESTORED, custody.ERASED)


@dataclass(frozen=True, kw_only=True)
class Kept:
    """An object that is or was kept elsewhere than in raw alone."""

    key: str
    feed: str
    partition: str
    size: int
    stored_size: int
    custody: Custody


@dataclass(frozen=True, kw_only=True)
class KeptTotal:
    """The objects of a feed that are in the archive alone, or erased. Bytes."""

    feed: str
    whereabouts: Whereabouts
    files: int
    size: int
    stored_size: int


@dataclass(frozen=True, kw_only=True)
class ErasedTotal:
    """The objects of a feed that were erased, and the duplicates that led to them. Bytes as landed."""

    objects: int = 0
    revisions: int = 0
    duplicates: int = 0
    size: int = 0


@dataclass(frozen=True, kw_only=True)
class Erasure:
    """Something that was erased by law, and the number of the commit that says so."""

    seq: int
    place: str
    sha256: str
    record: Record


@dataclass(frozen=True, kw_only=True)
class HotObject:
    """An object in raw, and from when its age counts."""

    receipt: Receipt
    newest_capture: str  # of all deliveries under which it can be read
    restored_at: str | None  # when it was last brought back from the archive


class CustodyLookups:
    """What is asked about the keeping of objects."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def of(self, key: str) -> Custody:
        """The keeping of one object, given the key of a promoted one."""
        row = self._database.execute(
            "SELECT whereabouts, seq, at, has_copy, body FROM custody WHERE key = ?", (key,)
        ).fetchone()
        return _custody(*row) if row else Custody()

    def kept(
        self,
        *,
        feeds: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        whereabouts: Whereabouts | None = None,
    ) -> Iterator[Kept]:
        """Objects that ever left raw, by feed, capture day and key. Days are included."""
        clauses, values = ["1"], list[Any]()
        if feeds:
            clauses.append(f"feed IN ({', '.join('?' * len(feeds))})")
            values.extend(feeds)
        bounds = (("partition >= ?", since), ("partition <= ?", until), ("whereabouts = ?", whereabouts))
        for clause, value in bounds:
            if value:
                clauses.append(clause)
                values.append(str(value))
        rows = self._database.execute(
            "SELECT key, feed, partition, size, stored_size, whereabouts, seq, at, has_copy, body "  # noqa: S608  constants
            f"FROM custody WHERE {' AND '.join(clauses)} ORDER BY feed, partition, key",
            values,
        ).fetchall()
        for key, feed, partition, size, stored_size, *rest in rows:
            told = {"key": key, "feed": feed, "partition": partition, "size": size, "stored_size": stored_size}
            yield Kept(**told, custody=_custody(*rest))

    def totals(self) -> list[KeptTotal]:
        """What is not hot, by feed."""
        rows = self._database.execute(
            "SELECT feed, whereabouts, count(*), sum(size), sum(stored_size) FROM custody "
            "WHERE whereabouts != 'hot' GROUP BY feed, whereabouts"
        )
        return [
            KeptTotal(feed=feed, whereabouts=Whereabouts(where), files=files, size=size, stored_size=stored)
            for feed, where, files, size, stored in rows
        ]

    def erased_totals(self) -> dict[str, ErasedTotal]:
        """What was readable of each feed until it was erased."""
        rows = self._database.execute(
            "SELECT receipt.feed, sum(verdict = 'promoted'), sum(verdict = 'promoted' AND revision > 1), "
            "sum(verdict = 'duplicate'), total(CASE verdict WHEN 'promoted' THEN receipt.size END) "
            "FROM custody JOIN receipt INDEXED BY receipt_key ON receipt.key = custody.key "
            "WHERE whereabouts = 'erased' AND verdict IN ('promoted', 'duplicate') GROUP BY receipt.feed"
        )
        return {
            feed: ErasedTotal(objects=objects, revisions=revisions, duplicates=duplicates, size=int(size))
            for feed, objects, revisions, duplicates, size in rows
        }

    def copied_bytes(self) -> int:
        """Stored bytes of all copies in the archive, those of restored objects among them."""
        row = self._database.execute("SELECT total(stored_size) FROM custody WHERE has_copy").fetchone()
        return int(row[0])

    def erasures(self, *, sha256: str | None = None, place: str | None = None) -> list[Erasure]:
        """What was erased: of some bytes, of a place, or all of it."""
        clauses, values = ["1"], list[Any]()
        if sha256:
            clauses.append("sha256 = ?")
            values.append(bytes.fromhex(sha256))
        if place:
            clauses.append("place = ?")
            values.append(place)
        rows = self._database.execute(
            f"SELECT seq, place, sha256, body FROM erased WHERE {' AND '.join(clauses)} ORDER BY seq, place",  # noqa: S608
            values,
        )
        return [
            Erasure(seq=seq, place=found, sha256=digest.hex(), record=orjson.loads(body))
            for seq, found, digest, body in rows
        ]

    def erased_among(self, digests: Sequence[str]) -> set[str]:
        """Those of these SHA-256 whose bytes were erased."""
        if not self._database.execute("SELECT EXISTS (SELECT 1 FROM erased)").fetchone()[0]:
            return set()  # as nearly always
        rows = self._database.execute(
            f"SELECT DISTINCT sha256 FROM erased WHERE sha256 IN ({','.join('?' * len(digests))})",  # noqa: S608
            [bytes.fromhex(digest) for digest in digests],
        )
        return {digest.hex() for (digest,) in rows}

    def span(self, key: str) -> tuple[str, str] | None:
        """The first and last capture day under which the object can be read, its duplicates' among them."""
        row = self._database.execute(
            "SELECT min(partition), max(partition) FROM receipt INDEXED BY receipt_key "
            "WHERE key = ? AND verdict IN ('promoted', 'duplicate')",
            (key,),
        ).fetchone()
        return (row[0], row[1]) if row and row[0] else None

    def hot_since(self, feed: str, until: str) -> Iterator[HotObject]:
        """Objects of a feed in raw that can be read under no capture time after ``until``, oldest first."""
        rows = self._database.execute(
            "SELECT body.text, custody.at, (SELECT max(other.captured_at) FROM receipt AS other "
            "INDEXED BY receipt_key WHERE other.key = receipt.key AND other.verdict = 'duplicate') AS again "
            "FROM receipt INDEXED BY receipt_hot JOIN body ON body.id = receipt.id "
            "LEFT JOIN custody ON custody.key = receipt.key "
            "WHERE receipt.feed = ? AND receipt.captured_at <= ? AND receipt.verdict = 'promoted' "
            "AND receipt.away IS NULL AND (again IS NULL OR again <= ?) "
            "ORDER BY receipt.captured_at, receipt.id",
            (feed, until, until),
        ).fetchall()
        for body, restored_at, again in rows:
            receipt = Receipt.from_record(orjson.loads(body))
            newest = max(receipt.captured_at or "", again or "")
            yield HotObject(receipt=receipt, newest_capture=newest, restored_at=restored_at)

    def count_hot(self, feed: str, until: str, restored_until: str) -> tuple[int, int]:
        """How many objects :meth:`hot_since` gives and their stored bytes, less those restored later."""
        # Read from indexes alone: no figure that is asked for all day may open every receipt.
        row = self._database.execute(
            "SELECT count(*), total(stored_size) FROM receipt INDEXED BY receipt_hot "
            "WHERE feed = :feed AND captured_at <= :until AND verdict = 'promoted' AND away IS NULL "
            "AND key NOT IN (SELECT key FROM receipt INDEXED BY receipt_again "
            "WHERE feed = :feed AND verdict = 'duplicate' AND captured_at > :until) "
            "AND key NOT IN (SELECT key FROM custody "
            "WHERE feed = :feed AND whereabouts = 'hot' AND at > :restored_until)",
            {"feed": feed, "until": until, "restored_until": restored_until},
        ).fetchone()
        return int(row[0]), int(row[1])

    def hot_object(self, feed: str, key: str) -> HotObject | None:
        """One object of a feed, if it is in raw."""
        row = self._database.execute(
            "SELECT text FROM receipt INDEXED BY receipt_key JOIN body USING (id) "
            "WHERE key = ? AND feed = ? AND verdict = 'promoted'",
            (key, feed),
        ).fetchone()
        kept = self.of(key)
        if row is None or kept.whereabouts is not Whereabouts.HOT:
            return None
        newest = self._database.execute(
            "SELECT max(captured_at) FROM receipt INDEXED BY receipt_key "
            "WHERE key = ? AND verdict IN ('promoted', 'duplicate')",
            (key,),
        ).fetchone()
        receipt = Receipt.from_record(orjson.loads(row[0]))
        return HotObject(receipt=receipt, newest_capture=newest[0], restored_at=kept.at)


def note_custody(database: sqlite3.Connection, commit: Commit, record: Record) -> None:
    """Take in a record of where something is; any other kind is passed over."""
    if record.get("record") == upkeep.REPAIRED:
        _restate_copy(database, record)
    elif record.get("record") in _MOVES:
        _note_object(database, commit.seq, timestamp(commit.at), record)


def _note_object(database: sqlite3.Connection, seq: int, at: str, record: Record) -> None:
    if record["record"] == custody.ERASED:
        row = (record["place"], bytes.fromhex(record["sha256"]), seq, canonical(record).decode())
        if database.execute("INSERT OR IGNORE INTO erased VALUES (?, ?, ?, ?)", row).rowcount:
            _note_no_bytes(database, record["place"])
        # Nobody can work off a refusal whose bytes are gone, so it is not open any more.
        database.execute(
            "UPDATE receipt INDEXED BY receipt_sha256 SET accepted_later = 1 "
            "WHERE sha256 = ? AND verdict = 'quarantined'",
            (bytes.fromhex(record["sha256"]),),
        )
    key = record["key"]
    if key is None:
        return
    after = CustodyLookups(database).of(key).after(seq, at, record)
    if after.seq != seq:
        return  # it was erased
    if after.whereabouts is not Whereabouts.ERASED:
        restate_form(database, f"{upkeep.RAW}/{key}", record)
    away = None if after.whereabouts is Whereabouts.HOT else 1
    database.execute(
        "UPDATE receipt INDEXED BY receipt_key SET away = ? WHERE key = ? AND verdict = 'promoted'", (away, key)
    )
    database.execute(
        "INSERT OR REPLACE INTO custody VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(key, record["feed"], record["partition"], str(after.whereabouts), seq, at),
            *(after.has_archive_copy, record["size"], record["stored_size"], canonical(record).decode()),
        ),
    )


def _note_no_bytes(database: sqlite3.Connection, place: str) -> None:
    """Nothing is stored of the receipt of this place any more."""
    root, _, inner = place.partition("/")
    of_place = (
        "INDEXED BY receipt_key WHERE key = ? AND verdict = 'promoted'"
        if root == upkeep.RAW
        else "INDEXED BY receipt_copy WHERE refused_copy = ? AND verdict = 'quarantined'"
    )
    query = f"SELECT seq, feed, verdict, stored_size FROM receipt {of_place}"  # noqa: S608  constants
    for seq, feed, verdict, size in database.execute(query, (inner,)).fetchall():
        restate(database, seq, feed, verdict, -(size or 0))


def _restate_copy(database: sqlite3.Connection, record: Record) -> None:
    """A repair may leave an archive copy in another stored form, and what relies on the copy must know."""
    root, _, key = record["place"].partition("/")
    if root == upkeep.ARCHIVE:
        database.execute(
            "UPDATE custody SET stored_size = :stored_size, body = json_set(body, "
            "'$.stored_sha256', :stored_sha256, '$.stored_size', :stored_size, '$.encoding', :encoding) "
            "WHERE key = :key",
            {**{name: record[name] for name in ("stored_sha256", "stored_size", "encoding")}, "key": key},
        )


def _custody(whereabouts: str, seq: int, at: str, has_copy: int, body: str) -> Custody:
    return Custody(
        whereabouts=Whereabouts(whereabouts),
        seq=seq,
        at=at,
        record=orjson.loads(body),
        has_archive_copy=bool(has_copy),
    )
