"""Table grammars: a pattern of a whole chunk of rows, by which most chunks of a large table are proven sound.

The pattern is made of the header's columns and what their schema demands, and run by the compiled schema
engine's linear patterns: one pass says that each row has its cells and each cell its form. It is stricter than
the schema. What it does not match, such as quotes within cells or round some of them, proves nothing and is
parsed and judged. Columns whose demands no pattern can say are named, to be looked at.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any, NamedTuple

import jsonschema_rs

from rawzone_assets.contract.byte_kinds import CHARACTER, SHOWN, standing_for
from rawzone_assets.contract.forms import FORMS
from rawzone_assets.contract.marks import escaped, linear_pattern
from rawzone_assets.contract.table_beginnings import Beginnings
from rawzone_assets.contract.table_cells import refused_texts, unusual_cells
from rawzone_assets.contract.table_digests import written_lines
from rawzone_assets.contract.table_rows import SEPARATORS, Dialect, Lines
from rawzone_assets.contract.table_rules import Chunk, Distinct
from rawzone_assets.contract.table_shapes import Header, Shape, is_nullable, shape_of

_IN_ANY_LANGUAGE = {"month-day"}  # what is usual of them is English
_WIDTHS = {"date": 10, "year-month": 7}
# Which usual patterns tell all: of identifiers that are no number in scientific notation, as they begin with a
# letter or are digits; of decimals of digits and points alone, which hold no delimiter.
_PLAIN_WHEN_USUAL = {
    "identifier": re.compile(r"\^(?:\[A-Z\][^|^$]*|\[0-9\]\{[0-9]+,[0-9]+\})\$"),
    "decimal": re.compile(r"\^(?:\[0-9\]|[0-9]|\\\.|\(\?:|[|)?+]|\{[0-9]+,[0-9]+\})+\$"),
}


class Plain(NamedTuple):
    """A chunk that is proven sound."""

    chunk: Chunk  # of the columns to be looked at
    last_cells: list[str]  # if asked for: all, or as many as tell how many decimals they have


@dataclass(frozen=True, kw_only=True)
class TableGrammar:
    """What a chunk must match, and the columns that must be looked at all the same, by their positions."""

    cells: tuple[str, ...]  # what each cell of a row must match
    before: str  # what stands before the first cell of a row, between its cells, and after the last
    between: str
    after: str
    looked_at: Mapping[str, int]
    doubtful: frozenset[str]  # of these, those of which the match does not prove every cell sound
    never_blank: frozenset[str]
    beginnings: Beginnings | None = None  # of the first columns, when those are all that is looked at

    def proven(
        self, lines: Lines, shape: Shape, look: Callable[[bytes, str], bool], *, with_last: bool
    ) -> Plain | None:
        """The chunk that the lines are; ``None`` unless its cells are sound.

        ``look`` is shown each sound piece, UTF-8, and what stands for it in ASCII, and says whether to go on:
        what is to be done with a piece costs a tenth less while it is in the processor's cache.
        """
        if self.before and with_last:
            return None  # nobody quotes the tables that are looked at for it
        if self.beginnings:
            self.beginnings.begin_chunk()
        last = [_last_cell(line, self.between) for line in lines.outermost] if with_last else []
        even = self._even_last_cell(last)
        for piece in lines.pieces:
            text = standing_for(piece)
            if even and not self._matches(piece, text, lines.end, even):
                even = None
            if not even and not self._matches(piece, text, lines.end, self.cells[-1]):
                return None
            if not look(piece, text):
                return None
        columns = _Columns(grammar=self, lines=lines)
        numbers = range(lines.first, lines.first + lines.count)
        chunk = Chunk(columns=columns, lines=numbers, known=self._distinct())
        if any(refused_texts(shape, chunk, column) for column in self.doubtful):
            return None
        if any(unusual_cells(shape, chunk)):
            return None
        if with_last and not even:
            last = [_last_cell(line, self.between) for line in lines.texts]
        return Plain(chunk, last)

    def accepts(self, cells: Sequence[str]) -> bool:
        """Whether these may be a sound row."""
        row = f"{self.before}{self.between.join(cells)}{self.after}"
        return _compiled(self._pattern).is_valid(standing_for(row.encode()))

    def _even_last_cell(self, last: Sequence[str]) -> str | None:
        """What all cells of the last column match that are decimals with as many digits as the first one."""
        decimals = len(last[0].partition(".")[2]) if last else 0
        is_decimal = decimals > 0 and self.cells[-1] == _cell_of("decimal", nullable=False)
        return rf"-?[0-9]{{1,15}}\.[0-9]{{{decimals}}}" if is_decimal else None

    def _matches(self, piece: bytes, text: str, end: bytes, last_cell: str) -> bool:
        """Whether all of a piece are sound rows, whose last cells match that."""
        begun = self.beginnings
        if begun and begun.pattern and self._begun_as_known(begun, last_cell).is_valid(text):
            return True
        is_usual = last_cell == self.cells[-1]
        pattern = self._pattern if is_usual else self._pattern_of(*self.cells[:-1], last_cell)
        if not _compiled(pattern).is_valid(text):
            return False
        if begun:
            begun.learn(piece, end)
        return True

    def _begun_as_known(self, begun: Beginnings, last_cell: str) -> jsonschema_rs.Draft202012Validator:
        engine = begun.engines.get(last_cell)
        if engine is None:  # of this table alone, and gone with it
            cells = (f"(?:{begun.pattern})", *self.cells[len(self.looked_at) : -1], last_cell)
            engine = begun.engines[last_cell] = linear_pattern(self._pattern_of(*cells))
        return engine

    @cached_property
    def _pattern(self) -> str:
        return self._pattern_of(*self.cells)

    def _pattern_of(self, *cells: str) -> str:
        """What any number of rows match, given what each cell of a row must."""
        before, between, after = (escaped(mark.encode()) for mark in (self.before, self.between, self.after))
        return f"^(?:{before}{between.join(cells)}{after})*$"

    def _distinct(self) -> Distinct:
        """The different cells met so far, where they stand at the same place in every line."""
        if not self.beginnings:
            return Distinct()
        rows = {tuple(beginning.decode().split(self.between)) for beginning in self.beginnings.known}
        places = list(self.looked_at.items())
        return Distinct(
            cells={name: frozenset(row[at] for row in rows) for name, at in places},
            pairs={
                (name, other): frozenset((row[at], row[other_at]) for row in rows)
                for name, at in places
                for other, other_at in places
            },
        )

    def written(self, piece: bytes) -> bytes:
        """The rows of a piece as JSON lists of texts, one after the other, as ``orjson`` writes them."""
        return written_lines(piece, self.before.encode(), self.between.encode(), self.after.encode())


@dataclass(frozen=True, kw_only=True)
class _Columns(Mapping[str, "Sequence[str | None]"]):
    """The cells of the columns to be looked at, cut out of the lines only when somebody does."""

    grammar: TableGrammar
    lines: Lines

    def __getitem__(self, column: str) -> Sequence[str | None]:
        if column not in self.grammar.looked_at:
            raise KeyError(column)
        return self._cut[column]

    def __iter__(self) -> Iterator[str]:
        return iter(self.grammar.looked_at)

    def __len__(self) -> int:
        return len(self.grammar.looked_at)

    @cached_property
    def _cut(self) -> dict[str, Sequence[str | None]]:
        # Every row has as many cells, and no cell holds a delimiter or a line's end.
        grammar = self.grammar
        cells = self.lines.cells(grammar.before, grammar.between, grammar.after)
        places, width, never_blank = grammar.looked_at, len(grammar.cells), grammar.never_blank
        return {
            column: cells[at::width] if column in never_blank else _with_blanks(cells[at::width])
            for column, at in places.items()
        }


def _last_cell(line: str, between: str) -> str:
    return line[line.rfind(between) + 1 :]


def _with_blanks(cells: Sequence[str]) -> Sequence[str | None]:
    return cells if all(map(str.strip, cells)) else [cell if cell.strip() else None for cell in cells]


def grammar_of(
    shape: Shape,
    header: Header,
    dialect: Dialect,
    newline: str,
    needed: frozenset[str],
    *,
    quoted: bool,
) -> TableGrammar | None:
    """The grammar of a table with this header; ``None`` when its rows have none.

    ``newline`` is the name of what ends each of its lines, ``needed`` are columns that are looked at anyway.
    Cells are all ``quoted``, or none of them.
    """
    if len(header.columns) < 2:
        return None
    grammar = _grammar(shape.schema, header.columns, dialect, newline, needed, quoted=quoted)
    if grammar.accepts(header.names):
        return None  # nor could it tell the header, standing there once more, from a row
    width = 0 if quoted else _width_of_beginnings(shape, header, grammar.looked_at)
    return replace(grammar, beginnings=Beginnings(width)) if width else grammar


@lru_cache(maxsize=32)  # of a header only columns that its schema has are kept
def _grammar(
    schema: str,
    columns: tuple[str | None, ...],
    dialect: Dialect,
    newline: str,
    needed: frozenset[str],
    *,
    quoted: bool,
) -> TableGrammar:
    """The grammar of any table with such columns."""
    shape = shape_of(schema)
    quote = '"' if quoted else ""
    parting = '"' if quoted else dialect.delimiter + '"' if dialect.quoted else dialect.delimiter
    text = rf"(?:(?:[^\x00-\x1f{escaped(parting.encode())}]|{CHARACTER})*)"
    cells: list[str] = []
    looked_at: dict[str, int] = {}
    doubtful: set[str] = set()
    never_blank: set[str] = set()
    for position, column in enumerate(columns):
        demands = shape.columns[column] if column else {}
        cell = _cell(demands, text, is_text_only_tabs=dialect.delimiter == "\t") if column else text
        if column and (cell is None or column in needed):
            looked_at[column] = position
            if cell is None:
                doubtful.add(column)
            elif demands.get("format") and not is_nullable(demands):
                never_blank.add(column)
        cells.append(cell or text)
    return TableGrammar(
        cells=tuple(cells),
        before=quote,
        between=quote + dialect.delimiter + quote,
        after=quote + SEPARATORS[newline],
        looked_at=looked_at,
        doubtful=frozenset(doubtful),
        never_blank=frozenset(never_blank),
    )


def _width_of_beginnings(shape: Shape, header: Header, looked_at: Mapping[str, int]) -> int:
    """That of the columns to be looked at, when they stand first and are always as wide; else 0."""
    columns = header.columns[: len(looked_at)]
    declared = [shape.columns[column] for column in columns if column and column in looked_at]
    widths = [_WIDTHS.get(demands.get("format", ""), 0) for demands in declared if not is_nullable(demands)]
    are_first = 0 < len(widths) == len(looked_at) < len(header.columns) and all(widths)
    return sum(widths) + len(widths) - 1 if are_first else 0


def _cell(demands: Mapping[str, Any], text: str, *, is_text_only_tabs: bool) -> str | None:
    """What a cell must match to meet the column's demands; ``None`` when only looking at it can tell."""
    usual, form, nullable = demands.get("x-usual"), demands.get("format"), is_nullable(demands)
    if demands.keys() & {"pattern", "enum", "minLength"} or form in _IN_ANY_LANGUAGE:
        return None
    are_plain = _PLAIN_WHEN_USUAL.get(form) if form and usual else None
    if are_plain and usual and are_plain.fullmatch(usual):
        return f"(?:{usual[1:-1]})?" if nullable else f"(?:{usual[1:-1]})"
    if form and form != "identifier" and not usual:  # what is usual of identifiers may hold delimiters
        return _cell_of(form, nullable=nullable)
    if form or usual:
        return None
    if nullable:
        return text
    # Where the delimiter is no control character, it must not pass for one that is shown.
    shown = r"!#-\[\]-~" if is_text_only_tabs else "0-9A-Za-z"
    return f"(?:{text}(?:[{shown}]|{SHOWN}){text})"


def _cell_of(form: str, *, nullable: bool) -> str | None:
    usual = FORMS[form].usual
    return usual and (f"(?:{usual})?" if nullable else f"(?:{usual})")


_compiled = lru_cache(maxsize=32)(linear_pattern)
