"""Publishing: a batch becomes visible whole or not at all, and a crash is finished by whoever comes next.

The order is the proof (DESIGN 5.5); each step is durable before the next begins:

1. staged blobs and findings with the folders that name them, then the staged commit that relies on them
2. a link from each blob to its key (never replacing), then every folder down to it
3. a link from the staged commit to the ledger's next number: the moment of truth
4. the staging folder goes

Steps 1b-3 run under the zone's lock, whose holder first finishes what dead batches left. The lock makes
racing cheap, not correct: links never replace, and the ledger's number is claimed by creating it, so even a
writer that ignores the lock can only lose, undo its own links, and decide again. Nothing counts as durable
because it is there: whoever relies on a name syncs its folders, as its maker may have been killed before.
"""

from __future__ import annotations

import contextlib
import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from rawzone_assets.zone import codec, custody, decision, upkeep
from rawzone_assets.zone.drafts import Draft, findings_document
from rawzone_assets.zone.erasing import erase
from rawzone_assets.zone.errors import KeyOccupied, StorageFailed
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.ledger import Author, Commit, DamagedCommit, Ledger, decode_commit, encode_commit
from rawzone_assets.zone.past import Past
from rawzone_assets.zone.placing import Placer
from rawzone_assets.zone.receipt import Receipt, Record, Verdict
from rawzone_assets.zone.releasing import Kept, release
from rawzone_assets.zone.sealing import seal
from rawzone_assets.zone.staging import Batch, Placement, leftovers


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a batch came to. ``unchanged`` were dealt with before; ``occupied`` met a foreign file."""

    receipts: tuple[Receipt, ...]
    unchanged: tuple[Draft, ...]
    occupied: tuple[KeyOccupied, ...]
    commit: Commit | None


class Publisher:
    """Carries decisions out on one zone."""

    def __init__(
        self,
        files: Files,
        layout: Layout,
        ledger: Ledger,
        index: Index,
        *,
        clock: Callable[[], datetime],
        author: Author,
        seals: bool = False,
        cache: Path | None = None,
        durable: set[Path] | None = None,
    ) -> None:
        """``seals``: published files get the immutable flag. ``cache``: where readers keep copies.

        ``durable``: see :class:`Placer`.
        """
        self._files = files
        self._layout = layout
        self._ledger = ledger
        self._index = index
        self._placer = Placer(files, layout, index, durable=set() if durable is None else durable)
        self._clock = clock
        self._author = author
        self._seals = seals
        self._cache = cache

    @contextlib.contextmanager
    def batch(self, *, reserve: int = 0) -> Iterator[Batch]:
        """Staging folders for one batch, removed afterwards. Finishes what crashed batches left first.

        Deliveries are staged only while ``reserve`` bytes stay free.

        Raises:
            StorageFailed: The disk refused. The next command finishes or drops the batch.
        """
        batch = Batch(self._files, self._layout, uuid.uuid4().hex, reserve=reserve)
        with contextlib.ExitStack() as stack:
            try:
                with self._index.usable():
                    with self.locked():
                        self.recover()
                        batch.open()
                        stack.enter_context(batch.alive(wait=True))
                    yield batch
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
        with self.batch() as batch, self.locked():
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

    def move(self, batch: Batch, records: Callable[[], Sequence[Record]]) -> tuple[Commit | None, list[Kept]]:
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
                erase(self._files, self._layout, self._index, records, cache=self._cache)
        except OSError as error:
            raise StorageFailed("erase", error) from error

    def _erase(self, commit: Commit | None) -> None:
        records = [r for r in (commit.records if commit else ()) if r["record"] == custody.ERASED]
        if records:
            self._index.catch_up()
            erase(self._files, self._layout, self._index, records, cache=self._cache)

    def release(self, records: Sequence[Record]) -> list[Kept]:
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

    def _release(self, commit: Commit | None) -> list[Kept]:
        records = [r for r in (commit.records if commit else ()) if r["record"] == custody.ARCHIVED]
        if not records:
            return []
        self._index.catch_up()
        return release(self._files, self._layout, self._index, records)

    def _commit(self, batch: Batch, records: Callable[[], Sequence[Record]]) -> Commit | None:
        while True:
            head = self._index.catch_up()
            wanted = [dict(record) for record in records()]
            if not wanted:
                return None
            data = encode_commit(wanted, after=head, at=self._clock(), author=self._author)
            places = [place for record in wanted for place in batch.placements(record)]
            with contextlib.suppress(FileExistsError):  # another writer took the number
                return self._claim(batch, data, places)

    def _publish(self, batch: Batch, drafts: list[Draft]) -> Published:
        occupied: list[KeyOccupied] = []
        while True:
            head = self._index.catch_up()
            now = self._clock()
            at = max(now, head.at) if head.at else now
            # What was erased since it was read stays pending: the next reading finds that out.
            drafts = [d for d in drafts if not self._index.custody.erasures(sha256=d.candidate.sha256)]
            past = decision.Batch(self._index)
            decided = [(draft, past.decide(draft.candidate)) for draft in drafts]
            unchanged = tuple(draft for draft, made in decided if made.verdict is None)
            history = Past(self._index)
            receipts = [
                history.compared(draft.feed, draft.receipt_for(made, at))
                for draft, made in decided
                if made.verdict is not None and draft.has_bytes_for(made)
            ]
            if not receipts:
                return Published(receipts=(), unchanged=unchanged, occupied=tuple(occupied), commit=None)
            records = [record for receipt in receipts for record in receipt.as_records()]
            self._stage_findings(batch, receipts)
            data = encode_commit(records, after=head, at=at, author=self._author)
            placements = [place for record in records for place in batch.placements(record)]
            try:
                commit = self._claim(batch, data, placements)
            except FileExistsError:
                continue  # another writer took the number: read what it wrote and decide again
            except KeyOccupied as error:
                occupied.append(error)  # it holds up this one delivery, not the batch
                drafts = [draft for draft, made in decided if not made.needs(error.path, self._layout)]
                continue
            return Published(
                receipts=tuple(receipts), unchanged=unchanged, occupied=tuple(occupied), commit=commit
            )

    def _claim(self, batch: Batch, data: bytes, placements: list[Placement]) -> Commit:
        """Stage the commit, link everything, claim the number; undo the links when that cannot be."""
        commit = decode_commit(data)
        staged = batch.stage_commit(data, commit.seq)
        try:
            self._placer.link(placements)
        except KeyOccupied:
            self._withdraw(placements, staged)
            raise
        except BaseException:
            # One file that cannot be placed must not hold up what comes after it: nothing is committed yet, and
            # landing still has it. If even that fails, the staged commit stays, and recovery sees to it.
            with contextlib.suppress(OSError):
                self._withdraw(placements, staged)
            raise
        try:
            self._ledger.claim(staged, commit.seq)
        except FileExistsError:
            self._withdraw(placements, staged)
            raise
        self._index.catch_up()
        return commit

    def _withdraw(self, placements: list[Placement], staged: Path) -> None:
        """Give up a staged commit; links first, so that a crash in between is withdrawn again."""
        self._placer.undo(placements)
        self._files.remove(staged)

    def _stage_findings(self, batch: Batch, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            if receipt.verdict is Verdict.QUARANTINED:
                with contextlib.suppress(FileExistsError):  # staged by the attempt before
                    batch.stage_findings(receipt.landing_path, findings_document(receipt.as_record()))
                    self._files.sync(batch.placements(receipt.as_record())[1].staged)

    # --- recovery --------------------------------------------------------------------------------

    def recover(self) -> int:
        """Finish or drop every batch whose process is gone; how many there were. The zone's lock is held."""
        done = 0
        for name in leftovers(self._files, self._layout):
            batch = Batch(self._files, self._layout, name)
            try:
                done += self._finish(batch)
            except OSError:
                # An archive's disk that is full, read-only or away is no reason to promote nothing: what was to
                # move lies where it lay, or in both places, and the next command tries again.
                if not batch.concerns_archive():
                    raise
        return done

    def _finish(self, batch: Batch) -> bool:
        """Finish or drop one batch; whether there was anything to finish and all of it is done."""
        if self._files.status(batch.folder) is None:
            batch.discard()  # only a side of it on another disk is left: nothing of it is visible there
            return False
        with batch.alive(wait=False) as ours:
            if not ours:
                return False
            commit = self._redo(batch)
            try:
                self._release(commit)
                self._erase(commit)
            except OSError:
                # It is recorded, and nothing waits for this: it must not hold up a promotion.
                return False
            batch.discard()
            return True

    def _redo(self, batch: Batch) -> Commit | None:
        """Finish a dead batch, or decide again; the commit it staged, if that is in the ledger now."""
        for staged in batch.commits():
            path = staged
            with self._files.open(path) as stream:
                data = stream.read()
            try:
                commit = decode_commit(data)
            except DamagedCommit:
                self._files.remove(path)  # cut while it was written: nothing was linked yet
                continue
            if self._ledger.bytes_of(commit.seq) == data:
                # It was published, and only the clean-up is missing, but perhaps also the sync of its name.
                self._files.sync_folder(self._ledger.folder)
                return commit
            placements = [place for record in commit.records for place in batch.placements(record)]
            head = self._index.catch_up()
            sound = self._sound(batch, commit)
            if sound and (commit.seq, commit.prev) == (head.seq + 1, head.sha256):
                try:
                    path = batch.renew_commit(path, data)  # its writer may have been killed before it did
                    self._placer.link(placements)
                    self._ledger.claim(path, commit.seq)
                except (FileExistsError, KeyOccupied):
                    pass  # decided again below
                except OSError:
                    with contextlib.suppress(OSError):  # what cannot be placed must not come back for ever
                        if self._ledger.bytes_of(commit.seq) is None:
                            self._withdraw(placements, path)
                    raise
                else:
                    self._index.catch_up()
                    return commit
            self._withdraw(placements, path)
            if sound:
                repairs = [r for r in commit.records if r["record"] == upkeep.REPAIRED]
                self._commit(batch, lambda: repairs)  # noqa: B023  called at once
                # What was left in landing unrecognized is found there again.
                receipts = [r for r in commit.records if r["record"] == "receipt" and r["feed"]]
                drafts = [Draft.from_record(batch, record) for record in receipts]
                self._publish(batch, drafts)
        return None

    def _sound(self, batch: Batch, commit: Commit) -> bool:
        """Whether what is staged is what the receipts name; else landing is read again."""
        for record in commit.records:
            places = batch.placements(record)
            if any(self._files.status(place.staged) is None for place in places):
                return False
            for place, expected in zip(places, _staged_digests(record), strict=True):
                with self._files.open(place.staged) as stream:
                    if codec.digest_of(codec.blocks_of(stream)) != expected:
                        return False
        return True


def _staged_digests(record: Record) -> list[str]:
    """The SHA-256 of each staged file of a record, in the order of :meth:`Batch.placements`."""
    if record["record"] == upkeep.REPAIRED:
        return [record["stored_sha256"]] if record["staged"] else []
    if record["record"] in (custody.ARCHIVED, custody.RESTORED):
        return [record["stored_sha256"]] if record.get("staged", True) else []
    verdict = record["verdict"] if record["record"] == "receipt" else None
    if verdict == Verdict.PROMOTED:
        return [record["stored_sha256"]]
    if verdict == Verdict.QUARANTINED:
        return [record["stored_sha256"], hashlib.sha256(findings_document(record)).hexdigest()]
    return []
