"""What readers ask the index: receipts by feed, day, verdict or name.

What they add up to is told by ``index_tallies``. Deciding asks the questions of ``index_decisions``, and the
comparison with the past those of ``past_lookups``.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import orjson

from rawzone_assets.zone.index_days import DayQueries
from rawzone_assets.zone.receipt import Receipt, Verdict

_OPEN = "verdict = 'quarantined' AND accepted_later IS NULL"

Version = tuple[str, str, str, int, str]
"""Capture day, name, verdict, commit and the whole record as JSON of one receipt."""


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A receipt and the number of the commit that holds it."""

    seq: int
    receipt: Receipt


class IndexQueries(DayQueries):
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
        refused = open_refusals or list(verdicts) == [Verdict.QUARANTINED]
        if (since or until or partitions or refused) and not feeds:
            feeds = self.feeds()  # days and refusals are looked up feed by feed
            if not feeds:
                return
        clauses, values = [_OPEN] if open_refusals else [], list[Any]()
        if verdicts:
            # Written out, because an index of some receipts cannot serve a value that is not known yet.
            told = [f"verdict = '{Verdict(verdict)}'" for verdict in verdicts]
            clauses.append(f"({' OR '.join(told)})")
        for column, wanted in (("feed", feeds), ("partition", partitions)):
            if wanted:
                clauses.append(f"{column} IN ({', '.join('?' * len(wanted))})")
                values.extend(wanted)
        for operator, day in ((">=", since), ("<=", until)):
            if day:
                clauses.append(f"partition {operator} ?")
                values.append(day)
        # The clauses are built from constants above, every value is bound. Whole records are looked up one by
        # one, so that putting receipts in order moves their numbers only.
        query = f"SELECT id, seq FROM receipt WHERE {' AND '.join(clauses or '1')} ORDER BY id"  # noqa: S608
        with closing(self._database.execute(query, values)) as rows:
            for id_, seq in rows:
                yield Entry(seq=seq, receipt=self._receipt(id_))

    def open_refusals(self) -> dict[str, int]:
        """How many refused deliveries of each feed were not accepted since."""
        query = f"SELECT feed, count(*) FROM receipt INDEXED BY receipt_refused WHERE {_OPEN} GROUP BY feed"  # noqa: S608
        return dict(self._database.execute(query))

    def find(self, wanted: str) -> list[Entry]:
        """Receipts whose key, stored name, landing path or SHA-256 (or a prefix of 8 or more) is ``wanted``."""
        clauses = ["key = ?", "name = ?", "landing_path = ?"]
        values: list[Any] = [wanted, wanted, wanted]
        lowered = wanted.lower()
        if 8 <= len(lowered) <= 64 and all(c in "0123456789abcdef" for c in lowered):
            clauses.append("(sha256 >= ? AND sha256 <= ?)")
            low, high = lowered.ljust(64, "0"), lowered.ljust(64, "f")
            values += [bytes.fromhex(low), bytes.fromhex(high)]
        # Each clause has an index of its own, which a question with OR might not be answered from.
        parts = (f"SELECT id, seq FROM receipt WHERE {clause}" for clause in clauses)  # noqa: S608
        rows = self._database.execute(f"{' UNION '.join(parts)} ORDER BY 1", values).fetchall()
        return [Entry(seq=seq, receipt=self._receipt(id_)) for id_, seq in rows]

    def promoted_as(self, key: str) -> Receipt | None:
        """The receipt of the object at this key."""
        row = self._database.execute(
            "SELECT id FROM receipt INDEXED BY receipt_key WHERE key = ? AND verdict = 'promoted' "
            "ORDER BY id LIMIT 1",
            (key,),
        ).fetchone()
        return self._receipt(row[0]) if row else None

    def newest(self, feed: str) -> Iterator[Entry]:
        """A feed's receipts, newest capture day first. Reads no further than the caller does."""
        of_feed = "SELECT partition FROM day WHERE feed = ? GROUP BY partition ORDER BY partition DESC"
        of_day = (
            "SELECT id, seq FROM receipt INDEXED BY receipt_day "
            "WHERE feed = ? AND partition = ? ORDER BY id DESC"
        )
        with closing(self._database.execute(of_feed, (feed,))) as days:
            for (day,) in days:
                for id_, seq in self._database.execute(of_day, (feed, day)).fetchall():
                    yield Entry(seq=seq, receipt=self._receipt(id_))

    def versions(self, feed: str, *, since: str, until: str, upto: int) -> list[Version]:
        """Receipts of these capture days, both included, up to a commit, by day, name and ledger."""
        rows = self._database.execute(
            "SELECT partition, name, verdict, seq, text "
            "FROM receipt INDEXED BY receipt_day JOIN body USING (id) "
            "WHERE feed = ? AND partition BETWEEN ? AND ? AND seq <= ? ORDER BY partition, name, receipt.id",
            (feed, since, until, upto),
        )
        return rows.fetchall()

    def _receipt(self, id_: int) -> Receipt:
        (text,) = self._database.execute("SELECT text FROM body WHERE id = ?", (id_,)).fetchone()
        return Receipt.from_record(orjson.loads(text))
