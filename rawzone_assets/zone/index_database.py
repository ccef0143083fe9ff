"""The index's database: its tables, and how a file of derived tables is kept. What is asked is elsewhere.

Every such file has a table ``head`` that says up to which commit of which ledger it was built.
"""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from rawzone_assets.zone import drills, index_custody, index_days, index_holds, index_seen, index_tallies
from rawzone_assets.zone.ledger import EMPTY, Head
from rawzone_assets.zone.local_files import may_write
from rawzone_assets.zone.receipt import moment, timestamp

_LEAST_FREE = 2**19
"""Bytes. SQLite maps a file beside the database: where a full disk cannot back it, the process is killed."""

_CACHE = 32 * 2**20
"""Bytes of pages that a connection keeps: building touches most tables' ends for every receipt."""

_PAGE = 8192
"""Bytes. Records are of one to two kB: more of a page is used than of half of it, and a commit writes fewer."""

_CHECKPOINT = 16 * 2**20
"""Bytes of log after which its pages go into the database: what several commits change is then copied once."""

_VERSION = 13
# ``receipt`` is narrow, so that a question reads few pages of it; whole records lie apart, in ``body``.
_SCHEMA = f"""
CREATE TABLE head (seq INTEGER NOT NULL, sha256 TEXT NOT NULL, at TEXT);
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, feed TEXT, partition TEXT, name TEXT, verdict TEXT NOT NULL,
    sha256 BLOB, key TEXT, revision INTEGER, landing_path TEXT NOT NULL, form INTEGER, captured_at TEXT,
    size INTEGER, records INTEGER, data_min TEXT, substance BLOB, fingerprint BLOB, refused_copy TEXT,
    refused_findings TEXT, outline TEXT, diary TEXT, stored_size INTEGER, accepted_later INTEGER, away INTEGER);
CREATE INDEX receipt_day ON receipt (feed, partition, name);
CREATE INDEX receipt_name ON receipt (name, feed);
CREATE INDEX receipt_sha256 ON receipt (sha256);
CREATE INDEX receipt_path ON receipt (landing_path);
CREATE INDEX receipt_key ON receipt (key);
CREATE INDEX receipt_past ON receipt (form, captured_at) WHERE verdict IN ('promoted', 'duplicate');
CREATE INDEX receipt_substance ON receipt (substance, captured_at);
CREATE INDEX receipt_outline ON receipt (form, fingerprint) WHERE outline IS NOT NULL;
CREATE INDEX receipt_hot ON receipt (feed, captured_at, key, stored_size)
    WHERE verdict = 'promoted' AND away IS NULL;
CREATE INDEX receipt_again ON receipt (feed, captured_at, key) WHERE verdict = 'duplicate';
CREATE INDEX receipt_refused ON receipt (feed, partition, accepted_later) WHERE verdict = 'quarantined';
CREATE INDEX receipt_refusal ON receipt (name) WHERE verdict = 'quarantined';
CREATE INDEX receipt_copy ON receipt (refused_copy) WHERE refused_copy IS NOT NULL;
CREATE INDEX receipt_findings ON receipt (refused_findings) WHERE refused_findings IS NOT NULL;
CREATE TABLE body (id INTEGER PRIMARY KEY, text TEXT NOT NULL);
CREATE TABLE scrubbed (first INTEGER NOT NULL, last INTEGER NOT NULL, began TEXT NOT NULL);
CREATE TABLE upkeep (place TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL);
CREATE INDEX upkeep_place ON upkeep (place);
{index_days.SCHEMA}
{index_seen.SCHEMA}
{index_custody.SCHEMA}
{index_holds.SCHEMA}
{drills.TABLE_SCHEMA}
{index_tallies.SCHEMA}"""


def database_path(folder: Path, kind: str, ledger: Path) -> Path:
    """Where a database of this kind over the ledger in ``ledger`` lies: zones may share a state folder."""
    return folder / f"{kind}-{hashlib.sha256(str(ledger).encode()).hexdigest()[:12]}.sqlite3"


def open_database(path: Path | None, *, schema: str = _SCHEMA, version: int = _VERSION) -> sqlite3.Connection:
    """The database at ``path``, empty in place of one that is damaged or of another version.

    It is derived, so the cure is to build it anew. ``None`` keeps it in memory.

    Raises:
        OSError: A damaged one cannot be removed.
        sqlite3.OperationalError: It is locked, not writable, or its disk is all but full.
    """
    if path is None:
        return _opened(":memory:", schema=schema, version=version)
    if path.exists() and not may_write(path):
        # SQLite would leave files beside it, where the folder allows that, which its owner could not write.
        raise sqlite3.OperationalError("attempt to write a readonly database")
    try:
        return _opened(str(path), schema=schema, version=version)
    except sqlite3.OperationalError:
        raise  # locked or not writable: the file itself may be sound
    except sqlite3.DatabaseError:
        remove_database(path)
        return _opened(str(path), schema=schema, version=version)


@contextmanager
def looking_into(path: Path) -> Iterator[sqlite3.Connection]:
    """A database that is read so that no file is left beside it; with a log there, it is in use or was cut off.

    Raises:
        sqlite3.Error: It cannot be read.
    """
    mode = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    with closing(sqlite3.connect(f"{path.as_uri()}?{mode}", uri=True, timeout=5)) as database:
        yield database


def remove_database(path: Path | None) -> None:
    """Remove the file of a closed database and those that SQLite keeps beside it.

    Raises:
        OSError: The disk refused.
    """
    if path is not None:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)


@contextmanager
def transaction(database: sqlite3.Connection) -> Iterator[None]:
    """All of what is written within, or nothing."""
    database.execute("BEGIN IMMEDIATE")
    if not database.in_transaction:  # its failure was lost to another thread that used the connection just then
        raise sqlite3.OperationalError("a transaction could not be begun")
    try:
        yield
        database.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):  # a full disk or a damaged file has rolled back already
            database.execute("ROLLBACK")
        raise


def kept_head(database: sqlite3.Connection) -> Head:
    """The commit up to which the tables were built."""
    row = database.execute("SELECT seq, sha256, at FROM head").fetchone()
    return Head(seq=row[0], sha256=row[1], at=moment(row[2])) if row else EMPTY


def keep_head(database: sqlite3.Connection, head: Head) -> None:
    """Note that the tables are built up to this commit."""
    database.execute("DELETE FROM head")
    if head.at is not None:
        row = (head.seq, head.sha256, timestamp(head.at))
        database.execute("INSERT INTO head VALUES (?, ?, ?)", row)


def _opened(path: str, *, schema: str, version: int) -> sqlite3.Connection:
    """The database at ``path`` (or ``:memory:``), created when it is not there.

    Raises:
        sqlite3.OperationalError: It is locked, not writable, or its disk is all but full.
        sqlite3.DatabaseError: The file is damaged or of another version.
    """
    if path != ":memory:" and shutil.disk_usage(Path(path).parent).free < _LEAST_FREE:
        raise sqlite3.OperationalError("the disk of the index is all but full")
    database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        database.execute(f"PRAGMA page_size = {_PAGE}")
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(f"PRAGMA cache_size = {-_CACHE // 1024}")
        database.execute(f"PRAGMA wal_autocheckpoint = {_CHECKPOINT // _PAGE}")
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
