"""Table digests: rows as they are digested, JSON lists of texts one after the other, as ``orjson`` writes them.

They are the same whatever the delimiter, the line ends and the quotes of the delivery.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

_AT_ONCE = 500


class RowsDigest:
    """The SHA-256 of a table's rows so far. A chunk of rows counts once its digest takes this one's place."""

    def __init__(self, so_far: Any = None) -> None:
        self._sum = so_far or hashlib.sha256()
        self.written = 0  # bytes since it was begun

    def begun(self) -> RowsDigest:
        """Another one, which goes on from here."""
        return RowsDigest(self._sum.copy())

    def update(self, rows: bytes) -> None:
        self._sum.update(rows)
        self.written += len(rows)

    def hexdigest(self) -> str:
        return str(self._sum.hexdigest())


def written_rows(rows: Sequence[Sequence[str]]) -> Iterator[bytes]:
    """Rows of cells: so many at once that no list is made for each."""
    for start in range(0, len(rows), _AT_ONCE):
        some = rows[start : start + _AT_ONCE]
        written = orjson.dumps(some)[1:-1].split(b"],[")
        # What parts them may stand in a cell, too.
        yield from [b"][".join(written)] if len(written) == len(some) else map(orjson.dumps, some)


def written_lines(lines: bytes, before: bytes, between: bytes, after: bytes) -> bytes:
    """Whole lines, UTF-8, by what stands before, between and after the cells of a row.

    No cell holds a control character, nor a quote where quotes stand round all of them.
    """
    if b"\\" in lines:
        lines = lines.replace(b"\\", b"\\\\")
    if not before and b'"' in lines:
        lines = lines.replace(b'"', b'\\"')
    rows = lines[len(before) : -len(after)]
    if before:  # a cell may be a delimiter: once no row begins with a quote, the next quote ends a cell
        rows = rows.replace(after + before, b"\n").replace(between, b'","').replace(b"\n", b'"]["')
    else:
        rows = rows.replace(after, b'"]["').replace(between, b'","')
    return b'["%b"]' % rows
