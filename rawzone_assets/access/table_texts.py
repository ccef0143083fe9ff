"""Table texts: deliveries of delimited text on their way to a reader of tables, as few large ones.

Readers of tables (Arrow, Polars, DuckDB, pandas) take some time for each text, as much as for a thousand rows.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable

MOST = 64 * 2**20
_HEADER = re.compile(rb'(?:[^"\r\n]|"[^"\r\n]*")+\r?\n')  # a whole line in any reading of quotes and line ends


def joined(texts: Iterable[bytes], *, most: int = MOST) -> Generator[bytes | bytearray, None, None]:
    """All their rows in their order: texts in a row with the same header become one, which has it once.

    Only those are joined that begin and end at rows, as the contract demands. Given as they are: those whose
    header differs in any byte, whose lines end with CR, whose quotes are odd (a policy may let a cell pass that
    has no end). The first line must be the header, of UTF-8 or Latin-1. ``most`` bounds the bytes of what is
    joined.
    """
    header, text = b"", bytearray()
    for other in texts:
        found = _HEADER.match(other) if other.count(b'"') % 2 == 0 else None
        if found and found[0] == header and len(text) + len(other) <= most:
            if not text.endswith(b"\n"):
                text += b"\n"
            text += memoryview(other)[found.end() :]
            continue
        if text:
            yield text
        header, text = found[0] if found else b"", bytearray(other)
    if text:
        yield text
