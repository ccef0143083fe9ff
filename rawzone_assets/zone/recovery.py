"""Recovery: what a dead process has staged is finished, decided again or dropped by whoever comes next.

A staged commit is the redo log of its batch (``publishing``). The zone's lock is held by whoever calls this.
"""

from __future__ import annotations

import hashlib

from rawzone_assets.zone import codec, custody, upkeep
from rawzone_assets.zone.committing import Committer
from rawzone_assets.zone.drafts import Draft, findings_document
from rawzone_assets.zone.errors import KeyOccupied
from rawzone_assets.zone.ledger import Commit, DamagedCommit, bytes_at, decode_commit
from rawzone_assets.zone.receipt import Record, Verdict
from rawzone_assets.zone.staging import Batch, leftovers


class Recovery(Committer):
    """A committer that first sees to what others left."""

    def recover(self) -> int:
        """Finish or drop every batch whose process is gone; how many were. The zone's lock is held."""
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
            data = bytes_at(self._files, path)
            try:
                commit = decode_commit(data)
            except DamagedCommit:
                continue  # cut while it was written: nothing was linked yet, and it goes with its batch
            if self._ledger.bytes_of(commit.seq) == data:
                # It was published, and only the clean-up is missing, but perhaps also the sync of its name.
                self._files.sync_folder(self._ledger.folder)
                return commit
            placements = [place for record in commit.records for place in batch.places.of(record)]
            head = self._index.catch_up()
            sound = self._sound(batch, commit)
            if sound and commit.prev == head.sha256:
                try:
                    path = batch.renew_commit(path, data)  # its writer may have been killed before it did
                    self._placer.link(placements)
                    self._ledger.claim(path, commit.seq)
                except (FileExistsError, KeyOccupied):
                    pass  # decided again below
                except OSError:
                    if self._ledger.bytes_of(commit.seq) is None:
                        self._withdraw(placements, path)  # what cannot be placed must not come back for ever
                    raise
                else:
                    return commit
            self._withdraw(placements, path)
            if sound:
                # What was damaged is found again, and so is what was left in landing unrecognized.
                receipts = [r for r in commit.records if r["record"] == "receipt" and r["feed"]]
                drafts = [Draft.from_record(batch, record) for record in receipts]
                self._publish(batch, drafts)
        return None

    def _sound(self, batch: Batch, commit: Commit) -> bool:
        """Whether what is staged is what the receipts name; else landing is read again."""
        for record in commit.records:
            places = batch.places.of(record)
            if any(self._files.status(place.staged) is None for place in places):
                return False
            for place, expected in zip(places, _staged_digests(record), strict=True):
                with self._files.open(place.staged) as stream:
                    if codec.digest_of(codec.blocks_of(stream)) != expected:
                        return False
        return True


def _staged_digests(record: Record) -> list[str]:
    """The SHA-256 of each staged file of a record, in the order of :meth:`Places.of`."""
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
