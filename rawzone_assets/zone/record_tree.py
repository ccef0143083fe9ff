"""The Merkle tree over the ledger's records: leaf *n* is the exact line of the *n*-th record, counted from 0.

Every record is a leaf, in the order of the ledger; commits' header lines are not. Hashes are kept in tiles of
256 (as c2sp.org/tlog-tiles does) beside the index, in a file as local, derived and disposable as that: a
million records need 33 MB, any root or proof some hundred hashes. The file is trusted only as far as the
commit it was built up to still has the hash it had, and each tile has its own digest. A tree without a file
is built from the ledger's own files and trusts nothing else.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from rawzone_assets.zone import merkle
from rawzone_assets.zone.errors import IndexFailed, StorageFailed
from rawzone_assets.zone.index_database import (
    database_path,
    keep_head,
    kept_head,
    open_database,
    remove_database,
    transaction,
)
from rawzone_assets.zone.ledger import EMPTY, Head, Ledger
from rawzone_assets.zone.zone import Zone

_VERSION = 1
_HEIGHT = 8  # levels in a tile
_WIDTH = 1 << _HEIGHT
_SCHEMA = """
CREATE TABLE head (seq INTEGER NOT NULL, sha256 TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE extent (seq INTEGER PRIMARY KEY, size INTEGER NOT NULL);
CREATE TABLE tile (
    level INTEGER, number INTEGER, hashes BLOB NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (level, number)) WITHOUT ROWID
"""


def tree_path(state: Path, ledger: Path) -> Path:
    """Where a state folder keeps the tree of the ledger in this folder."""
    return database_path(state, "tree", ledger)


class TreeUnsound(Exception):
    """The kept hashes are not those of the ledger: :meth:`RecordTree.start_over` is the cure."""


class RecordTree:
    """The tree of one ledger. Call :meth:`catch_up` first; close it, or use it as a context."""

    def __init__(self, ledger: Ledger, path: Path | None) -> None:
        """``path`` is where the hashes are kept; ``None`` keeps them in memory, read anew from the ledger."""
        self._ledger = ledger
        self._path = path
        self._tiles: dict[tuple[int, int], bytearray] = {}
        self._changed: set[tuple[int, int]] = set()
        self._database = self._open()

    @classmethod
    def of(cls, zone: Zone, *, anew: bool = False) -> Self:
        """A zone's tree; ``anew`` reads every commit again and trusts no file but the ledger's.

        Like the index it is kept in memory where nothing can be written.
        """
        folder = zone.layout.state
        if not anew and folder.is_dir():  # a reader creates no folder
            try:
                return cls(zone.ledger, tree_path(folder, zone.ledger.folder))
            except (OSError, sqlite3.OperationalError):
                pass
        return cls(zone.ledger, None)

    @property
    def is_kept(self) -> bool:
        """Whether the hashes outlive this process."""
        return self._path is not None

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def catch_up(self) -> Head:
        """Read what was committed since; start over when the file is not of this ledger or not sound.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
            LedgerGone: There is no commit any more.
            StorageFailed: The ledger cannot be read.
            IndexFailed: The file cannot be written.
        """
        with self._failures():
            try:
                return self._catch_up()
            except sqlite3.OperationalError:
                raise  # locked, or its disk is full: the file itself may be sound
            except (sqlite3.DatabaseError, TreeUnsound):
                self._forget()
                return self._catch_up()

    def start_over(self) -> None:
        """Forget every hash: what the file says does not fit the ledger.

        Raises:
            StorageFailed, IndexFailed: The file cannot be removed, or no new one be made.
        """
        with self._failures():
            self._forget()

    def _forget(self) -> None:
        self._database.close()
        self._tiles.clear()
        self._changed.clear()
        remove_database(self._path)
        self._database = self._open()

    def size_at(self, seq: int) -> int:
        """How many records there were once this commit was made; 0 before the first."""
        with self._failures():
            return self._size_at(seq)

    @property
    def size(self) -> int:
        """How many records there are, as far as it was caught up."""
        with self._failures():
            return self._size_at(kept_head(self._database).seq)

    def subtree(self, level: int, number: int) -> bytes:
        """The hash of a complete subtree, as :mod:`merkle` asks for it.

        Raises:
            TreeUnsound: A tile is not as it was written.
        """
        height = level % _HEIGHT
        first = number << height
        with self._failures():
            tile = self._stored_tile(level // _HEIGHT, first >> _HEIGHT)
        begin = (first & (_WIDTH - 1)) * merkle.HASH_SIZE
        hashes = tile[begin : begin + (merkle.HASH_SIZE << height)]
        if len(hashes) != merkle.HASH_SIZE << height:
            raise TreeUnsound
        return merkle.fold(_split(hashes))

    def root(self, size: int) -> bytes:
        """The root over the first ``size`` records.

        Raises:
            TreeUnsound: A tile is not as it was written.
        """
        return merkle.root(self.subtree, size)

    # --- building --------------------------------------------------------------------------------

    def _catch_up(self) -> Head:
        with transaction(self._database):
            self._tiles.clear()  # another process may have added to them since
            self._changed.clear()  # by an attempt that was rolled back
            head = kept_head(self._database)
            if not self._ledger.holds(head):
                self._ledger.check_not_emptied(head, self._path)  # nobody has a zone to testify to
                for table in ("head", "extent", "tile"):
                    self._database.execute(f"DELETE FROM {table}")  # noqa: S608  names from above
                head = EMPTY
            size = self._size_at(head.seq)
            if size != self._kept_size():
                raise TreeUnsound
            for commit in self._ledger.after(head):
                size = self._append(size, map(merkle.leaf_hash, commit.lines))
                self._database.execute("INSERT INTO extent VALUES (?, ?)", (commit.seq, size))
                head = commit.head
            keep_head(self._database, head)
            self._write()
        return head

    def _append(self, size: int, hashes: Iterable[bytes]) -> int:
        for leaf in hashes:
            level, number, added = 0, size, leaf
            while True:
                place = (level, number >> _HEIGHT)
                offset = number & (_WIDTH - 1)
                tile = self._tile(*place) if offset else self._tiles.setdefault(place, bytearray())
                tile += added
                self._changed.add(place)
                if offset < _WIDTH - 1:
                    break
                # The tile is full: its root is an entry of the tile above.
                added = merkle.fold(_split(bytes(tile)))
                level, number = level + 1, number >> _HEIGHT
                if len(self._changed) > _WIDTH:
                    self._write()
            size += 1
        return size

    def _tile(self, level: int, number: int) -> bytearray:
        """A tile while it is built."""
        place = (level, number)
        if place not in self._tiles:
            self._tiles[place] = bytearray(self._stored_tile(level, number))
        return self._tiles[place]

    def _stored_tile(self, level: int, number: int) -> bytes:
        try:
            row = self._database.execute(
                "SELECT hashes, digest FROM tile WHERE level = ? AND number = ?", (level, number)
            ).fetchone()
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError as error:
            raise TreeUnsound from error
        if row is None or hashlib.sha256(row[0]).digest() != row[1]:
            raise TreeUnsound
        return bytes(row[0])

    def _write(self) -> None:
        rows = [(*place, bytes(self._tiles[place])) for place in sorted(self._changed)]
        self._database.executemany(
            "INSERT OR REPLACE INTO tile VALUES (?, ?, ?, ?)",
            [(*row, hashlib.sha256(row[2]).digest()) for row in rows],
        )
        self._changed.clear()
        for place in [place for place, tile in self._tiles.items() if len(tile) == _WIDTH * merkle.HASH_SIZE]:
            del self._tiles[place]

    def _size_at(self, seq: int) -> int:
        row = self._database.execute("SELECT size FROM extent WHERE seq = ?", (seq,)).fetchone()
        return int(row[0]) if row else 0

    def _kept_size(self) -> int:
        row = self._database.execute(
            "SELECT number, length(hashes) FROM tile WHERE level = 0 ORDER BY number DESC LIMIT 1"
        ).fetchone()
        return int(row[0] * _WIDTH + row[1] // merkle.HASH_SIZE) if row else 0

    # --- the file --------------------------------------------------------------------------------

    @contextmanager
    def _failures(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise IndexFailed(self._path, error) from error
        except OSError as error:
            raise StorageFailed("read the ledger", error) from error

    def _open(self) -> sqlite3.Connection:
        return open_database(self._path, schema=_SCHEMA, version=_VERSION)


def _split(hashes: bytes) -> list[bytes]:
    return [hashes[i : i + merkle.HASH_SIZE] for i in range(0, len(hashes), merkle.HASH_SIZE)]
