"""Landed files in the index: which have been dealt with in their present form. A part of the index.

A file is known again by its path and entity (device, inode, size, times). ``standing`` says once for all files
alike what became of them, and under which declarations of names that was last confirmed: while those stay the
same, so does the feed that a path belongs to. ``unchanged`` says it of a whole folder: a digest of its files'
names and entities, as they were when each of them was compared; whatever changes one of them removes it.
"""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import orjson

from rawzone_assets.zone.index_rows import insert
from rawzone_assets.zone.landed import begins_as_on
from rawzone_assets.zone.receipt import Verdict

SCHEMA = """
CREATE TABLE seen (path TEXT PRIMARY KEY, entity BLOB NOT NULL, standing INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE standing (id INTEGER PRIMARY KEY, feed TEXT, verdict TEXT NOT NULL, names TEXT);
CREATE TABLE unchanged (folder TEXT PRIMARY KEY, digest BLOB NOT NULL, standings TEXT NOT NULL);
"""
TABLES = ("seen", "standing", "unchanged")
_REPLACED = "ON CONFLICT DO UPDATE SET entity = excluded.entity, standing = excluded.standing"
_AT_ONCE = 10_000  # paths of one question: about a megabyte


class Standing(NamedTuple):
    """What became of landed files; ``names`` is the digest of the declarations that gave them to the feed."""

    feed: str | None
    verdict: Verdict
    names: str | None = None


@dataclass(frozen=True)
class Folder:
    """The files of a folder that stand side by side in a scan, and the digest of their names and entities."""

    label: str
    labels: Sequence[str]
    entities: Sequence[bytes]

    @cached_property
    def digest(self) -> bytes:
        names = "\0".join(self.labels).encode()
        lengths = b",".join(b"%d" % len(entity) for entity in self.entities)  # nearly always 40 each
        return hashlib.sha256(b"".join((lengths, b" ", *self.entities, names))).digest()


class SeenFile(NamedTuple):
    """A landed file that was dealt with: its label, its entity then, and what became of it."""

    label: str
    entity: bytes
    standing: Standing


class SeenFiles:
    """What the survey asks and what is noted for it."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database

    def standings(self) -> dict[int, Standing]:
        """All that ever became of landed files, by the numbers that :meth:`known` gives."""
        rows = self._database.execute("SELECT id, feed, verdict, names FROM standing")
        return {id_: Standing(feed, Verdict(verdict), names) for id_, feed, verdict, names in rows}

    def known(self, labels: Sequence[str]) -> Iterator[list[tuple[int, bytes | None, int | None]]]:
        """Place in ``labels``, entity and standing of each; ``None`` twice of one that was never dealt with.

        They come some thousands at a time. Costs by the files that are there, however many were dealt with
        and are gone.
        """
        # SQLite takes a list apart ten times faster than it can be asked file by file.
        query = (
            "SELECT landed.key + ?, seen.entity, seen.standing FROM json_each(?) AS landed "
            "LEFT JOIN seen ON seen.path = landed.value"
        )
        for start in range(0, len(labels), _AT_ONCE):
            listed = orjson.dumps(labels[start : start + _AT_ONCE]).decode()
            yield self._database.execute(query, (start, listed)).fetchall()

    def standings_in(self, folder: Folder) -> list[int] | None:
        """The standing of each file of a folder that is as it was; ``None`` when that is not known of all."""
        row = self._database.execute(
            "SELECT standings FROM unchanged WHERE folder = ? AND digest = ?", (folder.label, folder.digest)
        ).fetchone()
        return orjson.loads(row[0]) if row else None

    def note_unchanged(self, folder: Folder) -> None:
        """Keep the standings of a folder's files, if all are as they were known. Within a transaction."""
        numbers = [
            number
            for rows in self.known(folder.labels)
            for place, entity, number in rows
            if entity == folder.entities[place] and number is not None
        ]
        if len(numbers) == len(folder.labels):
            row = (folder.label, folder.digest, orjson.dumps(numbers).decode())
            self._database.execute("INSERT OR REPLACE INTO unchanged VALUES (?, ?, ?)", row)

    def note(self, files: Iterable[SeenFile]) -> None:
        """Keep what became of these files, in the order given. Within a transaction."""
        number_of, number, numbered = self._numbering(), 0, None
        rows = list[tuple[str, bytes, int]]()
        for label, entity, standing in files:
            if standing is not numbered:  # they come with the same one by the hundred
                number, numbered = number_of(standing), standing
            rows.append((label, entity, number))
        insert(self._database, "seen", "(?, ?, ?)", rows, upsert=_REPLACED)
        self._forget_folders(label for label, _, _ in rows)

    def confirm(self, files: Iterable[SeenFile], names: str) -> None:
        """Keep under which declarations these files' standings hold, unless they changed meanwhile.

        Within a transaction.
        """
        number_of = self._numbering()
        rows = [
            (number_of(standing._replace(names=names)), label, entity, number_of(standing))
            for label, entity, standing in files
        ]
        query = "UPDATE seen SET standing = ? WHERE path = ? AND entity = ? AND standing = ?"
        self._database.executemany(query, rows)
        self._forget_folders(label for _, label, _, _ in rows)

    def correct(self, label: str, standing: Standing) -> None:
        """A replay took back the refusal of this file's bytes. Within a transaction."""
        number = self._numbering()(standing)
        self._database.execute("UPDATE seen SET standing = ? WHERE path = ?", (number, label))
        self._forget_folders([label])

    def standing_of(self, label: str) -> Standing | None:
        """What became of the file that was last seen at this path."""
        row = self._database.execute(
            "SELECT feed, verdict, names FROM seen JOIN standing ON standing.id = seen.standing WHERE path = ?",
            (label,),
        ).fetchone()
        return Standing(row[0], Verdict(row[1]), row[2]) if row else None

    def lay_elsewhere(self, device: int) -> bool:
        """Whether files of landing were dealt with, and none of them lay on this disk.

        Paths of adopted files are absolute: they never were in landing.
        """
        here = begins_as_on(device)
        ever, still = self._database.execute(
            "SELECT EXISTS (SELECT 1 FROM seen WHERE path < '/' OR path >= '0'), EXISTS (SELECT 1 FROM seen "
            "WHERE (path < '/' OR path >= '0') AND substr(entity, 1, ?) = ?)",
            (len(here), here),
        ).fetchone()
        return bool(ever) and not still

    def _forget_folders(self, labels: Iterable[str]) -> None:
        folders = {label.rpartition("/")[0] for label in labels}
        rows = [(folder,) for folder in folders]
        self._database.executemany("DELETE FROM unchanged WHERE folder = ?", rows)

    def _numbering(self) -> Callable[[Standing], int]:
        """Numbers for standings; a new one is added to the table."""
        numbers = {standing: number for number, standing in self.standings().items()}

        def number_of(standing: Standing) -> int:
            number = numbers.get(standing)
            if number is None:
                row = (standing.feed, str(standing.verdict), standing.names)
                added = self._database.execute(
                    "INSERT INTO standing (feed, verdict, names) VALUES (?, ?, ?)", row
                )
                number = numbers[standing] = added.lastrowid or 0
            return number

        return number_of
