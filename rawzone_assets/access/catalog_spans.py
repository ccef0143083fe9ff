"""Spans: the files of the Parquet catalog, each the receipts of some successive commits.

A file is named after the first of its commits. It ends with the commit that fills it, so the files are the same
whether they grew commit by commit or are built from nothing. Only the newest grows, and ``parquet_catalog``
replaces it in a single step: whoever reads ``*.parquet`` at any moment gets each receipt up to a commit once.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from rawzone_assets.access.receipt_table import SCHEMA, rows_of, table_of
from rawzone_assets.zone.ledger import EMPTY, Commit, Head

SPAN = 131_072
"""Receipts that fill a file: some 150 MB, twice that while they are sorted; 8 files for a million."""

_GROUP = 4096  # receipts of a row group, the smallest piece that a query reads
_AT_ONCE = 1024  # receipts turned into columns at a time
_ABOUT = b"rawzone"
_ORDER = [("feed", "ascending"), ("partition", "ascending"), ("seq", "ascending"), ("line", "ascending")]


@dataclass(frozen=True, kw_only=True)
class Span:
    """One file of the catalog: which commits it covers, and the hashes of the commit before and of its last."""

    path: Path
    first: int
    last: int
    prev: str
    head: str
    receipts: int

    @property
    def is_full(self) -> bool:
        return self.receipts >= SPAN


def spans_in(folder: Path) -> list[Span]:
    """The files of a catalog if they are sound and follow each other without a gap; else none."""
    found: list[Span] = []
    previous, prev = -1, EMPTY.sha256
    for path in sorted(folder.glob("*.parquet")):
        span = _span(path)
        if span is None or (span.first, span.prev) != (previous + 1, prev):
            return []
        found.append(span)
        previous, prev = span.last, span.head
    return found


def _span(path: Path) -> Span | None:
    try:
        footer = pq.read_metadata(path)
        about = orjson.loads(footer.metadata[_ABOUT])
        if about["schema"] != _digest_of_schema() or path.name != _file_name(about["first"]):
            return None
        told = {name: about[name] for name in ("first", "last", "prev", "head")}
        return Span(path=path, receipts=footer.num_rows, **told)
    except (pa.ArrowException, OSError, ValueError, KeyError, TypeError):
        return None


def write_spans(
    folder: Path, commits: Iterable[Commit], *, first: int, prev: str, held: pa.Table | None = None
) -> None:
    """Files for all these commits, the first of which may have been begun with ``held``; at least one file."""
    tables = [SCHEMA.empty_table() if held is None else held]
    rows: list[dict[str, Any]] = []
    last = Head(seq=first - 1, sha256=prev, at=None)
    for commit in commits:
        rows += rows_of(commit)
        last = commit.head
        is_full = len(rows) + sum(table.num_rows for table in tables) >= SPAN
        if is_full or len(rows) >= _AT_ONCE:
            tables.append(table_of(rows))
            rows.clear()
        if is_full:
            _write(folder, pa.concat_tables(tables), first=first, prev=prev, last=last)
            tables, first, prev = [SCHEMA.empty_table()], last.seq + 1, last.sha256
    if last.seq >= first or last.seq < 0:
        _write(folder, pa.concat_tables([*tables, table_of(rows)]), first=first, prev=prev, last=last)


def _write(folder: Path, table: pa.Table, *, first: int, prev: str, last: Head) -> None:
    about = {
        "first": first,
        "last": last.seq,
        "prev": prev,
        "head": last.sha256,
        "schema": _digest_of_schema(),
    }
    # Sorted by what queries ask for, so that few row groups hold what they want.
    ordered = table.sort_by(_ORDER).replace_schema_metadata({_ABOUT: orjson.dumps(about)})
    path = folder / _file_name(first)
    pq.write_table(ordered, path, compression="zstd", row_group_size=_GROUP)
    with path.open("rb") as stream:
        os.fsync(stream.fileno())  # after a power failure a file is whole or not there under its name


def _file_name(first: int) -> str:
    return f"{first:020d}.parquet"


def _digest_of_schema() -> str:
    """Files of another schema, of an older or newer version of this program, are built again."""
    return hashlib.sha256(SCHEMA.to_string().encode()).hexdigest()[:16]
