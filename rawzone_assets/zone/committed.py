"""Committed: the receipts of a long promotion, read from the ledger again by whoever asks for them.

One takes six to twelve kilobytes of memory, and a first import of years has a million.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from operator import eq
from typing import overload

from rawzone_assets.zone.errors import LedgerDamaged, StorageFailed
from rawzone_assets.zone.ledger import Ledger
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
        if not isinstance(part, int):
            return part
        try:
            commit = self._ledger.commit(part)
        except OSError as error:
            raise StorageFailed("read the ledger", error) from error
        if commit is None:
            raise LedgerDamaged(self._ledger.path(part), "it is missing")
        return [Receipt.from_record(record) for record in commit.records if record["record"] == "receipt"]

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
