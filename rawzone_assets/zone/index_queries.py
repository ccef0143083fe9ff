"""What readers ask the index: receipts by feed, day, verdict or name.

What they add up to is told by ``index_tallies``. Deciding asks other questions, which are the index's own, and
the comparison with the past those of ``past_lookups``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson

from rawzone_assets.zone.receipt import Receipt

# A refusal is closed by a later receipt that accepts the same bytes under the same name, landed or replayed.
_OPEN = (
    "verdict = 'quarantined' AND NOT EXISTS (SELECT 1 FROM receipt AS later INDEXED BY receipt_name "
    "WHERE later.feed = receipt.feed AND later.name = receipt.name AND later.sha256 = receipt.sha256 "
    "AND later.verdict IN ('promoted', 'duplicate') AND later.id > receipt.id)"
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A receipt and the number of the commit that holds it."""

    seq: int
    receipt: Receipt


class IndexQueries:
    """Questions to the index's database that change nothing."""

    _database: sqlite3.Connection

    def entries(
        self,
        *,
        feeds: Sequence[str] = (),
        since: str | None = None,
        until: str | None = None,
        verdicts: Sequence[str] = (),
        partitions: Sequence[str] = (),
        open_refusals: bool = False,
    ) -> Iterator[Entry]:
        """Receipts in ledger order; ``since`` and ``until`` are partitions, both included.

        ``open_refusals`` leaves only refused deliveries whose bytes were not accepted under their name since.
        """
        clauses, values = [_OPEN if open_refusals else "1"], list[Any]()
        for column, wanted in (("feed", feeds), ("verdict", verdicts), ("partition", partitions)):
            if wanted:
                clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values.extend(wanted)
        for operator, day in ((">=", since), ("<=", until)):
            if day:
                clauses.append(f"partition {operator} ?")
                values.append(day)
        # The clauses are built from constants above, every value is bound.
        query = f"SELECT seq, body FROM receipt WHERE {' AND '.join(clauses)} ORDER BY id"  # noqa: S608
        with closing(self._database.execute(query, values)) as rows:
            for seq, body in rows:
                yield Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body)))

    def open_refusals(self) -> dict[str, int]:
        """How many refused deliveries of each feed were not accepted since."""
        query = f"SELECT feed, count(*) FROM receipt WHERE {_OPEN} GROUP BY feed"  # noqa: S608
        return dict(self._database.execute(query))

    def find(self, wanted: str) -> list[Entry]:
        """Receipts whose key, stored name, landing path or SHA-256 (or a prefix of 8 or more) is ``wanted``."""
        clauses = ["key = ?", "name = ?", "landing_path = ?"]
        values: list[Any] = [wanted, wanted, wanted]
        lowered = wanted.lower()
        if len(lowered) >= 8 and all(c in "0123456789abcdef" for c in lowered):
            clauses.append("sha256 >= ? AND sha256 <= ?")
            low, high = lowered.ljust(64, "0"), lowered.ljust(64, "f")
            values += [bytes.fromhex(low[:64]), bytes.fromhex(high[:64])]
        query = f"SELECT seq, body FROM receipt WHERE {' OR '.join(clauses)} ORDER BY id"  # noqa: S608
        rows = self._database.execute(query, values).fetchall()
        return [Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body))) for seq, body in rows]

    def newest(self, feed: str) -> Iterator[Entry]:
        """A feed's receipts, newest capture day first. Reads no further than the caller does."""
        query = "SELECT seq, body FROM receipt WHERE feed = ? ORDER BY partition DESC, id DESC"
        with closing(self._database.execute(query, (feed,))) as rows:
            for seq, body in rows:
                yield Entry(seq=seq, receipt=Receipt.from_record(orjson.loads(body)))

    def feeds(self) -> list[str]:
        """Every feed that a receipt names."""
        # One look into the index a feed, where DISTINCT would read an entry a receipt.
        rows = self._database.execute(
            "WITH RECURSIVE known (feed) AS (SELECT min(feed) FROM receipt UNION ALL "
            "SELECT (SELECT min(feed) FROM receipt WHERE feed > known.feed) FROM known "
            "WHERE known.feed IS NOT NULL) SELECT feed FROM known WHERE feed IS NOT NULL"
        )
        return [feed for (feed,) in rows]

    def partitions(
        self,
        feed: str,
        *,
        since: str | None = None,
        until: str | None = None,
        data_since: str | None = None,
        data_until: str | None = None,
    ) -> list[str]:
        """The capture days of a feed, oldest first: all, those in a range, or those with data of a range."""
        bounds = (
            ("partition >= ?", since),
            ("partition <= ?", until),
            ("data_max >= ?", data_since),
            ("data_min <= ?", data_until),
        )
        clauses = ["feed = ?", *(clause for clause, day in bounds if day)]
        if data_since or data_until:
            clauses.append("data_max IS NOT NULL")  # which the index over data ranges leaves out
        where = " AND ".join(clauses)  # of constants; every value is bound
        query = f"SELECT DISTINCT partition FROM receipt WHERE {where} ORDER BY 1"  # noqa: S608
        rows = self._database.execute(query, [feed, *(day for _, day in bounds if day)])
        return [partition for (partition,) in rows]

    def counts_by_day(self, feed: str, *, since: str, until: str) -> list[tuple[str, str, int]]:
        """Capture day, verdict and number of receipts of a feed, both days included."""
        query = (
            "SELECT partition, verdict, count(*) FROM receipt "
            "WHERE feed = ? AND partition BETWEEN ? AND ? GROUP BY partition, verdict"
        )
        return list(self._database.execute(query, (feed, since, until)))

    def days_by_commit(self, feed: str) -> list[str]:
        """The capture days of a feed, in the order in which their newest accepted deliveries were committed."""
        rows = self._database.execute(
            "SELECT partition FROM receipt WHERE feed = ? GROUP BY partition "
            "ORDER BY max(CASE WHEN verdict IN ('promoted', 'duplicate') THEN id END), max(id)",
            (feed,),
        )
        return [partition for (partition,) in rows]
