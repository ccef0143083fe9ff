"""Days: the state of one feed's capture day as the ledger has it. Knows nothing of Dagster.

A day is judged as a whole, by all its deliveries: a good file that comes late does not hide a refused one.
A refusal stays open until the same delivery (its name, or its very bytes) is accepted later.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.portions import parcels
from rawzone_assets.zone.receipt import ACCEPTED, Receipt, Verdict

_MOST_DAYS = 500  # in one query
_MOST_RECEIPTS = 4_000
"""Receipts in memory at a time, of some six kilobytes each: a first import of years has a million."""


@dataclass(frozen=True)
class Day:
    """One capture day of one feed: its receipts in ledger order."""

    feed_id: str
    partition: str
    entries: tuple[Entry, ...]
    erased: frozenset[str] = frozenset()  # digests of those whose bytes were erased by law

    @cached_property
    def accepted(self) -> tuple[Receipt, ...]:
        """Deliveries that can be read: promoted ones, every revision, and duplicates."""
        return tuple(e.receipt for e in self.entries if e.receipt.verdict in ACCEPTED)

    @cached_property
    def newest(self) -> tuple[Receipt, ...]:
        """Of each name the delivery that readers get: of the bytes that came last for the first time."""
        versions: dict[tuple[str | None, str | None], Receipt | None] = {}
        for receipt in (entry.receipt for entry in self.entries):
            version = (receipt.name, receipt.sha256)
            if versions.setdefault(version) is None and receipt.verdict in ACCEPTED:
                versions[version] = receipt
        return tuple({receipt.name: receipt for receipt in versions.values() if receipt}.values())

    @cached_property
    def refused(self) -> tuple[Receipt, ...]:
        """Refusals that are still open. What was erased by law can no longer be worked off, so it is not."""
        still_open: list[Receipt] = []
        names = set[str | None]()  # of what was accepted later
        digests = set[str | None](self.erased)  # of what was accepted later, or is gone
        for receipt in (entry.receipt for entry in reversed(self.entries)):
            if receipt.verdict in ACCEPTED:
                names.add(receipt.name)
                digests.add(receipt.sha256)
            elif receipt.verdict is Verdict.QUARANTINED and not (
                receipt.name in names or receipt.sha256 in digests
            ):
                still_open.append(receipt)
        return tuple(reversed(still_open))

    @cached_property
    def content(self) -> str | None:
        """What can be read, as one hash; ``None`` when that is nothing.

        It is the SHA-256 of the sorted lines that ``sha256sum`` would print of the landed files, so anybody
        can compute it.
        """
        lines = sorted({f"{receipt.sha256}  {receipt.name}\n" for receipt in self.accepted})
        return hashlib.sha256("".join(lines).encode(errors="surrogateescape")).hexdigest() if lines else None

    @cached_property
    def arrivals(self) -> str:
        """Which deliveries were accepted, as a short hash: it changes with every one, also with duplicates."""
        return _short_hash(entry for entry in self.entries if entry.receipt.verdict in ACCEPTED)

    @cached_property
    def state(self) -> str:
        """Everything that was decided about the day, as a short hash."""
        return _short_hash(self.entries, self.erased)

    @property
    def as_accepted(self) -> Day:
        """The day as it was when its newest accepted delivery was committed, without refusals that came later.

        That is what a materialization speaks of, whenever it is told: it is not told again for a refusal.
        """
        last = max((entry.seq for entry in self.entries if entry.receipt.verdict in ACCEPTED), default=-1)
        entries = tuple(entry for entry in self.entries if entry.seq <= last)
        return Day(self.feed_id, self.partition, entries, self.erased)

    @property
    def commits(self) -> tuple[int, int]:
        """The first and last commit of the ledger that speak of the day."""
        return self.entries[0].seq, self.entries[-1].seq


class Days(Mapping[str, Day]):
    """Those of some days of a feed of which the ledger knows anything, in the order given.

    They are read from the index when they are asked for, some neighbours at a time, and all as of one commit:
    whoever goes through them twice sees the same, whatever is committed meanwhile.
    """

    def __init__(self, index: Index, feed_id: str, partitions: Iterable[str]) -> None:
        self._index, self._feed_id = index, feed_id
        receipts = index.receipts_by_day(feed_id)
        self._upto = index.head.seq  # asked after the days, so that each of them has a receipt until then
        self._gone = {erasure.sha256 for erasure in index.custody.erasures()}
        known = [day for day in dict.fromkeys(partitions) if day in receipts]
        some = parcels(known, receipts.__getitem__, most=_MOST_DAYS, most_size=_MOST_RECEIPTS)
        self._portions = list(some)
        self._places = {day: place for place, days in enumerate(self._portions) for day in days}
        self._held: tuple[int, dict[str, Day]] = (-1, {})

    def __len__(self) -> int:
        return len(self._places)

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __getitem__(self, partition: str) -> Day:
        place = self._places[partition]
        if self._held[0] != place:
            self._held = (-1, {})  # let go before the next are read
            self._held = (place, self._read(self._portions[place]))
        return self._held[1][partition]

    def _read(self, partitions: Sequence[str]) -> dict[str, Day]:
        found: dict[str, list[Entry]] = {day: [] for day in partitions}
        for entry in self._index.entries(feeds=[self._feed_id], partitions=partitions):
            if entry.seq <= self._upto:
                found[entry.receipt.partition or ""].append(entry)
        return {day: _day(self._feed_id, day, entries, self._gone) for day, entries in found.items()}


def _day(feed_id: str, partition: str, entries: Sequence[Entry], gone: Collection[str]) -> Day:
    erased = frozenset(entry.receipt.sha256 or "" for entry in entries if entry.receipt.sha256 in gone)
    return Day(feed_id, partition, tuple(entries), erased)


def changed_days(index: Index, feed_id: str, partitions: Iterable[str], *, after: int) -> list[str]:
    """Those of some days of a feed of which anything was committed after that commit, up to now."""
    index.catch_up()
    if not index.tallies.has_any(feed_id, after=after):  # as nearly always
        return []
    days = Days(index, feed_id, partitions)
    return [partition for partition, day in days.items() if day.commits[1] > after]


def open_refusals(index: Index, feed_id: str) -> list[Receipt]:
    """Every open refusal of a feed, on whatever day, also days outside of the feed's partitions."""
    refusals = index.entries(feeds=[feed_id], verdicts=[Verdict.QUARANTINED])
    days = Days(index, feed_id, sorted({entry.receipt.partition or "" for entry in refusals}))
    return [receipt for day in days.values() for receipt in day.refused]


def _short_hash(entries: Iterable[Entry], erased: Iterable[str] = ()) -> str:
    digest = hashlib.sha256()
    for entry in entries:
        receipt = entry.receipt
        line = f"{entry.seq} {receipt.verdict} {receipt.sha256} {receipt.name} {receipt.landing_path}\n"
        digest.update(line.encode(errors="surrogateescape"))
    for gone in sorted(erased):
        digest.update(f"erased {gone}\n".encode())
    return digest.hexdigest()[:16]
