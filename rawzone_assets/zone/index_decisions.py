"""What deciding asks the index: what became of a name, of bytes, of a key, of a path.

What readers ask is ``index_queries``', the comparison with the past ``past_lookups``'.
"""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

from rawzone_assets.zone import upkeep
from rawzone_assets.zone.layout import REFUSAL_DIGITS
from rawzone_assets.zone.receipt import Verdict


class Stored(NamedTuple):
    """An object in raw as deciding needs it."""

    key: str
    revision: int
    sha256: str


class DecisionQueries:
    """Questions to the index's database that change nothing."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def revisions(self, feed: str, name: str) -> list[Stored]:
        """The promoted revisions of a name, oldest first."""
        rows = self._database.execute(
            "SELECT key, revision, sha256 FROM receipt INDEXED BY receipt_name "
            "WHERE name = ? AND feed = ? AND verdict = 'promoted' ORDER BY revision",
            (name, feed),
        )
        return [Stored(key=key, revision=revision, sha256=sha.hex()) for key, revision, sha in rows]

    def stored(self, feed: str, sha256: str) -> Stored | None:
        """The object of that feed which holds these bytes."""
        row = self._database.execute(
            "SELECT key, revision FROM receipt INDEXED BY receipt_sha256 "
            "WHERE sha256 = ? AND feed = ? AND verdict = 'promoted' ORDER BY id LIMIT 1",
            (bytes.fromhex(sha256), feed),
        ).fetchone()
        return Stored(key=row[0], revision=row[1], sha256=sha256) if row else None

    def already_decided(self, feed: str, name: str, sha256: str, landing_path: str) -> Verdict | None:
        """The verdict on exactly these bytes under this name and path, if there is one."""
        row = self._database.execute(
            "SELECT verdict FROM receipt INDEXED BY receipt_sha256 "
            "WHERE sha256 = ? AND feed = ? AND name = ? AND landing_path = ? ORDER BY id DESC LIMIT 1",
            (bytes.fromhex(sha256), feed, name, landing_path),
        ).fetchone()
        return Verdict(row[0]) if row else None

    def refusals(self, feed: str, sha256: str) -> int:
        """How many quarantined deliveries of the feed have bytes whose hash begins like this one."""
        begin = sha256[:REFUSAL_DIGITS]
        row = self._database.execute(
            "SELECT count(*) FROM receipt INDEXED BY receipt_sha256 "
            "WHERE sha256 BETWEEN ? AND ? AND feed = ? AND verdict = 'quarantined'",
            (bytes.fromhex(begin.ljust(64, "0")), bytes.fromhex(begin.ljust(64, "f")), feed),
        ).fetchone()
        return int(row[0])

    def holds_files(self, root: str) -> bool:
        """Whether files are recorded in quarantine, or in the archive."""
        return self._has_refused_copies() if root == upkeep.QUARANTINE else self._has_archive_copies()

    def has_object(self, key: str) -> bool:
        """Whether an object of this key was promoted."""
        row = self._database.execute(
            "SELECT 1 FROM receipt INDEXED BY receipt_key WHERE key = ? AND verdict = 'promoted' LIMIT 1",
            (key,),
        ).fetchone()
        return row is not None

    def unrecognized(self, landing_path: str) -> bool:
        """Whether the newest receipt for this path says it is unrecognized."""
        row = self._database.execute(
            "SELECT verdict FROM receipt INDEXED BY receipt_path WHERE landing_path = ? "
            "ORDER BY id DESC LIMIT 1",
            (landing_path,),
        ).fetchone()
        return row is not None and row[0] == Verdict.UNRECOGNIZED

    def names_place(self, path: str) -> bool:
        """Whether a receipt puts an object, a refused delivery or its findings at this path below its root."""
        row = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM receipt INDEXED BY receipt_copy WHERE refused_copy = ?) "
            "OR EXISTS (SELECT 1 FROM receipt INDEXED BY receipt_findings WHERE refused_findings = ?)",
            (path, path),
        ).fetchone()
        return bool(row[0]) or self.has_object(path)

    def _has_refused_copies(self) -> bool:
        row = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM receipt INDEXED BY receipt_copy WHERE refused_copy IS NOT NULL "
            "AND NOT EXISTS (SELECT 1 FROM erased WHERE place = ? || refused_copy))",
            (f"{upkeep.QUARANTINE}/",),
        ).fetchone()
        return bool(row[0])

    def _has_archive_copies(self) -> bool:
        return self._database.execute("SELECT 1 FROM custody WHERE has_copy LIMIT 1").fetchone() is not None
