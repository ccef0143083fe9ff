"""Restore drills: some archived objects are brought back for a trial, and the ledger keeps what came of it.

A backup nobody has restored is a hope. A drill reads the archive copy, writes the original bytes into a scratch
folder outside of raw, reads them back from there, compares them with the receipt, and lets the feed's parser
judge them. Those undrilled for longest come first, so all of the archive gets its turn. Raw is not touched.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Content, Feed
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.contracts import contract_of
from rawzone_assets.zone.drills import drilled_record
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.files import Files, ensure_folder, why_unread
from rawzone_assets.zone.judge import Judge
from rawzone_assets.zone.landing import HELD_IN_MEMORY
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.receipt import Receipt, Record, moment
from rawzone_assets.zone.releasing import verify_copy
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.staged_content import StagedContent
from rawzone_assets.zone.zone import Zone

USUAL_OBJECTS = 20
"""In one drill: a zone of a thousand archived files is through within a year of weekly drills."""

Progress = Callable[[int, int], None]
"""Called with (objects drilled, objects to drill)."""


@dataclass(kw_only=True)
class Outcome:
    """What a drill came to: its records, and how many objects have a copy in the archive at all."""

    records: list[Record] = field(default_factory=list)
    copies: int = 0
    seq: int | None = None  # the commit that keeps them

    @property
    def failed(self) -> list[Record]:
        return [record for record in self.records if record["problem"]]


def drill(
    zone: Zone,
    feeds: Mapping[str, Feed],
    *,
    judge: Judge,
    by: str,
    objects: int = USUAL_OBJECTS,
    only: Sequence[str] = (),
    run_id: str = "drill",
    progress: Progress | None = None,
) -> Outcome:
    """Bring back up to ``objects`` archived objects for a trial, of the feeds ``only`` if any are named.

    ``feeds`` are the declared ones, by id.

    Raises:
        RootAway: The archive's disk is not there. Nothing is recorded.
        ZoneError: The scratch folder cannot be written, or nothing can be recorded.
    """
    zone.recover()
    zone.index.catch_up()
    outcome = Outcome(copies=zone.index.drills.totals().copies)
    # The ledger would keep for ever that they could not be had back, for a disk that was not mounted.
    zone.refuse_when_away(upkeep.ARCHIVE)
    chosen = list(zone.index.drills.due(objects, feeds=only))
    if not chosen:
        return outcome
    try:
        with _scratch(zone) as folder:
            for number, (receipt, kept) in enumerate(chosen, 1):
                trial = _Trial(zone=zone, receipt=receipt, kept=kept, scratch=folder / f"{number}")
                outcome.records.append(trial.carry_out(feeds.get(receipt.feed or ""), judge=judge, by=by))
                if progress:
                    progress(number, len(chosen))
    except OSError as error:
        raise StorageFailed("restore into the scratch folder", error) from error

    def records() -> list[Record]:
        custody = zone.index.custody
        return [
            r for r in outcome.records if custody.of(r["key"]).has_archive_copy
        ]  # not what was erased since

    commit = zone.publisher(run_id).record(records)
    outcome.seq = commit.seq if commit else None
    return outcome


@contextmanager
def _scratch(zone: Zone) -> Iterator[Path]:
    """A folder of our own in which nothing of dead processes is left. One drill at a time."""
    files, folder = LocalFiles(), zone.layout.scratch
    ensure_folder(files, folder)
    with files.lock(folder / "lock", wait=True):
        clear(files, folder)
        try:
            yield folder
        finally:
            clear(files, folder)


def clear(files: Files, folder: Path) -> None:
    """Remove what a drill has left there. Its lock is held."""
    for name in files.names(folder):
        if name != "lock":
            files.remove(folder / name)


@dataclass(frozen=True, kw_only=True)
class _Trial:
    """One object on its way back."""

    zone: Zone
    receipt: Receipt
    kept: Record  # the record of custody that tells the form of its archive copy
    scratch: Path

    def carry_out(self, feed: Feed | None, *, judge: Judge, by: str) -> Record:
        problem = self._bring_back()
        readable, note = None, None
        if problem is None and feed is None:
            note = f"the feed {self.receipt.feed} is no longer declared, so its parser was not asked"
        elif problem is None and feed is not None:
            readable, problem, note = self._read(feed, judge)
        if self.scratch.exists():
            self.scratch.unlink()
        return drilled_record(self.receipt, readable=readable, problem=problem, note=note, by=by)

    def _bring_back(self) -> str | None:
        """Write the original bytes aside and read them back; what is wrong with them."""
        copy = self.zone.layout.archived(self.receipt.key or "")
        size = self.receipt.size or 0
        try:
            problem = verify_copy(self.zone.files, copy, self.kept)
        except OSError as error:
            problem = why_unread(self.zone.files, copy, error)
        if problem:
            return f"the archive copy is not as recorded: {problem}"
        room = Room(files=LocalFiles(), reserve=self.zone.settings.reserve)
        try:
            blocks = self._original_blocks(copy, size)
            LocalFiles().create(self.scratch, room.watched(self.scratch.parent, blocks))
        except codec.Damaged as error:
            return f"the archive copy is not as recorded: {error}"
        with self.scratch.open("rb") as stream:
            restored = codec.digest_of(codec.blocks_of(stream))
        if restored != self.receipt.sha256:
            return f"what was restored has the SHA-256 {restored}, not that of its receipt"
        return None

    def _original_blocks(self, copy: Path, size: int) -> Iterator[bytes]:
        """What the copy's disk fails at is told of the copy, and not of the scratch folder that is written to.

        Raises:
            codec.Damaged: The copy is not as recorded, or cannot be read.
        """
        try:
            with self.zone.files.open(copy) as stream:
                yield from codec.original_blocks(codec.blocks_of(stream), self.kept["encoding"], size)
        except OSError as error:
            raise codec.Damaged(why_unread(self.zone.files, copy, error)) from error

    def _read(self, feed: Feed, judge: Judge) -> tuple[bool, str | None, str | None]:
        """Whether the feed's parser reads it, what is wrong, and what is to be noted.

        To refuse it is a failure only of the contract that once accepted it, not of a later one.
        """
        receipt = self.receipt
        feed = self.zone.settings.policy.applied_to(feed)
        capture = Capture(
            name=receipt.name or "",
            day=date.fromisoformat(receipt.partition or ""),
            captured_at=moment(receipt.captured_at or ""),
        )
        judgement = judge(feed, self._content(), capture)
        if not judgement.refused:
            return True, None, None
        found = ", ".join(sorted({finding.code for finding in judgement.findings if finding.blocking}))
        if contract_of(feed, capture.name) == receipt.contract:
            return False, f"the feed's parser does not accept what it accepted once: {found}", None
        return False, None, f"today's contract, which is another than then, would refuse it: {found}"

    def _content(self) -> Content:
        size = self.receipt.size or 0
        if size <= HELD_IN_MEMORY:
            return BytesContent(self.scratch.read_bytes())
        return StagedContent(files=LocalFiles(), path=self.scratch, encoding="identity", size=size)
