"""Holds in the index: the legal holds that are and were. A part of the index."""

from __future__ import annotations

import sqlite3
from typing import Any

import orjson

from rawzone_assets.zone.custody import HOLD_ADDED, HOLD_RELEASED, Hold
from rawzone_assets.zone.index_custody import CustodyLookups
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.receipt import Record, canonical, timestamp

SCHEMA = """
CREATE TABLE hold (
    number INTEGER PRIMARY KEY, id TEXT UNIQUE NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
    body TEXT NOT NULL, released_seq INTEGER, released_at TEXT, released TEXT);
"""
TABLES = ("hold",)
_COLUMNS = "id, seq, at, body, released_seq, released_at, released"


class HoldLookups:
    """What is asked about holds."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def in_force(self) -> list[Hold]:
        """Those that were not released, oldest first."""
        return [hold for hold in self.ever() if hold.is_active]

    def ever(self) -> list[Hold]:
        """All that there ever were, oldest first."""
        rows = self._database.execute(f"SELECT {_COLUMNS} FROM hold ORDER BY number")  # noqa: S608  constants
        return list(map(_hold, rows))

    def find(self, identity: str) -> Hold | None:
        """The hold of this ID."""
        query = f"SELECT {_COLUMNS} FROM hold WHERE id = ?"  # noqa: S608  constants
        row = self._database.execute(query, (identity,)).fetchone()
        return _hold(row) if row else None

    def next_id(self) -> str:
        """The ID for a new hold."""
        row = self._database.execute("SELECT coalesce(max(number), 0) + 1 FROM hold").fetchone()
        return f"hold-{row[0]}"

    def over(self, feed: str, key: str) -> list[Hold]:
        """The holds in force over an object: those that cover any day under which it can be read."""
        active = self.in_force()
        days = CustodyLookups(self._database).span(key) if active else None
        return [hold for hold in active if days and hold.covers(feed, days)]


def note_hold(database: sqlite3.Connection, commit: Commit, record: Record) -> None:
    """Take in that a hold was added or released; any other record is passed over."""
    if record["record"] not in (HOLD_ADDED, HOLD_RELEASED):
        return
    at, body = timestamp(commit.at), canonical(record).decode()
    if record["record"] == HOLD_ADDED:
        row = (int(record["hold"].partition("-")[2]), record["hold"], commit.seq, at, body)
        database.execute("INSERT OR IGNORE INTO hold (number, id, seq, at, body) VALUES (?, ?, ?, ?, ?)", row)
    else:
        database.execute(
            "UPDATE hold SET released_seq = ?, released_at = ?, released = ? "
            "WHERE id = ? AND released_seq IS NULL",
            (commit.seq, at, body, record["hold"]),
        )


def _hold(row: tuple[Any, ...]) -> Hold:
    identity, seq, at, body, released_seq, released_at, released = row
    record = orjson.loads(body)
    told = {name: record[name] for name in ("platform", "feed", "since", "until", "reason", "authority", "by")}
    return Hold(
        id=identity,
        seq=seq,
        at=at,
        **told,
        released=orjson.loads(released) if released else None,
        released_seq=released_seq,
        released_at=released_at,
    )
