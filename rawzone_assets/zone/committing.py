"""Committing: a batch is decided, linked and claimed under one number, or nothing of it is there.

``publishing`` says in which order and why. The zone's lock is held by whoever calls anything here.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from rawzone_assets.zone import custody, decision
from rawzone_assets.zone.batch_history import BatchHistory
from rawzone_assets.zone.drafts import Draft, findings_document
from rawzone_assets.zone.erasing import erase
from rawzone_assets.zone.errors import KeyOccupied
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.ledger import Author, Commit, Head, Ledger, compose_commit
from rawzone_assets.zone.past import Past
from rawzone_assets.zone.placements import Placement
from rawzone_assets.zone.placing import Placer
from rawzone_assets.zone.receipt import Receipt, Record, Verdict, timestamp
from rawzone_assets.zone.releasing import NotReleased, release
from rawzone_assets.zone.staging import Batch


@dataclass(frozen=True, kw_only=True)
class Published:
    """What a batch came to. ``unchanged`` were dealt with before; ``occupied`` met a foreign file."""

    receipts: tuple[Receipt, ...]
    unchanged: tuple[Draft, ...]
    occupied: tuple[KeyOccupied, ...]
    commit: Commit | None


class _Decided(NamedTuple):
    """What becomes of a batch's drafts, as of one head of the ledger."""

    head: Head
    at: datetime
    made: list[tuple[Draft, decision.Decision]]
    receipts: list[Receipt]

    @property
    def unchanged(self) -> tuple[Draft, ...]:
        return tuple(draft for draft, one in self.made if one.verdict is None)

    def not_needing(self, path: Path, layout: Layout) -> list[Draft]:
        """The drafts that can be carried out although a foreign file has this path."""
        return [draft for draft, one in self.made if not one.needs(path, layout)]


class Committer:
    """Commits batches to one zone, and carries out what a commit says must go."""

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

    def _commit(self, batch: Batch, records: Callable[[], Sequence[Record]]) -> Commit | None:
        while True:
            head = self._index.catch_up()
            wanted = [dict(record) for record in records()]
            if not wanted:
                return None
            commit = compose_commit(wanted, after=head, at=self._clock(), author=self._author)
            places = [place for record in wanted for place in batch.places.of(record)]
            with contextlib.suppress(FileExistsError):  # another writer took the number
                self._claim(batch, commit, places)
                return commit

    def _publish(self, batch: Batch, drafts: list[Draft]) -> Published:
        occupied: list[KeyOccupied] = []
        while True:
            decided = self._decide(drafts)
            receipts, commit = decided.receipts, None
            if receipts:
                self._stage_findings(batch, receipts)
                records = [record for receipt in receipts for record in receipt.as_records()]
                commit = compose_commit(records, after=decided.head, at=decided.at, author=self._author)
                places = [place for record in records for place in batch.places.of(record)]
                try:
                    self._claim(batch, commit, places)
                except FileExistsError:
                    continue  # another writer took the number: read what it wrote and decide again
                except KeyOccupied as error:
                    occupied.append(error)  # it holds up this one delivery, not the batch
                    drafts = decided.not_needing(error.path, self._layout)
                    continue
            return Published(
                receipts=tuple(receipts),
                unchanged=decided.unchanged,
                occupied=tuple(occupied),
                commit=commit,
            )

    def _decide(self, drafts: list[Draft]) -> _Decided:
        """What becomes of these drafts, given all that is committed by now."""
        with self._index.at_rest():  # other threads of this process look things up for the next batches
            head = self._index.catch_up()
            now = self._clock()
            at = max(now, head.at) if head.at else now
            # What was erased since it was read stays pending: the next reading finds that out.
            erased = self._index.custody.erased_among([draft.candidate.sha256 for draft in drafts])
            kept = [draft for draft in drafts if draft.candidate.sha256 not in erased]
            past = decision.Batch(BatchHistory(self._index, [draft.candidate for draft in kept]))
            made = [(draft, past.decide(draft.candidate)) for draft in kept]
            history, promoted_at = Past(self._index, [draft.receipt for draft in kept]), timestamp(at)
            receipts = [
                history.compared(draft.feed, draft.receipt_for(one, promoted_at))
                for draft, one in made
                if one.verdict is not None and draft.has_bytes_for(one)
            ]
        return _Decided(head=head, at=at, made=made, receipts=receipts)

    def _claim(self, batch: Batch, commit: Commit, placements: list[Placement]) -> None:
        """Stage the commit, link everything, claim the number; undo the links when that cannot be."""
        staged = batch.stage_commit(commit.data, commit.seq)
        try:
            self._placer.link(placements)
        except BaseException:
            # One file that cannot be placed must not hold up what comes after it: nothing is committed yet, and
            # landing still has it. If even that fails, the staged commit stays, and recovery sees to it.
            self._withdraw(placements, staged)
            raise
        try:
            self._ledger.claim(staged, commit.seq)
        except FileExistsError:
            self._withdraw(placements, staged)
            raise
        self._index.follow(commit)

    def _withdraw(self, placements: list[Placement], staged: Path) -> None:
        """Give up a staged commit; links first, so that a crash in between is withdrawn again."""
        self._placer.undo(placements)
        self._files.remove(staged)

    def _stage_findings(self, batch: Batch, receipts: list[Receipt]) -> None:
        for receipt in receipts:
            if receipt.verdict is Verdict.QUARANTINED:
                with contextlib.suppress(FileExistsError):  # staged by the attempt before
                    batch.stage_findings(receipt.landing_path, findings_document(receipt.as_record()))
                    self._files.sync(batch.places.of(receipt.as_record())[1].staged)

    # --- what a commit says must go ----------------------------------------------------------------

    def _release(self, commit: Commit | None) -> list[NotReleased]:
        records = [r for r in (commit.records if commit else ()) if r["record"] == custody.ARCHIVED]
        if not records:
            return []
        self._index.catch_up()
        return release(self._files, self._layout, self._index, records)

    def _erase(self, commit: Commit | None) -> None:
        records = [r for r in (commit.records if commit else ()) if r["record"] == custody.ERASED]
        if records:
            self._index.catch_up()
            erase(self._files, self._layout, self._ledger, self._index, records, cache=self._cache)
