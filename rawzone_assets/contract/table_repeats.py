"""Table repeats: rows that stand in a table twice in the same order, as those of a page written twice do.

Single rows may be alike where nothing identifies a row: two sales of a song are. That several different ones
follow each other as they did before is no chance. They are sought among the rows of the first chunk, and where
each later chunk begins: in memory that does not grow, at a cost that a large table does not notice. So an
export that stands in its file twice is found whatever its size, and a repeated page in the first 20,000 rows.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.table_rows import Lines

LEAST = 10
"""So many different rows in the same order are no chance."""


@dataclass(kw_only=True)
class Repeats:
    """The rows of a table's first chunk, by where each stands first."""

    are_sought: bool
    _rows: Sequence[Hashable] = ()
    _lines: Sequence[int] = ()
    _first: dict[Hashable, int] = field(default_factory=dict)

    def in_lines(self, lines: Lines) -> Iterator[Finding]:
        """The objection to the next chunk of rows, which are these lines."""
        if self.are_sought:
            rows = lines.bodies(LEAST if self._rows else lines.count)
            yield from self._found(rows, range(lines.first, lines.first + lines.count))

    def in_rows(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> Iterator[Finding]:
        """The objection to the next chunk of rows, each of which ends in a line."""
        if self.are_sought:
            yield from self._found(list(map(tuple, rows[:LEAST] if self._rows else rows)), lines)

    def _found(self, rows: Sequence[Hashable], lines: Sequence[int]) -> Iterator[Finding]:
        is_first = not self._rows
        if is_first:
            self._rows, self._lines = rows, lines
            same = list(map(self._first.setdefault, rows, range(len(rows))))  # where each stands first
            here = next(self._repeated(same), None) if len(self._first) < len(rows) else None
        else:
            here = 0 if self._are_known(rows[:LEAST], self._first.get(rows[0])) else None
        if here is not None:
            self.are_sought = False  # one objection to a table is enough
            before = self._first[rows[here]]
            count = f"{self._length(here, before):,} rows" if is_first else f"{LEAST} rows and perhaps more"
            message = f"{count} from here on stand in the same order from line {self._lines[before]} on"
            yield codes.REPEATED_ROWS(message, Place(line=lines[here]))

    def _repeated(self, same: Sequence[int]) -> Iterator[int]:
        """Where in the first chunk rows begin that stood before, given where each row stands first."""
        again = [here for here, before in enumerate(same) if before < here]
        for here, last in zip(again, again[LEAST - 1 :], strict=False):
            before = same[here]
            # Asked of half of a table's rows: what can be told of two numbers is told by them.
            may_be = last == here + LEAST - 1 and same[here + 1] == same[before + 1]
            if may_be and self._are_known(self._rows[here : here + LEAST], before):
                yield here

    def _are_known(self, rows: Sequence[Hashable], before: int | None) -> bool:
        """Whether those of the first chunk from ``before`` on are these, all different: none is in both."""
        if before is None or len(set(rows)) < LEAST:
            return False
        return list(self._rows[before : before + LEAST]) == list(rows)

    def _length(self, here: int, before: int) -> int:
        """How many rows from ``here`` on are those from ``before`` on, which end where the others begin."""
        pairs = zip(self._rows[here:], self._rows[before:here], strict=False)
        return next(
            (count for count, (row, known) in enumerate(pairs) if row != known),
            min(len(self._rows) - here, here - before),
        )
