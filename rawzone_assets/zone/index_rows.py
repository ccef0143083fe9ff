"""Rows on their way into the index, many a statement. A part of the index.

While SQLite runs a statement other threads have Python's lock, and getting it back takes longer than a row.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import chain
from typing import Any

_AT_ONCE = 32
"""Rows of a statement: of the widest table less than 999 values, which is what older builds of SQLite take."""


def insert(
    database: sqlite3.Connection, into: str, row: str, rows: Sequence[Sequence[Any]], *, upsert: str = ""
) -> None:
    """Add rows to a table; ``row`` is one as SQL writes it. Within a transaction that fails as a whole.

    OR FAIL spares SQLite a copy of each page as it was before the statement, which takes longer than the rows.
    """
    whole = len(rows) - len(rows) % _AT_ONCE
    many = f"INSERT OR FAIL INTO {into} VALUES {', '.join([row] * _AT_ONCE)} {upsert}"  # noqa: S608  of constants
    for start in range(0, whole, _AT_ONCE):
        database.execute(many, list(chain.from_iterable(rows[start : start + _AT_ONCE])))
    database.executemany(f"INSERT OR FAIL INTO {into} VALUES {row} {upsert}", rows[whole:])  # noqa: S608
