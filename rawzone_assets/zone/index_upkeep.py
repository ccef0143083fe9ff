"""Upkeep in the index: when stored files were last re-read, found damaged, repaired. A part of the index."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

import orjson

from rawzone_assets.zone import upkeep
from rawzone_assets.zone.index_tallies import restate
from rawzone_assets.zone.receipt import Record, canonical

TABLES = ("scrubbed", "upkeep")


@dataclass(frozen=True, kw_only=True)
class Event:
    """A ``damaged`` or ``repaired`` record and the number of its commit."""

    seq: int
    record: Record


class UpkeepLookups:
    """What readers ask about the upkeep of a file."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def last_scrubbed(self, seq: int) -> str | None:
        """When a scrub last began to re-read the files of a commit; ``None`` when none has."""
        query = "SELECT max(began) FROM scrubbed WHERE first <= ? AND last >= ?"
        found: str | None = self._database.execute(query, (seq, seq)).fetchone()[0]
        return found

    def events(self, place: str) -> list[Event]:
        """The damage and repairs of a place, oldest first."""
        query = "SELECT seq, body FROM upkeep WHERE place = ? ORDER BY seq, rowid"
        rows = self._database.execute(query, (place,))
        return [Event(seq=seq, record=orjson.loads(body)) for seq, body in rows]

    def repairs(self) -> list[Event]:
        """The repairs of all places, oldest first."""
        query = "SELECT seq, body FROM upkeep WHERE body ->> '$.record' = ? ORDER BY seq, rowid"
        rows = self._database.execute(query, (upkeep.REPAIRED,))
        return [Event(seq=seq, record=orjson.loads(body)) for seq, body in rows]


def note_upkeep(database: sqlite3.Connection, seq: int, record: Record) -> None:
    """Take in a record of upkeep; any other kind is passed over."""
    kind = record.get("record")
    if kind == upkeep.SCRUBBED:
        rows = [(first, last, record["began"]) for first, last in upkeep.spans_of(record)]
        database.executemany("INSERT INTO scrubbed VALUES (?, ?, ?)", rows)
    elif kind in (upkeep.DAMAGED, upkeep.REPAIRED):
        row = (record["place"], seq, canonical(record).decode())
        database.execute("INSERT INTO upkeep VALUES (?, ?, ?)", row)
    if kind == upkeep.REPAIRED and (
        not record["place"].startswith(f"{upkeep.ARCHIVE}/") or _is_archived(database, record)
    ):
        restate_form(database, record["place"], record)


def _is_archived(database: sqlite3.Connection, record: Record) -> bool:
    """Whether readers get the archive copy that was repaired, and not one in raw of perhaps another form."""
    query = "SELECT 1 FROM custody WHERE key = ? AND whereabouts = 'archive'"
    return database.execute(query, (record["key"],)).fetchone() is not None


def restate_form(database: sqlite3.Connection, place: str, record: Record) -> None:
    """Readers must find the stored form that a repair or a move left, which is seldom another than before."""
    root, _, inner = place.partition("/")
    places = (
        "INDEXED BY receipt_key JOIN body USING (id) WHERE key = :inner AND verdict = 'promoted'"
        if root in (upkeep.RAW, upkeep.ARCHIVE)
        else "INDEXED BY receipt_copy JOIN body USING (id) WHERE refused_copy = :inner "
        "AND verdict = 'quarantined' AND feed = :feed AND partition = :partition"
    )
    found = database.execute(
        f"SELECT id, seq, feed, verdict, text ->> '$.stored_size' FROM receipt {places} "  # noqa: S608  constants
        "AND sha256 = :digest AND text ->> '$.stored_sha256' != :stored_sha256",
        {
            **{name: record[name] for name in ("stored_sha256", "feed", "partition")},
            "inner": inner,
            "digest": bytes.fromhex(record["sha256"]),
        },
    ).fetchall()
    for id_, seq, feed, verdict, size in found:
        restate(database, seq, feed, verdict, record["stored_size"] - size)
        database.execute("UPDATE receipt SET stored_size = ? WHERE id = ?", (record["stored_size"], id_))
        database.execute(
            "UPDATE body SET text = json_set(text, '$.stored_sha256', ?, '$.stored_size', ?, '$.encoding', ?) "
            "WHERE id = ?",
            (record["stored_sha256"], record["stored_size"], record["encoding"], id_),
        )
