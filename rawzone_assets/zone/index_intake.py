"""Commits on their way into the index's tables. A part of the index; what is asked of them is elsewhere.

The rows of a commit are worked out first and written table by table: a ledger of a million receipts is read in
a minute or two, and a commit in a few milliseconds.
"""

from __future__ import annotations

import hashlib
import sqlite3
from functools import lru_cache
from typing import Any

import orjson

from rawzone_assets.zone.drills import note_drill
from rawzone_assets.zone.index_custody import note_custody
from rawzone_assets.zone.index_days import note_days
from rawzone_assets.zone.index_seen import SeenFile, SeenFiles, Standing
from rawzone_assets.zone.index_tallies import note_commit
from rawzone_assets.zone.index_upkeep import note_upkeep
from rawzone_assets.zone.landed import entity_from
from rawzone_assets.zone.ledger import Commit, record_lines
from rawzone_assets.zone.receipt import Record, Verdict, canonical

TABLES = ("receipt", "body")
_INSERT = f"INSERT INTO receipt VALUES ({', '.join('?' * 24)})"  # noqa: S608
_ACCEPTED = (str(Verdict.PROMOTED), str(Verdict.DUPLICATE))
_NOWHERE: Record = {}
_bytes = bytes.fromhex


def take_in(database: sqlite3.Connection, commit: Commit) -> None:
    """Add a commit to all tables, within a transaction."""
    first = database.execute("SELECT coalesce(max(id), 0) + 1 FROM body").fetchone()[0]
    receipts, bodies, others = list[tuple[int, Record]](), list[tuple[int, str]](), list[Record]()
    for record, line in zip(commit.records, record_lines(commit.body), strict=True):
        if record.get("record") == "receipt":
            id_ = first + len(receipts)
            receipts.append((id_, record))
            bodies.append((id_, line.decode()))
        else:
            others.append(record)
    rows = [_row(id_, commit.seq, record) for id_, record in receipts]
    database.executemany(_INSERT, rows)
    database.executemany("INSERT INTO body VALUES (?, ?)", bodies)
    _close_refusals(database, rows)
    _note_landed(database, receipts)
    note_days(database, receipts)
    for record in others:
        note_upkeep(database, commit.seq, record)
        note_custody(database, commit, record)
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
    """The row of a receipt, in the order of the table's columns."""
    told = record.get
    feed, sha256, substance, fingerprint = told("feed"), told("sha256"), told("substance"), told("fingerprint")
    copy, outline, diary = told("quarantine") or _NOWHERE, told("outline"), told("diary")
    return (
        id_,
        seq,
        feed,
        told("partition"),
        told("name"),
        record["verdict"],
        _bytes(sha256) if sha256 else None,
        told("key"),
        told("revision"),
        record["landing_path"],
        form_number(feed, told("contract")),
        told("captured_at"),
        told("size"),
        told("records"),
        told("data_min"),
        _bytes(substance) if substance else None,
        _bytes(fingerprint) if fingerprint else None,
        None,
        copy.get("path"),
        copy.get("findings"),
        orjson.dumps(outline).decode() if outline else None,
        canonical(diary).decode() if diary else None,
        told("stored_size"),
        None,
    )


def _close_refusals(database: sqlite3.Connection, rows: list[tuple[Any, ...]]) -> None:
    """A refusal is closed by a later receipt that accepts the same bytes under the same name."""
    accepted = [
        (name, feed, sha256, id_) for id_, _, feed, _, name, verdict, sha256, *_ in rows if verdict in _ACCEPTED
    ]
    database.executemany(
        "UPDATE receipt INDEXED BY receipt_name SET accepted_later = 1 "
        "WHERE name = ? AND feed = ? AND sha256 = ? AND verdict = 'quarantined' AND id < ?",
        accepted,
    )


def _note_landed(database: sqlite3.Connection, receipts: list[tuple[int, Record]]) -> None:
    seen, files, standings = SeenFiles(database), list[SeenFile](), dict[tuple[str | None, str], Standing]()
    for id_, record in receipts:
        became = (record.get("feed"), record["verdict"])
        standing = standings.get(became) or standings.setdefault(became, _standing(*became))
        if record.get("replays") is not None:
            seen.note(files)
            files.clear()
            _take_back(database, id_, record, standing)
        elif record.get("landed") is not None:
            files.append(SeenFile(record["landing_path"], entity_from(record["landed"]), standing))
    seen.note(files)


def _standing(feed: str | None, verdict: str) -> Standing:
    return Standing(feed, Verdict(verdict))


def _take_back(database: sqlite3.Connection, id_: int, record: Record, standing: Standing) -> None:
    """A replay changes the state of a landed file only if that still holds the bytes refused then."""
    seen, label = SeenFiles(database), record["landing_path"]
    known = seen.standing_of(label)
    newest = database.execute(
        "SELECT sha256 FROM receipt INDEXED BY receipt_path WHERE landing_path = ? AND id < ? "
        "ORDER BY id DESC LIMIT 1",
        (label, id_),
    ).fetchone()
    if known and known.feed == standing.feed and newest and newest[0] == _bytes(record["sha256"]):
        seen.correct(label, standing)
