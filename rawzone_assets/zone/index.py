"""The index: a look-up table over the ledger, so that deciding does not read years of receipts.

It is derived, local and disposable: losing it costs one reading of the ledger. It is trusted only as far as
the ledger file it was built up to still has the hash it had. It also remembers which landed files (path,
device, inode, size, times) have been dealt with, so that a second run need not read them again.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from pathlib import Path

from rawzone_assets.zone import (
    drills,
    index_custody,
    index_days,
    index_holds,
    index_intake,
    index_seen,
    index_tallies,
    index_upkeep,
)
from rawzone_assets.zone.drills import DrillLookups
from rawzone_assets.zone.errors import IndexFailed, StorageFailed
from rawzone_assets.zone.index_custody import CustodyLookups
from rawzone_assets.zone.index_database import (
    database_path,
    keep_head,
    kept_head,
    open_database,
    remove_database,
    transaction,
)
from rawzone_assets.zone.index_decisions import DecisionQueries
from rawzone_assets.zone.index_holds import HoldLookups
from rawzone_assets.zone.index_queries import IndexQueries
from rawzone_assets.zone.index_seen import Folder, SeenFile, SeenFiles
from rawzone_assets.zone.index_tallies import TallyLookups
from rawzone_assets.zone.index_upkeep import UpkeepLookups
from rawzone_assets.zone.ledger import EMPTY, Commit, Head, Ledger
from rawzone_assets.zone.local_files import FOLDER_MODE
from rawzone_assets.zone.past_lookups import PastLookups

_COMMITS_AT_ONCE = 2048
"""Of a transaction: what reads a long ledger anew may be interrupted, and goes on from there."""
_TABLES = (
    *(*index_intake.TABLES, *index_days.TABLES, *index_seen.TABLES),
    *(*index_upkeep.TABLES, *index_custody.TABLES, *index_holds.TABLES, *drills.TABLES, *index_tallies.TABLES),
)


class Index(IndexQueries, DecisionQueries):
    """Look-ups over one ledger. Call :meth:`catch_up` before trusting an answer."""

    def __init__(self, ledger: Ledger, folder: Path | None) -> None:
        """``folder`` is local scratch space; ``None`` keeps the index in memory."""
        self._ledger = ledger
        self._path = index_path(folder, ledger.folder) if folder else None
        self._database = self._open()
        self._head = kept_head(self._database)
        self._moving = threading.RLock()

    @property
    def head(self) -> Head:
        """The commit up to which this index answers."""
        return self._head

    @property
    def folder(self) -> Path | None:
        """Where the index lies; ``None`` when it is kept in memory."""
        return self._path.parent if self._path else None

    @property
    def past(self) -> PastLookups:
        """What a delivery is compared with."""
        return PastLookups(self._database)

    @property
    def upkeep(self) -> UpkeepLookups:
        """When files were last re-read, and what was damaged and repaired."""
        return UpkeepLookups(self._database)

    @property
    def custody(self) -> CustodyLookups:
        """Where objects are kept, and what was erased."""
        return CustodyLookups(self._database)

    @property
    def holds(self) -> HoldLookups:
        """The legal holds."""
        return HoldLookups(self._database)

    @property
    def drills(self) -> DrillLookups:
        """Which archived objects were brought back for a trial."""
        return DrillLookups(self._database)

    @property
    def tallies(self) -> TallyLookups:
        """What the receipts add up to."""
        return TallyLookups(self._database)

    def close(self) -> None:
        self._database.close()

    def catch_up(self) -> Head:
        """Read what was committed since; start over when the ledger is not the one this index was built on.

        Raises:
            LedgerDamaged: A commit is damaged or breaks the chain.
            LedgerGone: There is no commit any more.
            StorageFailed: The ledger cannot be read, or the index cannot be written.
        """
        try:
            with self.usable(), self._moving:
                try:
                    return self._catch_up()
                except sqlite3.OperationalError:
                    raise  # locked, or its disk is full: the file itself may be sound
                except sqlite3.DatabaseError:
                    self._database.close()
                    remove_database(self._path)
                    self._database = open_database(self._path)
                    return self._catch_up()
        except OSError as error:
            raise StorageFailed("read the ledger", error) from error

    def follow(self, commit: Commit) -> Head:
        """Take in the commit that this process has just claimed, or else :meth:`catch_up`.

        Its file is not read for that: it holds the bytes that were composed, and any later reader of it checks
        that it still does.

        Raises:
            LedgerDamaged, StorageFailed: As :meth:`catch_up` does.
        """
        with suppress(sqlite3.DatabaseError), self._moving:  # what is wrong, catching up finds out
            with transaction(self._database):
                head = kept_head(self._database)  # another process may have moved it
                is_next = (head.seq + 1, head.sha256) == (commit.seq, commit.prev)
                if is_next:
                    index_intake.take_in(self._database, commit)
                    keep_head(self._database, commit.head)
            if is_next:
                self._head = commit.head
                return self._head
        return self.catch_up()

    @contextmanager
    def usable(self) -> Iterator[None]:
        """Says what to do when SQLite fails.

        Raises:
            IndexFailed: It did.
        """
        try:
            yield
        except sqlite3.Error as error:
            raise IndexFailed(self._path, error) from error

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keeps it as it is: for look-ups of one thread while another may look things up or write.

        Threads that share a connection share the statements it keeps too: two that ask the same at once have
        taken each other's values, or been told of an API's misuse (Python 3.13).
        """
        with self._moving:
            yield

    def _catch_up(self) -> Head:
        is_long = False
        while self._take_in_some():
            is_long = True
        if is_long:
            self._ledger.check_end(self._head.seq + 1)
        return self._head

    def _take_in_some(self) -> bool:
        """Take in the next commits; whether there may be more."""
        with transaction(self._database):
            head = kept_head(self._database)  # another process may have moved it
            if not self._ledger.holds(head):
                # Else all that landing holds would be promoted again, into the folder where the disk belongs.
                self._ledger.check_not_emptied(head, self._path)
                self._clear()
                head = EMPTY
            taken = 0
            for commit in islice(self._ledger.after(head), _COMMITS_AT_ONCE):
                index_intake.take_in(self._database, commit)
                head = commit.head
                taken += 1
            if taken:
                keep_head(self._database, head)
        self._head = head
        return taken == _COMMITS_AT_ONCE

    # --- landed files that have been dealt with --------------------------------------------------

    @property
    def seen(self) -> SeenFiles:
        """Which landed files have been dealt with in their present form."""
        return SeenFiles(self._database)

    def remember(self, files: Iterable[SeenFile]) -> None:
        """Note landed files that need no reading again."""
        with self._writing():
            self.seen.note(files)

    def confirm(self, files: Iterable[SeenFile], names: str) -> None:
        """Note that these landed files belong to their feeds, as names are declared now."""
        with self._writing():
            self.seen.confirm(files, names)

    def note_unchanged(self, folders: Iterable[Folder]) -> None:
        """Note folders whose files were all found dealt with, so that they need no comparing one by one."""
        with self._writing():
            for folder in folders:
                self.seen.note_unchanged(folder)

    # --- the file --------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """A transaction while no other thread looks things up: an open look-up can keep it from beginning."""
        with self.usable(), self._moving, transaction(self._database):
            yield

    def _clear(self) -> None:
        for table in ("head", *_TABLES):
            self._database.execute(f"DELETE FROM {table}")  # noqa: S608

    def _open(self) -> sqlite3.Connection:
        if self._path is not None:
            self._path.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        return open_database(self._path)


def index_path(folder: Path, ledger: Path) -> Path:
    """Where the index of the ledger in ``ledger`` lies, so that zones may share a state folder."""
    return database_path(folder, "index", ledger)
