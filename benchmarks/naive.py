"""The naive pipeline: the same work with what comes to mind first, durable and recorded per file."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path

from benchmarks.naive_engines import NAIVE
from benchmarks.scanning import Guide, key_of, scan
from benchmarks.store import open_ledger, record, sync_folders
from benchmarks.verdicts import accepts


def promote(landing: Path, store: Path) -> None:
    """Store everything good that lies in ``landing``."""
    ledger = open_ledger(store)
    guide = Guide()
    seen: set[tuple[str, bytes]] = set()
    for file in sorted(scan(landing), key=lambda file: file.path):
        data = (landing / file.path).read_bytes()
        digest = hashlib.sha256(data).digest()
        about = guide.about(file.path)
        stored = 0
        if not accepts(about.feed, data, about.day, NAIVE):
            verdict = "quarantined"
        elif (file.feed, digest) in seen:
            verdict = "duplicate"
        else:
            verdict = "promoted"
            seen.add((file.feed, digest))
            stored = _store(store / "raw" / key_of(about), data)
        record(ledger, [(file.path, file.feed, digest, file.size, stored, verdict)])
    ledger.close()


def _store(path: Path, data: bytes) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    staged = path.with_suffix(".tmp")
    with staged.open("wb") as file:
        with gzip.open(file, "wb") as compressed:
            compressed.write(data)
        file.flush()
        os.fsync(file.fileno())
    staged.rename(path)
    sync_folders([str(path.parent)])
    return path.stat().st_size
