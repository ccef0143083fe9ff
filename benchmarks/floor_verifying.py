"""The floor of a scrub: every stored object gunzipped and hashed in the fewest steps."""

from __future__ import annotations

import hashlib
import os
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import deflate

from benchmarks.store import open_ledger


class NotAsRecorded(Exception):
    """The store holds other objects than its ledger says."""


def verify(store: Path, *, workers: int = 2) -> None:
    """Hash what every object decompresses to, and compare with the ledger.

    Raises:
        NotAsRecorded: Something differs.
    """
    ledger = open_ledger(store)
    recorded = {digest for (digest,) in ledger.execute("SELECT sha256 FROM files WHERE verdict = 'promoted'")}
    ledger.close()
    paths = [os.path.join(base, name) for base, _, names in os.walk(store / "raw") for name in names]
    with ProcessPoolExecutor(workers) as pool:  # threads would wait for Python's lock more than they work
        found = set(pool.map(_digest, paths, chunksize=128))
    if found != recorded:
        raise NotAsRecorded(f"{len(recorded - found)} objects are missing, {len(found - recorded)} are foreign")


def _digest(path: str) -> bytes:
    with open(path, "rb") as file:
        return hashlib.sha256(deflate.gzip_decompress(file.read())).digest()
