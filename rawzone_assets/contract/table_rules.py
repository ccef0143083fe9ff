"""Rules for tables: constructors of the checks between cells of a row, run on each chunk of rows.

A rule sees columns by their schema names and must not doubt that they are there: only feeds whose schema
requires a column use rules about it. Cells may still be blank or of the wrong form; rules pass over those,
because the schema has refused them already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.forms import is_date


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some thousand rows as columns. Absent columns are absent; cells of nothing but blanks are ``None``."""

    columns: Mapping[str, Sequence[str | None]]
    lines: Sequence[int]
    _distinct: dict[str, frozenset[str | None]] = field(default_factory=dict, compare=False)

    def distinct(self, column: str) -> frozenset[str | None]:
        """The different cells of a column; none when it is absent. Dates and stores repeat endlessly."""
        if column not in self._distinct:
            self._distinct[column] = frozenset(self.columns.get(column, ()))
        return self._distinct[column]

    def place(self, row: int, column: str) -> Place:
        return Place(line=self.lines[row], column_name=column)


TableRule = Callable[[Chunk, Capture], Iterator[Finding]]


@dataclass(kw_only=True)
class Identities:
    """Which rows of one delivery were met, over all its chunks: what ``columns`` hold may stand once.

    Rows in which one of them is blank or absent are told apart by the others.
    """

    columns: tuple[str, ...]
    _first: dict[tuple[str | None, ...], int] = field(default_factory=dict)

    def repeats(self, chunk: Chunk) -> Iterator[Finding]:
        """The rows that stood before."""
        present = [name for name in self.columns if name in chunk.columns]
        if not present:
            return
        code = codes.REPEATED_DAY if len(self.columns) == 1 else codes.REPEATED_RECORD
        for row, key in enumerate(zip(*(chunk.columns[name] for name in present), strict=True)):
            first = self._first.setdefault(key, chunk.lines[row])
            if first != chunk.lines[row]:
                message = f"{' and '.join(present)} are those of line {first}"
                yield code(message, chunk.place(row, present[-1]))


def not_after_capture(column: str) -> TableRule:
    """No date lies more than one day beyond the capture: sources count in other time zones than we do."""

    def rule(chunk: Chunk, capture: Capture) -> Iterator[Finding]:
        last = (capture.day + timedelta(days=1)).isoformat()
        cells = chunk.columns.get(column, [])
        late = {text for text in chunk.distinct(column) if text and text > last and is_date(text)}
        for row, text in enumerate(cells if late else []):
            if text in late:
                message = f"{text} lies after the capture on {capture.day}"
                yield codes.FUTURE_DATE(message, chunk.place(row, column))

    return rule


def month_not_after(month: str, day: str) -> TableRule:
    """The month of a row is not later than its day's: nothing is reported before it happens."""

    def rule(chunk: Chunk, _capture: Capture) -> Iterator[Finding]:
        pairs = list(zip(chunk.columns.get(month, []), chunk.columns.get(day, []), strict=False))
        wrong = {pair for pair in set(pairs) if pair[0] and pair[1] and _is_after(pair[0], pair[1])}
        for row, pair in enumerate(pairs if wrong else []):
            if pair in wrong:
                message = f"{month} {pair[0]} lies after {day} {pair[1]}"
                yield codes.DATE_ORDER(message, chunk.place(row, month))

    return rule


def _is_after(month: str, day: str) -> bool:
    return is_date(f"{month}-01") and is_date(day) and month > day[:7]
