"""Rules for whole tables: what can only be said once all rows are known, such as sums and repeated identifiers.

The columns such a rule names are kept in memory until the table's end, so only feeds whose size limit is
small use them. Cells may be blank or of the wrong form; rules pass over those, because the schema has refused
them already.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.table_rules import Chunk

_HOURS = 24  # of a day
_TOLERANCE = 0.02  # shares are rounded to three decimals, and small territories may be left out


@dataclass(frozen=True, kw_only=True)
class WholeRule:
    """A judgement on all rows of a table, and the columns it needs."""

    columns: tuple[str, ...]
    judge: Callable[[Chunk, Capture], Iterator[Finding]]


@dataclass(kw_only=True)
class Gathered:
    """All rows read so far of the columns that somebody needs whole."""

    names: frozenset[str]
    _chunks: list[Chunk] = field(default_factory=list)

    def take(self, chunk: Chunk) -> None:
        if self.names:
            columns = {name: chunk.columns[name] for name in self.names & chunk.columns.keys()}
            self._chunks.append(Chunk(columns=columns, lines=chunk.lines))

    def table(self) -> Chunk:
        if len(self._chunks) == 1:
            return self._chunks[0]
        names = self._chunks[0].columns if self._chunks else ()
        return Chunk(
            columns={name: list(chain(*(chunk.columns[name] for chunk in self._chunks))) for name in names},
            lines=list(chain(*(chunk.lines for chunk in self._chunks))),
        )


def shares_of_one(column: str) -> WholeRule:
    """The column's shares make up about 1."""

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        accepts = FORMS["share"].accepts
        cells = table.columns.get(column, [])
        shares = [float(text) for text in cells if text and accepts(text)]
        if shares and len(shares) == len(cells) and abs(sum(shares) - 1) > _TOLERANCE:
            yield codes.TOTAL_MISMATCH(f"the shares in {column!r} sum to {sum(shares):.3f}, not to 1")

    return WholeRule(columns=(column,), judge=judge)


def identified_by(column: str, pattern: str) -> WholeRule:
    """What the pattern finds in the column identifies a row and stands once; no other text of it does."""
    identifier = re.compile(pattern)

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        matches = [identifier.search(text) if text else None for text in table.columns.get(column, [])]
        told = [found[1] for found in matches if found]
        first: dict[str, int] = {}
        for row, found in enumerate(matches if len(set(told)) < len(told) else ()):
            if found and first.setdefault(found[1], row) != row:
                message = f"the identifier stands here and in line {table.lines[first[found[1]]]}"
                yield codes.REPEATED_RECORD(message, table.place(row, column))

    return WholeRule(columns=(column,), judge=judge)


def all_hours(day: str, hour: str) -> WholeRule:
    """Each day has all its hours, those to come with 0: fewer are left by a cut between two rows."""

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        days = table.columns.get(day, [])
        counted = Counter(filter(None, days))
        few = {text: count for text, count in counted.items() if count < _HOURS}
        if few:
            missing = sum(_HOURS - count for count in few.values())
            days_told = "a day" if len(counted) == 1 else f"{len(counted)} days"
            message = f"{missing} of the {_HOURS * len(counted)} hours of {days_told} are missing"
            yield codes.DAYS_MISSING(message, table.place(days.index(next(iter(few))), hour))

    return WholeRule(columns=(day, hour), judge=judge)


def not_all_zero(column: str) -> WholeRule:
    """The column's figures are not all 0, if there are any."""

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        cells = table.columns.get(column, [])
        if cells and all(cell == "0" for cell in cells):
            yield codes.ALL_ZERO(f"the column {column!r} holds nothing but 0")

    return WholeRule(columns=(column,), judge=judge)


def not_all_undefined(column: str) -> WholeRule:
    """Some figure of the column is there, if there are any rows: others only stand before data existed."""

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        cells = table.columns.get(column)
        if cells and cells[-1] == "undefined" and all(cell == "undefined" for cell in cells):
            yield codes.EMPTY_RESULT(f"the column {column!r} holds nothing but 'undefined'")

    return WholeRule(columns=(column,), judge=judge)


def owner_in_name(pattern: str) -> WholeRule:
    """The file's name says whose data these are, because nothing else does."""

    def judge(_table: Chunk, capture: Capture) -> Iterator[Finding]:
        if not re.search(pattern, capture.name):
            yield codes.OWNER_UNKNOWN("the file's name holds no artist id of 22 letters and digits")

    return WholeRule(columns=(), judge=judge)
