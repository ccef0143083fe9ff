"""The floor: a landing folder judged, compressed and stored durably in the fewest steps that do the work.

Read into one buffer, hash, judge, libdeflate 5 (or igzip 1, as in the fast profile), batches of 256 files or
24 MB, two processes, each file synced and each folder once, one transaction a batch. What a real zone needs
besides (recovery, quarantine, locks, a chain, findings that explain, Dagster) is absent: it is a lower bound,
not a product.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import date
from functools import cache, partial
from mmap import mmap
from multiprocessing import get_context
from pathlib import Path

import deflate

from benchmarks.fast_engines import FAST
from benchmarks.scanning import Found, Guide, batches, key_of, scan
from benchmarks.store import Batch, Row, open_ledger, record
from benchmarks.verdicts import accepts

_Compress = Callable[[memoryview], bytes]


def promote(landing: Path, store: Path, *, workers: int = 2, fast: bool = False) -> None:
    """Store everything good that lies in ``landing``."""
    work = batches(scan(landing))
    ledger = open_ledger(store)
    one = partial(_promote_batch, landing=landing, store=store, compress=_igzip() if fast else _libdeflate)
    if workers == 1:
        for batch in work:
            record(ledger, one(batch))
    else:
        # Forked before any thread was started: nothing is imported twice.
        with get_context("fork").Pool(workers) as pool:
            for rows in pool.imap_unordered(one, work):
                record(ledger, rows)
            pool.close()
            pool.join()
    ledger.close()


def _libdeflate(data: memoryview) -> bytes:
    return bytes(deflate.gzip_compress(data, 5))


def _igzip() -> _Compress:
    from isal import igzip  # noqa: PLC0415  the other floor does not pay for it

    return partial(igzip.compress, compresslevel=1)


def _promote_batch(batch: list[Found], *, landing: Path, store: Path, compress: _Compress) -> list[Row]:
    objects = Batch(store / "raw")
    rows = []
    for file in batch:
        data = _read(landing / file.path, file.size)
        digest = hashlib.sha256(data).digest()
        about = _guide().about(file.path)
        seen, case = _verdicts(), (about.feed.schema, about.day, digest)
        verdict, stored = seen.get(case) or ("", 0)
        if verdict == "promoted":
            verdict = "duplicate"
        elif not verdict:
            verdict = "promoted" if accepts(about.feed, bytes(data), about.day, FAST) else "quarantined"
            if verdict == "promoted":
                compressed = compress(data)
                stored = len(compressed)
                objects.add(key_of(about), compressed)
            seen[case] = verdict, stored
        rows.append((file.path, file.feed, digest, file.size, stored, verdict))
    objects.publish()
    return rows


@cache
def _verdicts() -> dict[tuple[str, date, bytes], tuple[str, int]]:
    """What this process decided. The same bytes may be good in one form of a feed, or on one day, only."""
    return {}


@cache
def _guide() -> Guide:
    return Guide()


@cache
def _buffer(size: int) -> mmap:
    return mmap(-1, size)


def _read(path: Path, size: int) -> memoryview:
    """The file's bytes in the buffer of this process, valid until the next file is read."""
    buffer = _buffer(64 * 2**20)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        done = 0
        while count := os.readv(descriptor, [memoryview(buffer)[done:]]):
            done += count
    finally:
        os.close(descriptor)
    if done != size:
        raise ValueError(f"{path} changed while it was read")
    return memoryview(buffer)[:done]
