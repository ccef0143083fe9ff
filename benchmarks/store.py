"""The yardsticks' store: objects in folders and a ledger in SQLite, with nothing round them.

No redo log, no lock, no quarantine and no chain: a crash may leave objects that no row tells of.
"""

from __future__ import annotations

import ctypes
import os
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import closing
from pathlib import Path

_WRITE_OUT = 2  # SYNC_FILE_RANGE_WRITE: begin to write, do not wait
_LIBC = ctypes.CDLL(None, use_errno=True)

Row = tuple[str, str, bytes, int, int, str]
"""Path, feed, SHA-256, size, stored size, verdict."""


def open_ledger(folder: Path) -> sqlite3.Connection:
    """The ledger of a store, created if need be."""
    folder.mkdir(parents=True, exist_ok=True)
    ledger = sqlite3.connect(folder / "ledger.sqlite", isolation_level=None)
    ledger.execute("PRAGMA journal_mode=WAL")
    ledger.execute("PRAGMA synchronous=FULL")
    ledger.execute(
        "CREATE TABLE IF NOT EXISTS files "
        "(path TEXT, feed TEXT, sha256 BLOB, size INT, stored INT, verdict TEXT)"
    )
    ledger.execute(
        "CREATE UNIQUE INDEX IF NOT EXISTS digests ON files (sha256, feed) WHERE verdict = 'promoted'"
    )
    return ledger


def record(ledger: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """One commit. Of two promoted rows with the same bytes the second becomes a duplicate."""
    ledger.execute("BEGIN IMMEDIATE")
    for row in rows:
        try:
            ledger.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, ?)", row)
        except sqlite3.IntegrityError:
            ledger.execute("INSERT INTO files VALUES (?, ?, ?, ?, ?, 'duplicate')", row[:5])
    ledger.execute("COMMIT")


class Batch:
    """Objects that become durable together: each file synced, each renamed, each folder synced once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._open: list[tuple[int, str, str]] = []
        self._folders: set[str] = set()

    def add(self, key: str, data: bytes | bytearray) -> None:
        """Write an object and let the system begin to write it out."""
        path = os.path.join(self._root, key)
        folder = os.path.dirname(path)
        self._make(folder)
        staged = f"{path}.{os.getpid()}.tmp"
        descriptor = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o444)
        os.write(descriptor, data)
        _LIBC.sync_file_range(descriptor, ctypes.c_int64(0), ctypes.c_int64(0), _WRITE_OUT)
        self._open.append((descriptor, staged, path))

    def publish(self) -> None:
        for descriptor, _, _ in self._open:
            os.fsync(descriptor)
            os.close(descriptor)
        for _, staged, path in self._open:
            os.rename(staged, path)
        sync_folders(self._folders)

    def _make(self, folder: str) -> None:
        if folder in self._folders:
            return
        os.makedirs(folder, exist_ok=True)
        self._folders.add(folder)
        while len(folder) > len(str(self._root)):
            folder = os.path.dirname(folder)
            self._folders.add(folder)


def sync_folders(folders: Iterable[str]) -> None:
    for folder in folders:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        os.fsync(descriptor)
        os.close(descriptor)


def verdicts_in(folder: Path) -> Sequence[tuple[str, str]]:
    """What became of each path."""
    with closing(sqlite3.connect(folder / "ledger.sqlite")) as ledger:
        return ledger.execute("SELECT path, verdict FROM files").fetchall()
