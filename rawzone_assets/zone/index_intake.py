"""Commits on their way into the index's tables. A part of the index; what is asked of them is elsewhere.

The rows of a commit are worked out first and written table by table: a ledger of a million receipts is read in
a minute or two, and a commit in a few milliseconds.
"""

from __future__ import annotations

import hashlib
import sqlite3
from functools import lru_cache
from operator import itemgetter
from typing import Any

import orjson

from rawzone_assets.zone.drills import note_drill
from rawzone_assets.zone.index_custody import note_custody
from rawzone_assets.zone.index_days import note_days
from rawzone_assets.zone.index_holds import note_hold
from rawzone_assets.zone.index_rows import insert
from rawzone_assets.zone.index_seen import SeenFile, SeenFiles, Standing
from rawzone_assets.zone.index_tallies import note_commit
from rawzone_assets.zone.index_upkeep import note_upkeep
from rawzone_assets.zone.landed import entity_from
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Record, Verdict, canonical

TABLES = ("receipt", "body")
_TOLD = (
    "feed",
    "partition",
    "name",
    "verdict",
    "landing_path",
    "sha256",
    "key",
    "revision",
    "contract",
    "captured_at",
    "size",
    "records",
    "data_min",
    "substance",
    "fingerprint",
    "quarantine",
    "outline",
    "diary",
    "stored_size",
)
_told = itemgetter(*_TOLD)
_ABSENT = dict.fromkeys(set(_TOLD) - {"verdict", "landing_path"})  # what receipts of earlier versions lack
_NOWHERE: Record = {}
_ROW = f"({', '.join('?' * 22)}, NULL, NULL)"
_CLOSE_REFUSALS = (
    "UPDATE receipt SET accepted_later = 1 WHERE id IN (SELECT refused.id FROM receipt AS accepted "
    "CROSS JOIN receipt AS refused INDEXED BY receipt_refusal ON refused.name = accepted.name "
    "AND refused.feed = accepted.feed AND refused.sha256 = accepted.sha256 AND refused.id < accepted.id "
    "WHERE accepted.id >= ? AND accepted.verdict IN ('promoted', 'duplicate') "
    "AND refused.verdict = 'quarantined')"
)
"""A refusal is closed by a later receipt that accepts the same bytes under the same name."""

_bytes = bytes.fromhex


def take_in(database: sqlite3.Connection, commit: Commit) -> None:
    """Add a commit to all tables, within a transaction."""
    first = database.execute("SELECT coalesce(max(id), 0) + 1 FROM body").fetchone()[0]
    receipts, bodies, others = list[tuple[int, Record]](), list[tuple[int, str]](), list[Record]()
    id_ = first
    for record, line in zip(commit.records, commit.lines, strict=True):
        if record.get("record") == "receipt":
            receipts.append((id_, record))
            bodies.append((id_, line.decode()))
            id_ += 1
        else:
            others.append(record)
    insert(database, "receipt", _ROW, [_row(id_, commit.seq, record) for id_, record in receipts])
    insert(database, "body", "(?, ?)", bodies)
    database.execute(_CLOSE_REFUSALS, (first,))
    _note_landed(database, receipts)
    note_days(database, receipts)
    for record in others:
        note_upkeep(database, commit.seq, record)
        note_custody(database, commit, record)
        note_hold(database, commit, record)
        note_drill(database, commit, record)
    note_commit(database, commit)


def form_number(feed: str | None, contract: Record | None) -> int | None:
    """A number for the form of a delivery, small enough for an index: feed and schema, digested."""
    schema = (contract or {}).get("schema")
    if feed is None or schema is None:
        return None
    return _number_of(feed, schema)


@lru_cache(maxsize=1024)  # of some dozens
def _number_of(feed: str, schema: str) -> int:
    digest = hashlib.blake2b(f"{feed}\n{schema}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, signed=True)


def _row(id_: int, seq: int, record: Record) -> tuple[Any, ...]:
    """The row of a receipt, in the order of the table's columns but for the last two."""
    try:
        told = _told(record)
    except KeyError:
        told = _told({**_ABSENT, **record})
    feed, partition, name, verdict, landing_path, sha256, key, revision, contract = told[:9]
    captured_at, size, records, data_min, substance, fingerprint, copy, outline, diary, stored_size = told[9:]
    copy = copy or _NOWHERE
    return (
        id_,
        seq,
        feed,
        partition,
        name,
        verdict,
        _bytes(sha256) if sha256 else None,
        key,
        revision,
        landing_path,
        form_number(feed, contract),
        captured_at,
        size,
        records,
        data_min,
        _bytes(substance) if substance else None,
        _bytes(fingerprint) if fingerprint else None,
        copy.get("path"),
        copy.get("findings"),
        orjson.dumps(outline).decode() if outline else None,
        canonical(diary).decode() if diary else None,
        stored_size,
    )


def _note_landed(database: sqlite3.Connection, receipts: list[tuple[int, Record]]) -> None:
    seen, files = SeenFiles(database), list[SeenFile]()
    for id_, record in receipts:
        if record.get("replays") is not None:
            seen.note(files)
            files.clear()
            _take_back(database, id_, record)
        elif (landed := record.get("landed")) is not None:
            standing = _standing(record.get("feed"), record["verdict"])
            files.append(SeenFile(record["landing_path"], entity_from(landed), standing))
    seen.note(files)


@lru_cache(maxsize=256)  # of some dozens
def _standing(feed: str | None, verdict: str) -> Standing:
    return Standing(feed, Verdict(verdict))


def _take_back(database: sqlite3.Connection, id_: int, record: Record) -> None:
    """A replay changes the state of a landed file only if that still holds the bytes refused then."""
    seen, label = SeenFiles(database), record["landing_path"]
    standing = _standing(record.get("feed"), record["verdict"])
    known = seen.standing_of(label)
    newest = database.execute(
        "SELECT sha256 FROM receipt INDEXED BY receipt_path WHERE landing_path = ? AND id < ? "
        "ORDER BY id DESC LIMIT 1",
        (label, id_),
    ).fetchone()
    if known and known.feed == standing.feed and newest and newest[0] == _bytes(record["sha256"]):
        seen.correct(label, standing)
