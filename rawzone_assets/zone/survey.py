"""The survey: every landed file in exactly one state (invariant I6).

Level-triggered: what landing holds now, less what the index knows. It reads names, file times and, of names
without a date, sidecars, so it stays cheap for a sensor that looks twice a minute. What a file is that is not
known yet is ``recognizing``'s to say.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.naming import (
    Ignored,
    Owners,
    Recognized,
    Unrecognized,
    is_in_the_future,
    names_digest,
)
from rawzone_assets.zone.errors import IndexFailed
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_seen import Folder, SeenFile, Standing
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import Landing
from rawzone_assets.zone.landing_errors import LandingAway
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.recognizing import recognized_as
from rawzone_assets.zone.scanning import Scan

SETTLING = "still settling"
"""Why a file waits that has not kept still for long enough."""

_MANY = 200
"""Files of a folder whose comparing one by one is worth sparing."""

_Decided = tuple[str | None, Verdict]
"""The feed of a landed file, if any, and the verdict on it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Delivery:
    """A landed file matched to its feed."""

    landed: Landed
    recognized: Recognized

    @property
    def feed_id(self) -> str:
        return self.recognized.feed.id

    @property
    def partition(self) -> str:
        return self.recognized.capture.day.isoformat()


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """A landed file that is not dealt with yet, and why."""

    landed: Landed
    feed_id: str | None
    reason: str

    @property
    def label(self) -> str:
        return self.landed.label


@dataclass(frozen=True, kw_only=True)
class Survey:
    """All of landing at one moment. The labels of the parts do not overlap."""

    ready: tuple[Delivery, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    unrecognized: tuple[tuple[Landed, Finding], ...] = ()  # not recorded yet
    decided: Mapping[str, _Decided] = field(default_factory=dict)  # by label
    ignored: tuple[tuple[str, str], ...] = ()
    unreadable: tuple[str, ...] = ()  # folders
    size: int = 0  # bytes of all that lies there but for what is ignored

    @property
    def strangers(self) -> list[str]:
        """The landing paths of all files of no feed, recorded or not."""
        recorded = [label for label, (_, verdict) in self.decided.items() if verdict is Verdict.UNRECOGNIZED]
        return sorted({*recorded, *(landed.label for landed, _ in self.unrecognized)})

    def waiting_of(self, feeds: Collection[str]) -> tuple[Waiting, ...]:
        """What waits of some feeds, or of all when none is named."""
        return tuple(item for item in self.waiting if not feeds or item.feed_id in feeds)

    def states(self) -> dict[str, str]:
        """Each landed file's one state, by its label."""
        states = {label: "ignored" for label, _ in self.ignored}
        states.update({landed.label: "waiting" for landed, _ in self.unrecognized})
        states.update({delivery.landed.label: "waiting" for delivery in self.ready})
        states.update({item.label: "waiting" for item in self.waiting})
        states.update({label: str(verdict) for label, (_, verdict) in self.decided.items()})
        return states


@collected_seldom()
def survey(
    landing: Landing, index: Index, platforms: Iterable[Platform], *, now: datetime, settle: float
) -> Survey:
    """Look at landing and say what each file is.

    Raises:
        LandingMissing: There is no landing folder, or an empty one where its disk was.
    """
    known, scan = tuple(platforms), landing.scan()
    if scan.bare_on is not None and _lay_elsewhere(index, scan.bare_on):
        raise LandingAway(landing.root)
    looked = _Look(
        scan=scan,
        landing=landing,
        index=index,
        platforms=known,
        names=names_digest(known),
        now=now,
        settle=settle,
    )
    looked.pass_over_what_is_known()
    looked.sort_out()
    looked.keep_what_was_found()
    # Feed by feed, oldest capture first: a duplicate then refers to the earliest file.
    looked.ready.sort(key=lambda d: (d.feed_id, d.recognized.capture.captured_at, d.landed.path))
    return Survey(
        ready=tuple(looked.ready),
        waiting=tuple(looked.waiting),
        unrecognized=tuple(looked.strangers),
        decided=looked.decided,
        ignored=scan.ignored,
        unreadable=scan.unreadable,
        size=scan.size,
    )


def _lay_elsewhere(index: Index, device: int) -> bool:
    with index.usable():
        return index.seen.lay_elsewhere(device)


@dataclass(kw_only=True)
class _Look:
    """One look at landing, file by file."""

    scan: Scan
    landing: Landing
    index: Index
    platforms: tuple[Platform, ...]
    names: str  # the digest of what they declare
    now: datetime
    settle: float
    ready: list[Delivery] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    strangers: list[tuple[Landed, Finding]] = field(default_factory=list)
    decided: dict[str, _Decided] = field(default_factory=dict)
    left: list[tuple[int, SeenFile | None]] = field(default_factory=list)  # place in the scan, what was known
    confirmed: list[SeenFile] = field(default_factory=list)
    large: list[Folder] = field(default_factory=list)  # folders that were compared file by file

    def pass_over_what_is_known(self) -> None:
        """Decide on files of a feed that are unchanged, if names are declared as when that was confirmed.

        Nearly all of a large landing was decided before, so no file costs more here than its two comparisons,
        and in a large folder that is wholly as it was, not even that.
        """
        with self.index.usable():
            standings = self.index.seen.standings()
            current: dict[int, _Decided] = {
                number: (standing.feed, standing.verdict)
                for number, standing in standings.items()
                if standing.feed and standing.names == self.names
            }
            places = self._places_to_compare(current)
            self._compare(places, standings, current)
        self._take_back_what_is_not_opened()

    def _places_to_compare(self, current: dict[int, _Decided]) -> list[int]:
        """Where in the scan files stand that must be compared one by one; those of whole folders are decided.

        ``current`` are the standings that hold for names as they are declared now, by their numbers.
        """
        places: list[int] = []
        for path, first, end in self.scan.folders:
            folder = self._large_folder(path, first, end)
            known = self.index.seen.standings_in(folder) if folder else None
            if known and current.keys() >= set(known):
                labels = self.scan.labels[first:end]
                self.decided.update(zip(labels, map(current.__getitem__, known), strict=True))
                continue
            places += range(first, end)
            if folder:
                self.large.append(folder)
        return places

    def _compare(
        self,
        places: list[int],
        standings: dict[int, Standing],
        current: dict[int, _Decided],
    ) -> None:
        """Decide on the files that are as they were known; the others are left, with what was known of them."""
        labels, entities = self.scan.labels, self.scan.entities
        for rows in self.index.seen.known([labels[place] for place in places]):
            for asked, entity, number in rows:
                place = places[asked]
                if number in current and entity == entities[place]:
                    self.decided[labels[place]] = current[number]
                elif entity is None or number not in standings:  # or dealt with only this moment
                    self.left.append((place, None))
                else:
                    self.left.append((place, SeenFile(labels[place], entity, standings[number])))

    def _take_back_what_is_not_opened(self) -> None:
        """What is not opened at all may have been a delivery before."""
        for place, marks in self.scan.marks.items():
            label = self.scan.labels[place]
            if (marks.borrowed or not marks.regular) and label in self.decided:
                del self.decided[label]
                self.left.append((place, None))

    def _large_folder(self, path: str, first: int, end: int) -> Folder | None:
        if end - first < _MANY:
            return None
        label = self.scan.labels[first].rpartition("/")[0] if path else ""
        return Folder(label, self.scan.labels[first:end], self.scan.entities[first:end])

    def sort_out(self) -> None:
        """Say what each of the other files is, by path."""
        owners = Owners(self.platforms)
        paths = self.scan.paths
        for place, before in sorted(self.left, key=lambda pair: paths[pair[0]]):
            self._sort_out(self.scan.landed(place), before, owners)

    def _sort_out(self, landed: Landed, before: SeenFile | None, owners: Owners) -> None:
        label = landed.label
        known = before if before and before.entity == landed.entity else None  # in its present form
        feed_id = known.standing.feed if known else None
        # Names are looked at again: a declaration that changed may give them to another feed.
        opened = landed.regular and not landed.borrowed
        if known and feed_id and opened and owners.feed_of(landed.path) == feed_id:
            self._decide(known)
            return
        recognized = recognized_as(self.landing, landed, owners.recognize)
        if isinstance(recognized, Ignored):  # its folder is: the scan passes over such folders already
            return
        if isinstance(recognized, Unrecognized):
            if before and before.standing.verdict is Verdict.UNRECOGNIZED:
                self.decided[label] = (None, Verdict.UNRECOGNIZED)
            elif not landed.settled(now=self.now.timestamp(), settle=self.settle):
                self.waiting.append(Waiting(landed=landed, feed_id=None, reason=SETTLING))
            else:
                self.strangers.append((landed, recognized.finding))
            return
        delivery = Delivery(landed=landed, recognized=recognized)
        if known and feed_id == delivery.feed_id:
            self._decide(known)
            return
        reason = _not_yet(delivery, now=self.now, settle=self.settle)
        if reason:
            self.waiting.append(Waiting(landed=landed, feed_id=delivery.feed_id, reason=reason))
        else:
            self.ready.append(delivery)

    def _decide(self, known: SeenFile) -> None:
        self.decided[known.label] = (known.standing.feed, known.standing.verdict)
        if known.standing.names != self.names:
            self.confirmed.append(known)

    def keep_what_was_found(self) -> None:
        """Note what the next look need not do again. A courtesy: it may fail."""
        changed = {self.scan.labels[place].rpartition("/")[0] for place, _ in self.left}
        whole = [folder for folder in self.large if folder.label not in changed]
        with suppress(IndexFailed):
            if self.confirmed:
                self.index.confirm(self.confirmed, self.names)
            if whole:
                self.index.note_unchanged(whole)


def _not_yet(delivery: Delivery, *, now: datetime, settle: float) -> str | None:
    if not delivery.landed.settled(now=now.timestamp(), settle=settle):
        return SETTLING
    capture = delivery.recognized.capture
    # A stamp of tomorrow is a zone ahead of UTC: its partition begins soon. Further ahead is a wrong stamp.
    if capture.day > now.date() and not is_in_the_future(capture, now):
        return f"its day {capture.day} has not begun in UTC"
    return None
