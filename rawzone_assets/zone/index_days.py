"""Capture days in the index: how many receipts each has, so that no list of days reads receipts.

A row a feed, day and verdict: ten years of sixteen feeds are some ten thousands. A part of the index.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from typing import Any

from rawzone_assets.zone.receipt import Record

SCHEMA = """
CREATE TABLE day (
    feed TEXT NOT NULL, partition TEXT NOT NULL, verdict TEXT NOT NULL, receipts INTEGER NOT NULL,
    newest INTEGER NOT NULL, data_min TEXT, data_max TEXT,
    PRIMARY KEY (feed, partition, verdict)) WITHOUT ROWID;
"""
TABLES = ("day",)
_ADD = (
    "INSERT INTO day VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
    "receipts = receipts + excluded.receipts, newest = excluded.newest, "
    "data_min = min(coalesce(data_min, excluded.data_min), coalesce(excluded.data_min, data_min)), "
    "data_max = max(coalesce(data_max, excluded.data_max), coalesce(excluded.data_max, data_max))"
)


def note_days(database: sqlite3.Connection, receipts: Iterable[tuple[int, Record]]) -> None:
    """Count receipts, each with its number, to their days. Within a transaction."""
    days: dict[tuple[str, str, str], list[tuple[int, Record]]] = {}
    for id_, record in receipts:
        feed, partition = record.get("feed"), record.get("partition")
        if feed is not None and partition is not None:
            days.setdefault((feed, partition, record["verdict"]), []).append((id_, record))
    database.executemany(_ADD, [(*place, *_sums(found)) for place, found in days.items()])


class DayQueries:
    """What readers ask about the capture days of a feed."""

    _database: sqlite3.Connection

    def feeds(self) -> list[str]:
        """Every feed that a receipt names."""
        return feeds_in(self._database)

    def partitions(self, feed: str) -> list[str]:
        """The capture days of a feed, oldest first."""
        return list(self.receipts_by_day(feed))

    def receipts_by_day(
        self,
        feed: str,
        *,
        since: str | None = None,
        until: str | None = None,
        data_since: str | None = None,
        data_until: str | None = None,
    ) -> dict[str, int]:
        """Capture days of a feed, oldest first, and how many receipts each has.

        All of them, those in a range, or those that may have data of a range: a day whose deliveries together
        span it is told also when none of them speaks of it.
        """
        bounds = (
            ("partition >= ?", since),
            ("partition <= ?", until),
            ("data_max >= ?", data_since),
            ("data_min <= ?", data_until),
        )
        where = " AND ".join(["feed = ?", *(clause for clause, day in bounds if day)])  # every value is bound
        query = f"SELECT partition, sum(receipts) FROM day WHERE {where} GROUP BY partition ORDER BY 1"  # noqa: S608
        return dict(self._database.execute(query, [feed, *(day for _, day in bounds if day)]))

    def counts_by_day(self, feed: str, *, since: str, until: str) -> list[tuple[str, str, int]]:
        """Capture day, verdict and number of receipts of a feed, both days included."""
        query = "SELECT partition, verdict, receipts FROM day WHERE feed = ? AND partition BETWEEN ? AND ?"
        return list(self._database.execute(query, (feed, since, until)))

    def newest_data(self, feed: str, *, before: str) -> str | None:
        """The newest day that what was accepted and captured before a day speaks of, up to its own capture."""
        found: str | None = self._database.execute(
            "SELECT max(min(data_max, partition)) FROM day "
            "WHERE feed = ? AND partition < ? AND verdict IN ('promoted', 'duplicate')",
            (feed, before),
        ).fetchone()[0]
        return found

    def days_by_commit(self, feed: str) -> list[str]:
        """The capture days of a feed, in the order in which their newest accepted deliveries were committed."""
        rows = self._database.execute(
            "SELECT partition FROM day WHERE feed = ? GROUP BY partition "
            "ORDER BY max(CASE WHEN verdict IN ('promoted', 'duplicate') THEN newest END), max(newest)",
            (feed,),
        )
        return [partition for (partition,) in rows]


def _sums(receipts: list[tuple[int, Record]]) -> tuple[Any, ...]:
    """The rest of a row, after its key."""
    starts = [day for _, record in receipts if (day := record.get("data_min"))]
    ends = [day for _, record in receipts if (day := record.get("data_max"))]
    return (len(receipts), receipts[-1][0], min(starts, default=None), max(ends, default=None))


def feeds_in(database: sqlite3.Connection) -> list[str]:
    """Every feed that a receipt in an index's database names."""
    # One look into the table a feed, where DISTINCT would read a row a day.
    rows = database.execute(
        "WITH RECURSIVE known (feed) AS (SELECT min(feed) FROM day UNION ALL "
        "SELECT (SELECT min(feed) FROM day WHERE feed > known.feed) FROM known "
        "WHERE known.feed IS NOT NULL) SELECT feed FROM known WHERE feed IS NOT NULL"
    )
    return [feed for (feed,) in rows]
