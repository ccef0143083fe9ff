"""Rules for tables: constructors of the checks between cells of a row, run on each chunk of rows.

A rule sees columns by their schema names and must not doubt that they are there: only feeds whose schema
requires a column use rules about it. Cells may still be blank or of the wrong form; rules pass over those,
because the schema has refused them already.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import filterfalse

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.forms import is_date


@dataclass(frozen=True, kw_only=True)
class Distinct:
    """The different cells of some columns, and the different pairs of cells of some two, as far as known."""

    cells: dict[str, frozenset[str | None]] = field(default_factory=dict)
    pairs: dict[tuple[str, str], frozenset[tuple[str | None, str | None]]] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """Some thousand rows as columns. Absent columns are absent; cells of nothing but blanks are ``None``.

    What is ``known`` already need not be found by looking through the rows.
    """

    columns: Mapping[str, Sequence[str | None]]
    lines: Sequence[int]  # where each row ends
    known: Distinct = field(default_factory=Distinct, compare=False)

    def distinct(self, column: str) -> frozenset[str | None]:
        """The different cells of a column; none when it is absent. Dates and stores repeat endlessly."""
        cells = self.known.cells
        if column not in cells:
            cells[column] = frozenset(self.columns.get(column, ()))
        return cells[column]

    def distinct_pairs(self, one: str, other: str) -> frozenset[tuple[str | None, str | None]]:
        """The different pairs of cells of two columns; none when one of them is absent."""
        pairs = self.known.pairs
        if (one, other) not in pairs:
            both = zip(self.columns.get(one, ()), self.columns.get(other, ()), strict=False)
            pairs[one, other] = frozenset(both)
        return pairs[one, other]

    def place(self, row: int, column: str) -> Place:
        return Place(line=self.lines[row], column_name=column)


def chunk_of(names: Sequence[str | None], columns: Sequence[Sequence[str]], lines: Sequence[int]) -> Chunk:
    """The chunk of these columns, without those that have no name."""
    known = {name: texts for name, texts in zip(names, columns, strict=True) if name}
    distinct = {name: frozenset(texts) for name, texts in known.items()}
    blanks = {name: frozenset(filterfalse(str.strip, texts)) for name, texts in distinct.items()}
    cells: dict[str, Sequence[str | None]] = {
        name: [None if text in blanks[name] else text for text in texts] if blanks[name] else texts
        for name, texts in known.items()
    }
    told = {name: distinct[name] - blanks[name] | {None} if blanks[name] else distinct[name] for name in cells}
    return Chunk(columns=cells, lines=lines, known=Distinct(cells=told))


@dataclass(frozen=True, kw_only=True)
class TableRule:
    """A judgement on each chunk of rows, and the columns it looks at."""

    columns: tuple[str, ...]
    judge: Callable[[Chunk, Capture], Iterator[Finding]]


@dataclass(kw_only=True)
class Identities:
    """Which rows of one delivery were met, over all its chunks: what ``columns`` hold may stand once.

    Rows in which one of them is blank or absent are told apart by the others. Where it is ``required`` they are
    not: what made the row itself is lost then, which is objected to, and the others are no record's identity.
    """

    columns: tuple[str, ...]
    required: frozenset[str] = frozenset()
    _first: dict[tuple[str | None, ...], int] = field(default_factory=dict)

    def repeats(self, chunk: Chunk) -> Iterator[Finding]:
        """The rows that stood before."""
        present = [name for name in self.columns if name in chunk.columns]
        if not present or not self.required.issubset(present):
            return
        keys = list(zip(*(chunk.columns[name] for name in present), strict=True))
        first = dict(zip(keys, chunk.lines, strict=True))
        if len(first) == len(keys) and first.keys().isdisjoint(self._first):
            self._first.update(first)
            return
        code = codes.REPEATED_DAY if len(self.columns) == 1 else codes.REPEATED_RECORD
        needed = [at for at, name in enumerate(present) if name in self.required]
        for row, key in enumerate(keys):
            if any(key[at] is None for at in needed):
                continue
            line = self._first.setdefault(key, chunk.lines[row])
            if line != chunk.lines[row]:
                message = f"{' and '.join(present)} are those of line {line}"
                yield code(message, chunk.place(row, present[-1]))


def not_after_capture(column: str) -> TableRule:
    """No day or month lies more than a day beyond the capture: sources count in other time zones than we do."""

    def judge(chunk: Chunk, capture: Capture) -> Iterator[Finding]:
        last = (capture.day + timedelta(days=1)).isoformat()
        late = {text for text in chunk.distinct(column) if text and text > last and _is_time(text)}
        for row, text in enumerate(chunk.columns[column] if late else ()):
            if text in late:
                message = f"{text} lies after the capture on {capture.day}"
                yield codes.FUTURE_DATE(message, chunk.place(row, column))

    return TableRule(columns=(column,), judge=judge)


def _is_time(text: str) -> bool:
    return is_date(text) or is_date(f"{text}-01")


def month_not_after(month: str, day: str) -> TableRule:
    """The month of a row is not later than its day's: nothing is reported before it happens."""

    def judge(chunk: Chunk, _capture: Capture) -> Iterator[Finding]:
        distinct = chunk.distinct_pairs(month, day)
        wrong = {pair for pair in distinct if pair[0] and pair[1] and _is_after(pair[0], pair[1])}
        pairs = zip(chunk.columns[month], chunk.columns[day], strict=True) if wrong else ()
        for row, pair in enumerate(pairs):
            if pair in wrong:
                message = f"{month} {pair[0]} lies after {day} {pair[1]}"
                yield codes.DATE_ORDER(message, chunk.place(row, month))

    return TableRule(columns=(month, day), judge=judge)


def _is_after(month: str, day: str) -> bool:
    return is_date(f"{month}-01") and is_date(day) and month > day[:7]
