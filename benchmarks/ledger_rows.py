"""Ledger rows: what a receipt costs once it is decided, a thousand a commit, beside a bare SQLite table.

The receipts are those of a corpus as the core promotes it. Committing them anew composes the chained ledger
file, writes it, and takes it into the index with all look-up tables that deciding and reading ask. The bare
table keeps the same texts under two indexes and is asked nothing else.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import orjson

from benchmarks.core import promote_core
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.ledger import EMPTY, Author, Ledger, compose_commit
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Record

A_COMMIT = 1000
"""Rows of a commit or transaction."""

_BARE = """
CREATE TABLE receipt (id INTEGER PRIMARY KEY, sha256 BLOB UNIQUE, feed TEXT, captured_at TEXT, text TEXT);
CREATE INDEX receipt_feed ON receipt (feed, captured_at);
"""
_AUTHOR = Author(run_id="rows", writer="benchmarks", code_version="1")

_Batches = Sequence[Sequence[bytes]]


def cost_of_rows(landing: Path, folder: Path, *, turns: int) -> dict[str, float]:
    """Median CPU microseconds a row of each part, measured in turns. The bare table is ``bare``."""
    promote_core(landing, folder / "home")
    lines = [
        line for commit in _ledger(folder / "home" / "raw" / "_ledger").after(EMPTY) for line in commit.lines
    ]
    batches = [lines[start : start + A_COMMIT] for start in range(0, len(lines), A_COMMIT)]
    took: dict[str, list[float]] = {"ledger": [], "index": [], "bare": []}
    with collected_seldom():  # as a promotion does
        for turn in range(turns):
            ledger, index = _committed(batches, folder / f"ours-{turn}")
            took["ledger"].append(ledger)
            took["index"].append(index)
            took["bare"].append(_kept_barely(batches, folder / f"bare-{turn}.sqlite3"))
    return {part: 1e6 * median(seconds) / len(lines) for part, seconds in took.items()}


def _committed(batches: _Batches, folder: Path) -> tuple[float, float]:
    """CPU seconds of composing and writing the ledger, and of taking it into the index."""
    (folder / "ledger").mkdir(parents=True)
    ledger = _ledger(folder / "ledger")
    index = Index(ledger, folder / "state")
    head, composing, following = index.catch_up(), 0.0, 0.0
    for records in _parsed(batches):
        started = time.process_time()
        commit = compose_commit(records, after=head, at=datetime.now(UTC), author=_AUTHOR)
        ledger.path(commit.seq).write_bytes(commit.data)
        written = time.process_time()
        head = index.follow(commit)
        composing += written - started
        following += time.process_time() - written
    index.close()
    return composing, following


def _kept_barely(batches: _Batches, path: Path) -> float:
    """CPU seconds of adding the same records to a table with two indexes."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.executescript(_BARE)
    took = 0.0
    for number, records in enumerate(_parsed(batches)):
        started = time.process_time()
        told = zip(records, batches[number], strict=True)
        rows = [
            (_digest(record), record.get("feed"), record.get("captured_at"), line.decode())
            for record, line in told
        ]
        database.execute("BEGIN")
        # The same bytes may have been delivered twice.
        database.executemany("INSERT OR IGNORE INTO receipt VALUES (NULL, ?, ?, ?, ?)", rows)
        database.execute("COMMIT")
        took += time.process_time() - started
    database.close()
    return took


def _parsed(batches: _Batches) -> Iterator[list[Record]]:
    """Batch after batch as records, made just before they are used as decided ones are."""
    parse: Callable[[bytes], Record] = orjson.loads
    return ([parse(line) for line in lines] for lines in batches)


def _digest(record: Record) -> bytes | None:
    return bytes.fromhex(record["sha256"]) if record.get("sha256") else None


def _ledger(folder: Path) -> Ledger:
    return Ledger(LocalFiles(), folder)
