"""Committed: the receipts of long promotions, read from the ledger again by whoever asks for them.

One takes six to twelve kilobytes of memory, and a first import of years has a million.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from operator import eq
from typing import overload

from rawzone_assets.zone.errors import LedgerDamaged, StorageFailed
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.ledger import Commit, Ledger
from rawzone_assets.zone.receipt import Receipt, Verdict


class Committed(Sequence[Receipt]):
    """Receipts in the order in which they were added; how many of each verdict is known without reading them.

    Reading them raises ``LedgerDamaged`` when their commit is not there or not whole any more, and
    ``StorageFailed`` when the disk refuses.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._parts: list[int | Sequence[Receipt]] = []  # commits, and receipts that are few
        self._ends: list[int] = []  # how many there are up to and with each part
        self.verdicts: Counter[Verdict] = Counter()

    def add_commit(self, seq: int, receipts: Sequence[Receipt]) -> None:
        """Those of a commit, all of them and in its order."""
        self._add(seq, receipts)

    def add(self, receipts: Sequence[Receipt]) -> None:
        """Some to be held as they are."""
        if receipts:
            self._add(receipts, receipts)

    def _add(self, part: int | Sequence[Receipt], receipts: Sequence[Receipt]) -> None:
        self._parts.append(part)
        self._ends.append(len(self) + len(receipts))
        self.verdicts.update(receipt.verdict for receipt in receipts)

    def _read(self, part: int | Sequence[Receipt]) -> Sequence[Receipt]:
        return _receipts_in(_commit(self._ledger, part)) if isinstance(part, int) else part

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    def __iter__(self) -> Iterator[Receipt]:
        for part in self._parts:
            yield from self._read(part)

    @overload
    def __getitem__(self, index: int) -> Receipt: ...
    @overload
    def __getitem__(self, index: slice) -> list[Receipt]: ...
    def __getitem__(self, index: int | slice) -> Receipt | list[Receipt]:
        if isinstance(index, slice):
            return list(self)[index]
        place = range(len(self))[index]
        number = bisect_right(self._ends, place)
        return self._read(self._parts[number])[place - (self._ends[number - 1] if number else 0)]

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and len(self) == len(other) and all(map(eq, self, other))

    __hash__ = None  # type: ignore[assignment]  # as of a list


class CommittedBy:
    """What some runs committed: counted as it is added, and read again commit by commit.

    Reading raises as it does of ``Committed``.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._commits: list[tuple[int, frozenset[Verdict]]] = []
        self.counts: Counter[tuple[str | None, Verdict]] = Counter()
        """How many receipts each feed and verdict has."""

    def add(self, commit: Commit) -> None:
        counts = Counter(
            (record["feed"], Verdict(record["verdict"]))
            for record in commit.records
            if record["record"] == "receipt"
        )
        self._commits.append((commit.seq, frozenset(verdict for _, verdict in counts)))
        self.counts.update(counts)

    def __bool__(self) -> bool:
        return bool(self.counts)

    @property
    def verdicts(self) -> Counter[Verdict]:
        """How many receipts each verdict has."""
        summed = Counter[Verdict]()
        for (_, verdict), number in self.counts.items():
            summed[verdict] += number
        return summed

    def entries(self) -> Iterator[tuple[Entry, datetime]]:
        """Each receipt in ledger order, with the time of its commit."""
        for seq, _ in self._commits:
            commit = _commit(self._ledger, seq)
            yield from ((Entry(seq=seq, receipt=receipt), commit.at) for receipt in _receipts_in(commit))

    def of(self, verdict: Verdict) -> Iterator[Receipt]:
        """The receipts of one verdict. Reads no other commits, and no further than the caller does."""
        for seq, verdicts in self._commits:
            if verdict in verdicts:
                receipts = _receipts_in(_commit(self._ledger, seq))
                yield from (receipt for receipt in receipts if receipt.verdict is verdict)


def _commit(ledger: Ledger, seq: int) -> Commit:
    try:
        commit = ledger.commit(seq)
    except OSError as error:
        raise StorageFailed("read the ledger", error) from error
    if commit is None:
        raise LedgerDamaged(ledger.path(seq), "it is missing")
    return commit


def _receipts_in(commit: Commit) -> list[Receipt]:
    return [Receipt.from_record(record) for record in commit.records if record["record"] == "receipt"]
