"""The index: a look-up table over the ledger, so that deciding does not read years of receipts.

It is derived, local and disposable: losing it costs one reading of the ledger. It is trusted only as far as
the ledger file it was built up to still has the hash it had. It also remembers which landed files (path,
device, inode, size, times) have been dealt with, so that a second run need not read them again.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.zone.errors import IndexFailed, StorageFailed
from rawzone_assets.zone.layout import REFUSAL_DIGITS
from rawzone_assets.zone.ledger import EMPTY, Commit, Head, Ledger
from rawzone_assets.zone.past_lookups import PastLookups, form_of
from rawzone_assets.zone.receipt import Receipt, Verdict, moment, timestamp

_VERSION = 2
_SCHEMA = """
CREATE TABLE head (seq INTEGER NOT NULL, sha256 TEXT NOT NULL, at TEXT);
CREATE TABLE receipt (
    id INTEGER PRIMARY KEY, seq INTEGER NOT NULL, feed TEXT, partition TEXT, name TEXT, verdict TEXT NOT NULL,
    sha256 BLOB, key TEXT, revision INTEGER, landing_path TEXT NOT NULL, form INTEGER, captured_at TEXT,
    size INTEGER, records INTEGER, data_min TEXT, substance BLOB, fingerprint BLOB, outline TEXT,
    body TEXT NOT NULL);
CREATE INDEX receipt_name ON receipt (feed, name);
CREATE INDEX receipt_sha256 ON receipt (sha256);
CREATE INDEX receipt_partition ON receipt (feed, partition);
CREATE INDEX receipt_path ON receipt (landing_path);
CREATE INDEX receipt_key ON receipt (key);
CREATE INDEX receipt_refused ON receipt (feed, partition) WHERE verdict = 'quarantined';
CREATE INDEX receipt_past ON receipt (form, captured_at);
CREATE INDEX receipt_substance ON receipt (substance, captured_at);
CREATE INDEX receipt_outline ON receipt (form, fingerprint) WHERE outline IS NOT NULL;
CREATE TABLE seen (
    path TEXT PRIMARY KEY, signature TEXT NOT NULL, feed TEXT, verdict TEXT NOT NULL) WITHOUT ROWID;
"""
# A refusal is closed by a later receipt that accepts the same bytes under the same name, landed or replayed.
_OPEN = (
    "verdict = 'quarantined' AND NOT EXISTS (SELECT 1 FROM receipt AS later INDEXED BY receipt_name "
    "WHERE later.feed = receipt.feed AND later.name = receipt.name AND later.sha256 = receipt.sha256 "
    "AND later.verdict IN ('promoted', 'duplicate') AND later.id > receipt.id)"
)


@dataclass(frozen=True, kw_only=True)
class Stored:
    """An object in raw as deciding needs it."""

    key: str
    revision: int
    sha256: str


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A receipt and the number of the commit that holds it."""

    seq: int
    receipt: Receipt


@dataclass(frozen=True, kw_only=True)
class Total:
    """The receipts of one feed and verdict, added up."""

    feed: str
    verdict: Verdict
    receipts: int
    revisions: int  # of them, those that revise an earlier object
    size: int
    stored_size: int
    data_max: str | None
    captured_at: str | None  # the newest


class Index:
    """Look-ups over one ledger. Call :meth:`catch_up` before trusting an answer."""

    def __init__(self, ledger: Ledger, folder: Path | None) -> None:
        """``folder`` is local scratch space; ``None`` keeps the index in memory."""
        self._ledger = ledger
        self._path = index_path(folder, ledger.folder) if folder else None
        self._database = self._open()
        self._head = self._stored_head()

    @property
    def head(self) -> Head:
        """The commit up to which this index answers."""
        return self._head

    @property
    def past(self) -> PastLookups:
        """What a delivery is compared with."""
        return PastLookups(self._database)

    def close(self) -> None:
        self._database.close()

    def catch_up(self) -> Head:
        """Read what was committed since; start over when the ledger is not the one this index was built on.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
            StorageFailed: The ledger cannot be read, or the index cannot be written.
        """
        try:
            with self.usable():
                try:
                    return self._catch_up()
                except sqlite3.OperationalError:
                    raise  # locked, or its disk is full: the file itself may be sound
                except sqlite3.DatabaseError:
                    self._database.close()
                    self._database = self._rebuild()
                    return self._catch_up()
        except OSError as error:
            raise StorageFailed("read the ledger", error) from error

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Says what to do when SQLite fails.

        Raises:
            IndexFailed: It did.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise IndexFailed(self._path, error) from error

    def _catch_up(self) -> Head:
        with self._transaction():
            self._head = self._stored_head()  # another process may have moved it
            if not self._still_true(self._head):
                self._clear()
            for commit in self._ledger.after(self._head):
                self._apply(commit)
        return self._head

    # --- what deciding asks ----------------------------------------------------------------------

    def revisions(self, feed: str, name: str) -> list[Stored]:
        """The promoted revisions of a name, oldest first."""
        rows = self._database.execute(
            "SELECT key, revision, sha256 FROM receipt WHERE feed = ? AND name = ? AND verdict = 'promoted' "
            "ORDER BY revision",
            (feed, name),
        )
        return [Stored(key=key, revision=revision, sha256=sha.hex()) for key, revision, sha in rows]

    def stored(self, feed: str, sha256: str) -> Stored | None:
        """The object of that feed which holds these bytes."""
        row = self._database.execute(
            "SELECT key, revision FROM receipt WHERE sha256 = ? AND feed = ? AND verdict = 'promoted' LIMIT 1",
            (bytes.fromhex(sha256), feed),
        ).fetchone()
        return Stored(key=row[0], revision=row[1], sha256=sha256) if row else None

    def already_decided(self, feed: str, name: str, sha256: str, landing_path: str) -> Verdict | None:
        """The verdict on exactly these bytes under this name and path, if there is one."""
        row = self._database.execute(
            "SELECT verdict FROM receipt WHERE sha256 = ? AND feed = ? AND name = ? AND landing_path = ? "
            "ORDER BY id DESC LIMIT 1",
            (bytes.fromhex(sha256), feed, name, landing_path),
        ).fetchone()
        return Verdict(row[0]) if row else None

    def refusals(self, feed: str, sha256: str) -> int:
        """How many quarantined deliveries of the feed have bytes whose hash begins like this one."""
        begin = sha256[:REFUSAL_DIGITS]
        row = self._database.execute(
            "SELECT count(*) FROM receipt "
            "WHERE sha256 BETWEEN ? AND ? AND feed = ? AND verdict = 'quarantined'",
            (bytes.fromhex(begin.ljust(64, "0")), bytes.fromhex(begin.ljust(64, "f")), feed),
        ).fetchone()
        return int(row[0])

    def holds(self, key: str) -> bool:
        """Whether an object of this key was promoted."""
        row = self._database.execute(
            "SELECT 1 FROM receipt WHERE key = ? AND verdict = 'promoted' LIMIT 1", (key,)
        ).fetchone()
        return row is not None

    def unrecognized(self, landing_path: str) -> bool:
        """Whether the newest receipt for this path says it is unrecognized."""
        row = self._database.execute(
            "SELECT verdict FROM receipt WHERE landing_path = ? ORDER BY id DESC LIMIT 1", (landing_path,)
        ).fetchone()
        return row is not None and row[0] == Verdict.UNRECOGNIZED

    def names_place(self, path: str) -> bool:
        """Whether a receipt puts an object, a refused delivery or its findings at this path below its root."""
        row = self._database.execute(
            "SELECT 1 FROM receipt WHERE (key = ? AND verdict = 'promoted') "
            "OR (verdict = 'quarantined' AND (body ->> '$.quarantine.path' = ? "
            "OR body ->> '$.quarantine.findings' = ?)) LIMIT 1",
            (path, path, path),
        ).fetchone()
        return row is not None

    # --- landed files that have been dealt with --------------------------------------------------

    def seen(self) -> dict[str, tuple[str, str | None, str]]:
        """Landing path to (signature, feed, verdict) of every landed file dealt with in its present form."""
        with self.usable():
            rows = self._database.execute("SELECT path, signature, feed, verdict FROM seen")
            return {path: (signature, feed, verdict) for path, signature, feed, verdict in rows}

    def remember(self, entities: Iterable[tuple[str, str, str | None, str]]) -> None:
        """Note (path, signature, feed, verdict) of landed files that need no reading again."""
        with self.usable(), self._transaction():
            self._database.executemany("INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)", list(entities))

    # --- what readers ask ------------------------------------------------------------------------

    def entries(
        self,
        *,
        feeds: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        verdicts: Sequence[str] = (),
        partitions: Sequence[str] = (),
        open_refusals: bool = False,
    ) -> Iterator[Entry]:
        """Receipts in ledger order; ``since`` and ``until`` are partitions, both included.

        ``open_refusals`` leaves only refused deliveries whose bytes were not accepted under their name since.
        """
        clauses, values = [_OPEN if open_refusals else "1"], list[Any]()
        for column, wanted in (("feed", feeds), ("verdict", verdicts), ("partition", partitions)):
            if wanted:
                clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values.extend(wanted)
        for operator, day in ((">=", since), ("<=", until)):
            if day:
                clauses.append(f"partition {operator} ?")
                values.append(day)
        # The clauses are built from constants above, every value is bound.
        query = f"SELECT seq, body FROM receipt WHERE {' AND '.join(clauses)} ORDER BY id"  # noqa: S608
        with closing(self._database.execute(query, values)) as rows:
            for seq, body in rows:
                yield Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body)))

    def open_refusals(self) -> dict[str, int]:
        """How many refused deliveries of each feed were not accepted since."""
        query = f"SELECT feed, count(*) FROM receipt WHERE {_OPEN} GROUP BY feed"  # noqa: S608
        return dict(self._database.execute(query))

    def find(self, wanted: str) -> list[Entry]:
        """Receipts whose key, stored name, landing path or SHA-256 (or a prefix of 8 or more) is ``wanted``."""
        clauses = ["key = ?", "name = ?", "landing_path = ?"]
        values: list[Any] = [wanted, wanted, wanted]
        lowered = wanted.lower()
        if len(lowered) >= 8 and all(c in "0123456789abcdef" for c in lowered):
            clauses.append("sha256 >= ? AND sha256 <= ?")
            low, high = lowered.ljust(64, "0"), lowered.ljust(64, "f")
            values += [bytes.fromhex(low[:64]), bytes.fromhex(high[:64])]
        query = f"SELECT seq, body FROM receipt WHERE {' OR '.join(clauses)} ORDER BY id"  # noqa: S608
        rows = self._database.execute(query, values).fetchall()
        return [Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body))) for seq, body in rows]

    def newest(self, feed: str) -> Iterator[Entry]:
        """A feed's receipts, newest capture day first. Reads no further than the caller does."""
        query = "SELECT seq, body FROM receipt WHERE feed = ? ORDER BY partition DESC, id DESC"
        with closing(self._database.execute(query, (feed,))) as rows:
            for seq, body in rows:
                yield Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body)))

    def feeds(self) -> list[str]:
        """Every feed that a receipt names."""
        rows = self._database.execute("SELECT DISTINCT feed FROM receipt WHERE feed IS NOT NULL ORDER BY feed")
        return [feed for (feed,) in rows]

    def partitions(self, feed: str) -> list[str]:
        """The capture days of a feed's receipts, oldest first."""
        rows = self._database.execute(
            "SELECT DISTINCT partition FROM receipt WHERE feed = ? ORDER BY partition", (feed,)
        )
        return [partition for (partition,) in rows]

    def totals(self) -> list[Total]:
        """What the receipts of each feed add up to, by verdict; counted here because there may be millions."""
        # The LIMIT makes SQLite take the four facts out of each body first, and not sort the bodies themselves.
        rows = self._database.execute(
            "SELECT feed, verdict, count(*), total(revision > 1), total(size), total(stored_size), "
            "max(data_max), max(captured_at) FROM ("
            "SELECT feed, verdict, revision, body ->> '$.size' AS size, "
            "body ->> '$.stored_size' AS stored_size, body ->> '$.data_max' AS data_max, "
            "body ->> '$.captured_at' AS captured_at "
            "FROM receipt WHERE feed IS NOT NULL LIMIT -1) GROUP BY feed, verdict"
        )
        return [
            Total(
                feed=feed,
                verdict=Verdict(verdict),
                receipts=receipts,
                revisions=int(revisions),
                size=int(size),
                stored_size=int(stored_size),
                data_max=data_max,
                captured_at=captured_at,
            )
            for feed, verdict, receipts, revisions, size, stored_size, data_max, captured_at in rows
        ]

    # --- building --------------------------------------------------------------------------------

    def _apply(self, commit: Commit) -> None:
        for record in commit.records:
            if record["record"] != "receipt":
                continue
            self._insert(commit.seq, Receipt.from_record(record))
        self._head = commit.head
        self._database.execute("DELETE FROM head")
        self._database.execute(
            "INSERT INTO head VALUES (?, ?, ?)", (commit.seq, commit.sha256, timestamp(commit.at))
        )

    def _insert(self, seq: int, receipt: Receipt) -> None:
        self._database.execute(
            "INSERT INTO receipt "
            "(seq, feed, partition, name, verdict, sha256, key, revision, landing_path, form, captured_at, "
            "size, records, data_min, substance, fingerprint, outline, body) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                seq,
                receipt.feed,
                receipt.partition,
                receipt.name,
                str(receipt.verdict),
                _digest(receipt.sha256),
                receipt.key,
                receipt.revision,
                receipt.landing_path,
                form_of(receipt),
                receipt.captured_at,
                receipt.size,
                receipt.records,
                receipt.data_min,
                _digest(receipt.substance),
                _digest(receipt.fingerprint),
                orjson.dumps(receipt.outline).decode() if receipt.outline else None,
                orjson.dumps(receipt.as_record()).decode(),
            ),
        )
        if receipt.replays is not None:
            self._correct_seen(receipt)
        elif receipt.landed is not None:
            self._database.execute(
                "INSERT OR REPLACE INTO seen VALUES (?, ?, ?, ?)",
                (receipt.landing_path, signature_of(receipt), receipt.feed, str(receipt.verdict)),
            )

    def _correct_seen(self, receipt: Receipt) -> None:
        """A replay changes the state of a landed file only if that still holds the bytes refused then."""
        self._database.execute(
            "UPDATE seen SET verdict = :verdict WHERE path = :path AND feed = :feed AND :sha256 = ("
            "SELECT sha256 FROM receipt WHERE landing_path = :path AND id < last_insert_rowid() "
            "ORDER BY id DESC LIMIT 1)",
            {
                "verdict": str(receipt.verdict),
                "path": receipt.landing_path,
                "feed": receipt.feed,
                "sha256": bytes.fromhex(receipt.sha256 or ""),
            },
        )

    def _still_true(self, head: Head) -> bool:
        if head.seq < 0:
            return True
        data = self._ledger.bytes_of(head.seq)
        return data is not None and hashlib.sha256(data).hexdigest() == head.sha256

    def _stored_head(self) -> Head:
        row = self._database.execute("SELECT seq, sha256, at FROM head").fetchone()
        return Head(seq=row[0], sha256=row[1], at=moment(row[2])) if row else EMPTY

    def _clear(self) -> None:
        for table in ("head", "receipt", "seen"):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608
        self._head = EMPTY

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            with suppress(sqlite3.Error):  # a full disk or a damaged file has rolled back already
                self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _open(self) -> sqlite3.Connection:
        if self._path is None:
            return _create(":memory:")
        self._path.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _create(str(self._path))
        except sqlite3.OperationalError:
            raise  # locked or not writable: the file itself may be sound
        except sqlite3.DatabaseError:
            return self._rebuild()  # unreadable or of another version

    def _rebuild(self) -> sqlite3.Connection:
        """An empty index in place of a damaged one: it is derived, so the cure is to build it anew."""
        if self._path is None:
            return _create(":memory:")
        for suffix in ("", "-wal", "-shm"):
            self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)
        return _create(str(self._path))


def index_path(folder: Path, ledger: Path) -> Path:
    """Where the index of the ledger in ``ledger`` lies, so that zones may share a state folder."""
    return folder / f"index-{hashlib.sha256(str(ledger).encode()).hexdigest()[:12]}.sqlite3"


def _digest(digits: str | None) -> bytes | None:
    return bytes.fromhex(digits) if digits else None


def signature_of(receipt: Receipt) -> str:
    """The landed file's identity at the time of the receipt, as :meth:`Landed.signature` writes it."""
    landed = receipt.landed or {}
    return ":".join(
        str(value)
        for value in (
            landed.get("device"),
            landed.get("inode"),
            landed.get("size"),
            landed.get("mtime_ns"),
            landed.get("ctime_ns"),
        )
    )


def _create(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, timeout=60, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("BEGIN IMMEDIATE")
        version = database.execute("PRAGMA user_version").fetchone()[0]
        if version == 0:
            for statement in _SCHEMA.split(";"):
                database.execute(statement)
            database.execute(f"PRAGMA user_version = {_VERSION}")
        database.execute("COMMIT")
    except BaseException:
        database.close()
        raise
    if version not in (0, _VERSION):
        database.close()
        raise sqlite3.DatabaseError(f"index version {version} is not {_VERSION}")
    return database
