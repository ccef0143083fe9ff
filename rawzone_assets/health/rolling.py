"""The rolling scrub: every stored byte re-read within a window, oldest first, within a time budget a session.

Where it stands follows from the ledger alone: a commit's files are as old as the last session that covered
the commit, or as the commit itself. A session records what it has read every few minutes, so a kill loses no
more than that. Files known to be damaged are looked at first, so that restored ones are soon known as sound.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from rawzone_assets.health.coverage import Coverage, covered
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.items import Item
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.health.rereading import check
from rawzone_assets.health.scrub import (
    Progress,
    absent_roots,
    foreign,
    is_object,
    look_around,
    reading_the_zone,
    weight_of,
)
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.receipt import Record, timestamp
from rawzone_assets.zone.replacing import holds
from rawzone_assets.zone.zone import Zone

_SAVED_EVERY = 120.0  # seconds
_MOST_FILES = 256  # between two looks at the clock
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one session came to."""

    files: int
    objects: int
    refused: int  # quarantined copies
    bytes: int
    finished: bool  # everything was read, not only what the budget allowed
    damages: tuple[Damage, ...]  # all that is known: among what was read, foreign files, and the ledger's own
    sound_again: tuple[str, ...]  # places found damaged before and sound now
    coverage: Coverage
    by_feed: dict[str, Coverage]
    window: float  # days
    commits: int
    head: Head
    is_recorded: bool  # a damaged ledger takes no record
    interrupted: int

    @property
    def is_behind(self) -> bool:
        """Whether something was not read within the window."""
        return self.coverage.covered_bytes < self.coverage.total_bytes


def scrub_rolling(
    zone: Zone,
    *,
    run_id: str,
    budget: float,
    window: float,
    progress: Progress | None = None,
    timer: Callable[[], float] = time.monotonic,
    most_files: int = _MOST_FILES,
) -> Session:
    """Re-read the files unread for longest until ``budget`` seconds are used or all were read once.

    At least one group of files is read, so that any budget gets round some day.

    Raises:
        LedgerGone: The disk of raw is not there. Nothing is recorded, as below.
        RootAway: Quarantine's or the archive's disk is not there. Nothing is recorded of what was not yet.
        StorageFailed: The disk refused. What was recorded stays, and the next session goes on from there.
    """
    with reading_the_zone():
        return _scrub(
            zone,
            run_id=run_id,
            budget=budget,
            window=window,
            progress=progress,
            timer=timer,
            most_files=most_files,
        )


def _scrub(
    zone: Zone,
    *,
    run_id: str,
    budget: float,
    window: float,
    progress: Progress | None,
    timer: Callable[[], float],
    most_files: int,
) -> Session:
    started = saved = timer()
    with suppress(LedgerDamaged):  # what that is, the session itself tells
        zone.index.catch_up()  # else all that lies in quarantine were foreign beside a ledger that is away
        zone.recover()
    around = look_around(zone)
    recorded = around.recorded
    work = _Work(zone=zone, recorded=recorded, run_id=run_id, began=zone.clock())
    work.require_roots()
    total = sum(weight_of(item) for item in recorded.items.values())
    work.read([item for place, item in recorded.items.items() if place in recorded.known_damage])
    finished = True
    for seqs, items in _groups(recorded, most_files):
        now = timer()
        if now - started >= budget and work.covered:
            finished = False
            break
        if now - saved >= _SAVED_EVERY:
            work.save()
            saved = now
        work.read(items)
        work.note(seqs)
        if progress:
            progress(work.size, total)
    work.save()
    found = work.damaged.values()
    missing = [item for item, damage in found if damage.kind is DamageKind.MISSING]
    strange = (damage for damage in foreign(zone, around, missing) if damage.kind is not DamageKind.LEFTOVER)
    overall, by_feed = coverage(recorded, now=zone.clock(), window=window)
    return Session(
        files=len(work.places),
        objects=work.objects,
        refused=work.refused,
        bytes=work.size,
        finished=finished,
        damages=(*recorded.damages, *around.unreadable, *(damage for _, damage in found), *strange),
        sound_again=tuple(work.sound_again),
        coverage=overall,
        by_feed=by_feed,
        window=window,
        commits=recorded.commits,
        head=work.head,
        is_recorded=work.can_record,
        interrupted=len(around.interrupted),
    )


def coverage(recorded: Recorded, *, now: datetime, window: float) -> tuple[Coverage, dict[str, Coverage]]:
    """How much was re-read in the last ``window`` days: of all, and of each feed."""
    read = ((item.feed or "", weight_of(item), recorded.verified[item.seq]) for item in recorded.items.values())
    return covered(read, now=now, window=window)


def _groups(recorded: Recorded, most_files: int) -> Iterator[tuple[list[int], list[Item]]]:
    """Whole commits with their files, unread for longest first, some at a time."""
    by_commit = recorded.commit_items()
    seqs: list[int] = []
    items: list[Item] = []
    # By the ledger's order, which is that of time and does not depend on a clock.
    for seq in sorted(by_commit, key=lambda number: (recorded.verified_by[number], number)):
        size = sum(map(weight_of, items)) + sum(map(weight_of, by_commit[seq]))
        if seqs and (len(items) + len(by_commit[seq]) > most_files or size > _MOST_BYTES):
            yield seqs, items
            seqs, items = [], []
        seqs.append(seq)
        items += by_commit[seq]
    if seqs:
        yield seqs, items


@dataclass(kw_only=True)
class _Work:
    """What a session has read so far, and what of that is not recorded yet."""

    zone: Zone
    recorded: Recorded
    run_id: str
    began: datetime  # of what is not recorded yet
    covered: int = 0  # commits
    size: int = 0
    objects: int = 0
    refused: int = 0
    places: set[str] = field(default_factory=set)
    damaged: dict[str, tuple[Item, Damage]] = field(default_factory=dict)
    sound_again: list[str] = field(default_factory=list)
    _seqs: list[int] = field(default_factory=list)
    _news: list[Record] = field(default_factory=list)
    _saved: tuple[int, int, int] = (0, 0, 0)  # files, bytes, places found sound again

    def __post_init__(self) -> None:
        self.can_record = all(self.recorded.hashes)
        self.head = self.recorded.head

    def read(self, items: Sequence[Item]) -> None:
        """Re-read files; those read in this session already are passed over."""
        due = [item for item in items if item.place not in self.places]
        for checked in check(self.zone, due, self.recorded):
            item, problem = checked.item, checked.problem
            self.places.add(item.place)
            self.size += weight_of(item)
            self.objects += is_object(self.recorded, item)
            self.refused += item.key is None and not item.is_document
            known = self.recorded.known_damage.get(item.place)
            if problem and problem.kind is not DamageKind.COPY:  # verify notes it, nothing is lost
                self.damaged[item.place] = (item, problem)
                if known is None or (known["kind"], known["problem"]) != (problem.kind, problem.problem):
                    self._news.append(_damaged(item, problem))
            elif known and not problem:
                self.sound_again.append(item.place)

    def require_roots(self) -> None:
        """See to it that no disk is away: the ledger would keep for ever that all was missing there."""
        for absent in absent_roots(self.zone, self.recorded):
            raise absent

    def note(self, seqs: Sequence[int]) -> None:
        """All files of these commits have been read."""
        self._seqs += seqs
        self.covered += len(seqs)

    def save(self) -> None:
        """Record what was read since the last time, as one commit."""
        now = (len(self.places), self.size, len(self.sound_again))
        if self._news:
            self.require_roots()  # a disk may go while it is read
        began = timestamp(self.began)
        for seq in self._seqs:
            self.recorded.verified[seq] = max(self.recorded.verified[seq], began)
        if self.can_record and (self._seqs or self._news or now != self._saved):
            scrubbed = upkeep.scrubbed_record(
                began=began,
                spans=spans_of(self._seqs),
                files=now[0] - self._saved[0],
                size=now[1] - self._saved[1],
                damaged=len(self.damaged),
                sound_again=self.sound_again[self._saved[2] :],
            )
            commit = self.zone.publisher(self.run_id).record(lambda: [*self._lasting_news(), scrubbed])
            self.head = commit.head if commit else self.head
        self._seqs, self._news, self._saved = [], [], now
        self.began = self.zone.clock()

    def _lasting_news(self) -> list[Record]:
        """The damage but of what was repaired since it was read, and of what the law had erased.

        Of the latter nobody would ever find that it is sound.
        """
        erasures = self.zone.index.custody.erasures()
        gone = {place for one in erasures for place in upkeep.with_archive_copy(one.place)}
        return [
            record
            for record in self._news
            if record["place"] not in gone and not self._is_mended(record["place"])
        ]

    def _is_mended(self, place: str) -> bool:
        """Whether what a repair put there since the session began lies there."""
        path = upkeep.path_of_place(self.zone.layout, place)
        repairs = (
            event.record
            for event in self.zone.index.upkeep.events(place)
            if event.record["record"] == upkeep.REPAIRED and event.seq > self.recorded.head.seq
        )
        return any(holds(self.zone.files, path, done["stored_sha256"], done["stored_size"]) for done in repairs)


def spans_of(seqs: Iterable[int]) -> list[tuple[int, int]]:
    """Numbers as runs, first and last included."""
    spans: list[tuple[int, int]] = []
    for seq in sorted(seqs):
        if spans and seq == spans[-1][1] + 1:
            spans[-1] = (spans[-1][0], seq)
        else:
            spans.append((seq, seq))
    return spans


def _damaged(item: Item, problem: Damage) -> Record:
    return upkeep.damaged_record(
        place=item.place,
        kind=str(problem.kind),
        problem=problem.problem,
        feed=item.feed,
        partition=item.partition,
        key=item.key,
    )
