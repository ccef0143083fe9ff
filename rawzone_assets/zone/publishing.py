"""Publishing: a batch becomes visible whole or not at all, and a crash is finished by whoever comes next.

The order is the proof (DESIGN 5.5); each step is durable before the next begins:

1. staged blobs and findings with the folders that name them, then the staged commit that relies on them
2. a link from each blob to its key (never replacing), then every folder down to it
3. a link from the staged commit to the ledger's next number: the moment of truth
4. the staging folder goes

From the staged commit to its number all runs under the zone's lock, whose holder first finishes what dead
batches left. The lock makes racing cheap, not correct: links never replace, and the ledger's number is claimed
by creating it, so even a writer that ignores the lock can only lose, undo its own links, and decide again.
Nothing counts as durable because it is there: whoever relies on a name syncs its folders, as its maker may have
been killed before.
"""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Iterator, Sequence

from rawzone_assets.zone.committing import Published
from rawzone_assets.zone.drafts import Draft
from rawzone_assets.zone.erasing import erase
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.presence import require_ledger
from rawzone_assets.zone.receipt import Receipt, Record
from rawzone_assets.zone.recovery import Recovery
from rawzone_assets.zone.releasing import NotReleased, release
from rawzone_assets.zone.sealing import seal
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.writing import Writers


class Publisher(Recovery):
    """Carries decisions out on one zone, under its lock and after recovery."""

    @contextlib.contextmanager
    def batch(
        self, *, reserve: int = 0, writers: Writers | None = None, quarantine: bool = True
    ) -> Iterator[Batch]:
        """Staging folders for one batch, removed afterwards. Finishes what crashed batches left first.

        Deliveries are staged only while ``reserve`` bytes stay free, by ``writers`` if there are any. Without
        ``quarantine`` nothing can be staged beside that, and its disk may be full or read-only.

        Raises:
            StorageFailed: The disk refused. The next command finishes or drops the batch.
        """
        name = uuid.uuid4().hex
        batch = Batch(self._files, self._layout, name, reserve=reserve, writers=writers)
        with contextlib.ExitStack() as stack:
            try:
                with self._index.usable():
                    with self.locked():
                        self.recover()
                        if self._index.head.seq < 0:  # the first commit of a zone is the first for all it holds
                            require_ledger(self._files, self._layout)
                        batch.open(quarantine=quarantine)
                        stack.enter_context(batch.alive(wait=True))
                    try:
                        yield batch
                    finally:
                        batch.stop_writing()  # nobody may write any more into folders that are removed
            except BaseException as error:
                # A staged commit is left to recovery; a batch without one has published nothing.
                with contextlib.suppress(OSError), self.locked():
                    if not batch.commits():
                        batch.discard()
                if isinstance(error, OSError):
                    raise StorageFailed("write to the zone", error) from error
                raise
            # Under the lock, because recovery elsewhere probes the batch's own lock file. What was published is
            # published even if this fails: the next command cleans up.
            with contextlib.suppress(OSError), self.locked():
                batch.discard()
                if self._seals:
                    self.recover()  # what a dead batch has staged must go before its other name is sealed
                    seal(self._files, self._layout, self._ledger, newest=self._index.catch_up().seq)

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Hold the zone's lock: one publication or recovery at a time."""
        with self._files.lock(self._layout.zone_lock, wait=True):
            yield

    def publish(self, batch: Batch, drafts: Sequence[Draft]) -> Published:
        """Decide and publish a batch as one commit.

        Raises:
            LedgerDamaged: The ledger cannot be continued.
            OSError: The disk refused; the batch is finished or dropped by the next command.
        """
        batch.sync(draft.blob for draft in drafts if draft.blob)
        with self.locked():
            self.recover()  # somebody may have died while we read and judged
            return self._publish(batch, list(drafts))

    def record_unrecognized(self, receipts: Sequence[Receipt]) -> tuple[Receipt, ...]:
        """Commit receipts of files that stay where they are, less those another process recorded."""
        new: tuple[Receipt, ...] = ()

        def records() -> list[Record]:
            nonlocal new
            new = tuple(r for r in receipts if not self._index.unrecognized(r.landing_path))
            return [receipt.as_record() for receipt in new]

        self.record(records)
        return new

    def record(self, records: Callable[[], Sequence[Record]]) -> Commit | None:
        """Commit records that place no file. They are asked for again when another writer was faster.

        Raises:
            LedgerDamaged: The ledger cannot be continued.
            StorageFailed: The disk refused; nothing is recorded then.
        """
        with self.batch(quarantine=False) as batch, self.locked():
            self.recover()
            return self._commit(batch, records)

    def repair(self, batch: Batch, records: Callable[[], Sequence[Record]]) -> Commit | None:
        """Put staged bytes in the place of damaged or missing ones, as these ``repaired`` records say.

        ``records`` is asked under the lock and leaves out what has become sound meanwhile.

        Raises:
            LedgerDamaged: The ledger cannot be continued.
            OSError: The disk refused; the batch is finished or dropped by the next command.
        """
        with self.locked():
            self.recover()
            return self._commit(batch, records)

    def move(
        self, batch: Batch, records: Callable[[], Sequence[Record]]
    ) -> tuple[Commit | None, list[NotReleased]]:
        """Put staged copies into the archive or back into raw, as these records of custody say.

        What is recorded as archived is released from raw after that; what could not be, and why, is told. A
        crash in between is finished by the next command. ``records`` is asked under the lock, and leaves out or
        refuses what must not move any more.

        Raises:
            LedgerDamaged: The ledger cannot be continued.
            OSError: The disk refused; the batch is finished or dropped by the next command.
        """
        with self.locked():
            self.recover()
            commit = self._commit(batch, records)
            return commit, self._release(commit)

    def erase(self, batch: Batch, records: Callable[[], Sequence[Record]]) -> Commit | None:
        """Record what is erased by law, then remove it. A crash in between is finished by the next command.

        ``records`` is asked under the lock, and refuses what must not go any more.

        Raises:
            LedgerDamaged: The ledger cannot be continued; nothing is erased.
            OSError: The disk refused; the next command goes on, if anything was recorded.
        """
        with self.locked():
            self.recover()
            commit = self._commit(batch, records)
            self._erase(commit)
            return commit

    def erase_again(self, records: Sequence[Record]) -> None:
        """Remove what came back to where these records say that it was erased.

        Raises:
            StorageFailed: The disk refused.
        """
        try:
            with self._index.usable(), self.locked():
                self.recover()
                self._index.catch_up()
                erase(self._files, self._layout, self._ledger, self._index, records, cache=self._cache)
        except OSError as error:
            raise StorageFailed("erase", error) from error

    def release(self, records: Sequence[Record]) -> list[NotReleased]:
        """Take away hot copies that lie beside what these records say is archived; what could not go.

        Raises:
            StorageFailed: The disk refused.
        """
        try:
            with self._index.usable(), self.locked():
                self.recover()
                self._index.catch_up()
                return release(self._files, self._layout, self._index, records)
        except OSError as error:
            raise StorageFailed("release what is archived", error) from error
