"""Look-ups of the past: what was accepted of a form before a time. A part of the index, with its own columns.

A form is a feed and the schema that judged: deliveries of other forms have nothing to be compared with. Each
look-up reads a few entries of an SQLite index, however long the ledger is.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from rawzone_assets.contract.drift import Outline
from rawzone_assets.contract.restatement import Diary
from rawzone_assets.contract.volume import Volume
from rawzone_assets.zone.index_intake import form_number
from rawzone_assets.zone.receipt import Receipt

_AT_ONCE = 256
"""Values looked up in one question. SQLite takes more, but compiles one of another length anew."""


class Accepted(NamedTuple):
    """An accepted delivery as the comparison with the past needs it."""

    name: str
    captured_at: str
    volume: Volume
    substance: str | None
    fingerprint: str | None
    diary: Diary | None

    @classmethod
    def of(cls, receipt: Receipt) -> Accepted:
        volume = Volume(receipt.size, receipt.records, receipt.data_min)
        told = (receipt.substance, receipt.fingerprint, receipt.diary)
        return cls(receipt.name or "", receipt.captured_at or "", volume, *told)


@dataclass(frozen=True, kw_only=True)
class Same:
    """A stored object that says the same in other bytes."""

    key: str
    captured_at: str


class PastLookups:
    """What the comparison with the past asks of the index's database."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def accepted_before(
        self, form: int, captured_at: str, *, most: int, passing_over: int = 0
    ) -> list[Accepted]:
        """Accepted deliveries of a form captured by then, newest first, less the first ones passed over."""
        rows = self._database.execute(
            "SELECT name, captured_at, size, records, data_min, substance, fingerprint, diary "
            "FROM receipt INDEXED BY receipt_past WHERE form = ? AND captured_at <= ? "
            "AND verdict IN ('promoted', 'duplicate') ORDER BY captured_at DESC, id DESC LIMIT ? OFFSET ?",
            (form, captured_at, most, passing_over),
        )
        return [
            Accepted(
                name=name,
                captured_at=captured,
                volume=Volume(size=size, records=records, data_min=data_min),
                substance=substance.hex() if substance else None,
                fingerprint=fingerprint.hex() if fingerprint else None,
                diary=orjson.loads(diary) if diary else None,
            )
            for name, captured, size, records, data_min, substance, fingerprint, diary in rows
        ]

    def next_capture(self, form: int, captured_at: str) -> str | None:
        """When the first accepted delivery of a form after then was captured."""
        row = self._database.execute(
            "SELECT captured_at FROM receipt INDEXED BY receipt_past WHERE form = ? AND captured_at > ? "
            "AND verdict IN ('promoted', 'duplicate') ORDER BY captured_at LIMIT 1",
            (form, captured_at),
        ).fetchone()
        return row[0] if row else None

    def same(self, feed: str, substance: str, sha256: str, captured_at: str) -> Same | None:
        """The object captured first by then that says the same in other bytes."""
        row = self._database.execute(
            "SELECT key, captured_at FROM receipt INDEXED BY receipt_substance "
            "WHERE substance = ? AND captured_at <= ? AND feed = ? "
            "AND verdict = 'promoted' AND sha256 != ? ORDER BY captured_at, id LIMIT 1",
            (bytes.fromhex(substance), captured_at, feed, bytes.fromhex(sha256)),
        ).fetchone()
        return Same(key=row[0], captured_at=row[1]) if row else None

    def names_told_of(self, names: Iterable[str]) -> set[str]:
        """Those of some names that any receipt has."""
        return set(self._told_of("INDEXED BY receipt_name WHERE name", list(names)))

    def hashes_told_of(self, hashes: Iterable[str]) -> set[str]:
        """Those of some SHA-256 that any receipt has."""
        found = self._told_of("INDEXED BY receipt_sha256 WHERE sha256", list(map(bytes.fromhex, hashes)))
        return {sha256.hex() for sha256 in found}

    def keys_told_of(self, keys: Iterable[str]) -> set[str]:
        """Those of some keys that any receipt has."""
        return set(self._told_of("INDEXED BY receipt_key WHERE key", list(keys)))

    def substances_told_of(self, substances: Iterable[str]) -> set[str]:
        """Those of some substances that any receipt has."""
        found = self._told_of(
            "INDEXED BY receipt_substance WHERE substance", list(map(bytes.fromhex, substances))
        )
        return {substance.hex() for substance in found}

    def _told_of(self, receipts: str, wanted: list[Any]) -> Iterator[Any]:
        for start in range(0, len(wanted), _AT_ONCE):
            values = wanted[start : start + _AT_ONCE]
            query = (
                f"WITH wanted(value) AS (VALUES {', '.join(['(?)'] * len(values))}) "  # noqa: S608  of constants
                f"SELECT value FROM wanted WHERE EXISTS (SELECT 1 FROM receipt {receipts} = value)"
            )
            for (value,) in self._database.execute(query, values):
                yield value

    def outline(self, form: int, fingerprint: str) -> Outline | None:
        """The structure behind a fingerprint, if a receipt of the form has told it."""
        row = self._database.execute(
            "SELECT outline FROM receipt INDEXED BY receipt_outline "
            "WHERE form = ? AND fingerprint = ? AND outline IS NOT NULL LIMIT 1",
            (form, bytes.fromhex(fingerprint)),
        ).fetchone()
        return tuple(orjson.loads(row[0])) if row else None


def form_of(receipt: Receipt) -> int | None:
    """A number for the form of a delivery: feed and schema."""
    return form_number(receipt.feed, receipt.contract)
