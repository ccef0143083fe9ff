"""The index's database: its tables, and how a file of derived tables is opened. What is asked is elsewhere."""

from __future__ import annotations

import shutil
import sqlite3
from pathlib import Path

from rawzone_assets.zone import index_tallies

_LEAST_FREE = 2**19
"""Bytes. SQLite maps a file beside the database: where a full disk cannot back it, the process is killed."""

_VERSION = 6
_SCHEMA = f"""
CREATE TABLE head (seq INTEGER NOT NULL, sha256 TEXT NOT NULL, at TEXT);
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, feed TEXT, partition TEXT, name TEXT, verdict TEXT NOT NULL,
    sha256 BLOB, key TEXT, revision INTEGER, landing_path TEXT NOT NULL, form INTEGER, captured_at TEXT,
    size INTEGER, records INTEGER, data_min TEXT, substance BLOB, fingerprint BLOB, outline TEXT,
    diary TEXT, data_max TEXT, body TEXT NOT NULL);
CREATE INDEX receipt_name ON receipt (feed, name);
CREATE INDEX receipt_sha256 ON receipt (sha256);
CREATE INDEX receipt_partition ON receipt (feed, partition);
CREATE INDEX receipt_path ON receipt (landing_path);
CREATE INDEX receipt_key ON receipt (key);
CREATE INDEX receipt_refused ON receipt (feed, partition) WHERE verdict = 'quarantined';
CREATE INDEX receipt_past ON receipt (form, captured_at);
CREATE INDEX receipt_substance ON receipt (substance, captured_at);
CREATE INDEX receipt_outline ON receipt (form, fingerprint) WHERE outline IS NOT NULL;
CREATE INDEX receipt_data ON receipt (feed, data_max, data_min, partition) WHERE data_max IS NOT NULL;
CREATE TABLE seen (
    path TEXT PRIMARY KEY, signature TEXT NOT NULL, feed TEXT, verdict TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE scrubbed (first INTEGER NOT NULL, last INTEGER NOT NULL, began TEXT NOT NULL);
CREATE TABLE upkeep (place TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX upkeep_place ON upkeep (place);
{index_tallies.SCHEMA}"""


def open_database(path: str, *, schema: str = _SCHEMA, version: int = _VERSION) -> sqlite3.Connection:
    """The database at ``path`` (or ``:memory:``), created when it is not there.

    Raises:
        sqlite3.OperationalError: It is locked, not writable, or its disk is all but full.
        sqlite3.DatabaseError: The file is damaged or of another version.
    """
    if path != ":memory:" and shutil.disk_usage(Path(path).parent).free < _LEAST_FREE:
        raise sqlite3.OperationalError("the disk of the index is all but full")
    database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        found = database.execute("PRAGMA user_version").fetchone()[0]
        if found == 0:
            for statement in schema.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {version}")
        database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    if found not in (0, version):
        database.close()
        raise sqlite3.DatabaseError(f"index version {found} is not {version}")
    return database
