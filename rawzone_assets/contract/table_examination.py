"""Table examinations: a table is read in chunks, each of which its row schema and the feed's rules judge.

Most chunks are proven sound as they stand (``table_grammar``). Others are parsed, and what is wrong with their
cells is said by ``table_cells``. A chunk holds at most ``CHUNK_ROWS`` rows and ``CHUNK_CELL_CHARACTERS``
characters, so gigabytes take no more memory than one of megabytes. Columns and demands come from the row's
schema (``table_shapes``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice

import orjson

from rawzone_assets.contract import codes, digests
from rawzone_assets.contract.acquaintance import names_kept
from rawzone_assets.contract.byte_kinds import GARBLED
from rawzone_assets.contract.drift import outline_of_columns
from rawzone_assets.contract.exposures import may_expose
from rawzone_assets.contract.feed import Capture, Facts, Feed
from rawzone_assets.contract.findings import Finding, Findings, Place
from rawzone_assets.contract.forms import day_of, is_date
from rawzone_assets.contract.restatement import Diary
from rawzone_assets.contract.rules import stale
from rawzone_assets.contract.table_cells import refused_cells, unusual_cells
from rawzone_assets.contract.table_cuts import LastCells
from rawzone_assets.contract.table_diaries import diary_of_table
from rawzone_assets.contract.table_digests import RowsDigest, written_rows
from rawzone_assets.contract.table_grammar import TableGrammar, grammar_of
from rawzone_assets.contract.table_marks import Unmarked
from rawzone_assets.contract.table_repeats import Repeats
from rawzone_assets.contract.table_rows import SEPARATORS, Dialect, Lines, Rows
from rawzone_assets.contract.table_rules import Chunk, Identities, chunk_of
from rawzone_assets.contract.table_shapes import MOST_COLUMNS, Header, Shape, header_findings, resolve_header
from rawzone_assets.contract.table_wholes import Gathered
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.contract.texts import Survey
from rawzone_assets.contract.yearless import Days

CHUNK_ROWS = 20_000
CHUNK_CELL_CHARACTERS = 8 * 2**20
MOST_EXPLAINED = 1_000
"""After so many refused cells the rest of the file is only counted: nobody reads further."""


@dataclass
class TableExamination:
    """One table while it is read, chunk by chunk. Findings are added as they come."""

    form: TableFormat
    feed: Feed
    capture: Capture
    findings: Findings
    shape: Shape
    identities: Identities
    gathered: Gathered
    repeats: Repeats
    header: Header = field(default_factory=lambda: Header(names=(), columns=()))
    last_cells: LastCells | None = None  # where a cut can show in them
    records: int = 0
    explained: int = 0
    unexposed: Unmarked = field(default_factory=lambda: Unmarked(is_marked=may_expose))
    ungarbled: Unmarked = field(default_factory=lambda: Unmarked(is_marked=GARBLED.are_in))
    first_day: str | None = None
    last_day: str | None = None
    diary: Diary | None = None
    _digest: RowsDigest = field(default_factory=RowsDigest)

    def run(self, rows: Rows, seen: Survey) -> None:
        """Judge the whole table; ``rows`` are of the delivery that was ``seen`` so."""
        if self.form.even_decimals and not seen.ends_with_newline:
            self.last_cells = LastCells()
        names = rows.header()
        if names is None:
            self.findings.add(rows.broken or codes.TRUNCATED("the file holds nothing but blank lines"))
            return
        if not self._read_header(names, rows.line):
            return
        for sought in self.sought:
            sought.begin_with(rows.dialect.delimiter.join(names), rows.taken)
        self._read_chunks(rows, seen.newline)
        self._read_rows(rows)
        if rows.broken:
            self.findings.add(rows.broken)
        elif self.records == 0 and not self.findings.blocking:
            self.findings.add(codes.EMPTY_RESULT("the table has a header and no rows"))
        cut = self.last_cells.cut(rows.line, self.header.names[-1]) if self.last_cells else None
        if cut:
            self.findings.add(cut)
        self._judge_whole()
        if self.last_day:
            newest = date.fromisoformat(self.last_day)
            self.findings.extend(stale(newest, self.feed, self.capture))

    def facts(self) -> Facts:
        """What was learned of it; of a text without a header of this feed, nothing."""
        known = bool(self.header.names)
        return Facts(
            records=self.records if known else None,
            data_min=self.first_day,
            data_max=self.last_day,
            fingerprint=digests.digest_of_names(self.header.names) if known else None,
            outline=outline_of_columns(self.header.names) if known else (),
            substance=self._digest.hexdigest() if known else None,
            diary=self.diary,
        )

    @property
    def sought(self) -> tuple[Unmarked, ...]:
        """What is told of the text that stands for the bytes, while that is at hand."""
        return self.unexposed, self.ungarbled

    def _read_header(self, names: list[str], line: int) -> bool:
        """Whether rows can be read under this header; what is wrong with it is added."""
        if len(names) > MOST_COLUMNS:
            self.findings.add(codes.TABLE_SYNTAX(f"more than {MOST_COLUMNS} columns", Place(line=line)))
            return False
        header = resolve_header(self.shape, names)
        found = list(header_findings(self.shape, header, line))
        self.findings.extend(found)
        if any(finding.code == codes.TABLE_SYNTAX.code for finding in found):
            return False
        self.header = header
        self._digest.update(orjson.dumps(names))
        return True

    def _read_chunks(self, rows: Rows, newline: str) -> None:
        """Judge whole lines, a chunk at once, up to the first chunk of which some line is no row."""
        if newline not in SEPARATORS:
            return
        grammar: TableGrammar | None = None
        while lines := rows.next_lines(CHUNK_ROWS, SEPARATORS[newline].encode()):
            if lines.may_be_long:
                return
            if grammar is None:
                quoted = rows.dialect.quoted and lines.held.startswith(b'"', lines.cuts[0])
                needed = self._columns_looked_at()
                grammar = grammar_of(self.shape, self.header, rows.dialect, newline, needed, quoted=quoted)
            is_plain = grammar is not None and self._take_plain(lines, grammar, rows.taken)
            if not is_plain and not self._take_parsed(lines, rows.dialect):
                return
            self.findings.extend(self.repeats.in_lines(lines))
            rows.take(lines)

    def _columns_looked_at(self) -> frozenset[str]:
        """The columns of which somebody asks for the cells, however sound they are."""
        needed = {self.form.day, *self.gathered.names, *self.identities.columns}
        for rule in self.form.rules:
            needed.update(rule.columns)
        return frozenset(needed)

    def _take_plain(self, lines: Lines, grammar: TableGrammar, taken: int) -> bool:
        """Whether the lines, before which so many bytes were taken, were judged, being plain."""
        digest = self._digest.begun()
        for sought in self.sought:
            sought.begin_chunk(taken)

        def look(piece: bytes, text: str) -> bool:
            digest.update(grammar.written(piece))
            for sought in self.sought:
                sought.look(text)
            return digest.written < CHUNK_CELL_CHARACTERS

        plain = grammar.proven(lines, self.shape, look, with_last=self.last_cells is not None)
        if plain is None:
            return False
        self._digest = digest
        for sought in self.sought:
            sought.end_chunk(lines.size)
        self._take_chunk(plain.chunk, plain.last_cells, lines.count, self._rule_objections(plain.chunk))
        return True

    def _take_parsed(self, lines: Lines, dialect: Dialect) -> bool:
        """Whether the lines were judged, being whole rows of the header's width."""
        if lines.size + 2 * lines.count * len(self.header.names) >= CHUNK_CELL_CHARACTERS:
            return False  # too much to be one chunk, and to be parsed at once
        parsed = lines.rows(dialect, len(self.header.names))
        if parsed is None:
            return False
        rows, numbers = parsed
        if len(rows) < lines.count == CHUNK_ROWS:  # more rows belong to this chunk
            return False
        if not self._take_written(written_rows(rows)):
            return False
        self._judge_rows(rows, numbers)
        return True

    def _take_written(self, pieces: Iterable[bytes]) -> bool:
        """Whether so much may be a chunk; it is digested then."""
        digest = self._digest.begun()
        for piece in pieces:
            digest.update(piece)
            if digest.written >= CHUNK_CELL_CHARACTERS:
                return False
        self._digest = digest
        return True

    def _read_rows(self, rows: Rows) -> None:
        """Judge what is left row by row, a chunk at a time; rows of another width are objected to."""
        width = len(self.header.names)
        chunk: list[list[str]] = []
        lines: list[int] = []
        characters = 0
        ragged: tuple[int, int] | None = None  # line and width of a row that may turn out to be the last
        for cells in rows:
            if ragged:
                self._object_to_width(*ragged)
                ragged = None
            if len(cells) != width:
                ragged = rows.line, len(cells)
                continue
            chunk.append(cells)
            lines.append(rows.line)
            row = orjson.dumps(cells)
            self._digest.update(row)
            characters += len(row)
            if len(chunk) >= CHUNK_ROWS or characters >= CHUNK_CELL_CHARACTERS:
                self._judge_rows(chunk, lines)
                self.findings.extend(self.repeats.in_rows(chunk, lines))
                chunk, lines, characters = [], [], 0
        if chunk:
            self._judge_rows(chunk, lines)
            self.findings.extend(self.repeats.in_rows(chunk, lines))
        if ragged and ragged[1] < width:
            message = f"the last row has {ragged[1]} cells, the header {width}"
            self.findings.add(codes.TRUNCATED(message, Place(line=ragged[0])))
        elif ragged:
            self._object_to_width(*ragged)

    def _object_to_width(self, line: int, width: int) -> None:
        self.explained += 1
        if self.explained > MOST_EXPLAINED:
            return
        message = f"the row has {width} cells, the header {len(self.header.names)}"
        self.findings.add(codes.TABLE_SYNTAX(message, Place(line=line)))

    def _judge_rows(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        cells = list(zip(*rows, strict=True))
        if self.header.names[-1] in cells[-1]:  # as hardly ever: no row need be looked at by itself
            self._object_to_header(rows, lines)
        chunk = chunk_of(self.header.columns, cells, lines)
        self._take_chunk(chunk, cells[-1], len(rows), self._objections(chunk))

    def _object_to_header(self, rows: Sequence[Sequence[str]], lines: Sequence[int]) -> None:
        again = next((line for row, line in zip(rows, lines, strict=True) if self.header.is_again(row)), None)
        if again is not None:
            message = "the header stands here once more: two files, one after the other"
            self.findings.add(codes.TABLE_SYNTAX(message, Place(line=again)))

    def _take_chunk(
        self, chunk: Chunk, last_cells: Sequence[str], rows: int, objections: Iterator[Finding]
    ) -> None:
        self.gathered.take(chunk)
        self._note_days(chunk.distinct(self.form.day))
        if self.last_cells:
            self.last_cells.take(last_cells)
        self.records += rows
        if self.explained < MOST_EXPLAINED:
            for finding in objections:
                self.findings.add(finding)
                self.explained += finding.blocking
                if self.explained >= MOST_EXPLAINED:
                    break

    def _judge_whole(self) -> None:
        """What can be said only of all rows: days that lack their year, the diary, rules for whole tables."""
        table = self.gathered.table()
        days = Days()
        if self.form.daily:
            days = self.form.daily.read(table, self.capture)
            self.findings.extend(days.findings)
            self._note_days([day.isoformat() for day in days.extent])
        elif self.form.figures:
            cells = table.columns.get(self.form.day, [])
            days = Days(dates=tuple([day_of(text) if text else None for text in cells]))
        if self.form.figures and self.last_day and not self.findings.blocking:
            newest = date.fromisoformat(self.last_day)
            until = self.form.figures.last_settled(self.capture.day, newest, self.feed.cadence.lag_days)
            self.diary = diary_of_table(table, days, self.form.figures, until=until)
        if self.form.named and not self.findings.blocking:
            kept = names_kept(self.form.named, table.columns.get(self.form.named.by, ()))
            self.diary = {**(self.diary or {}), **kept} or None
        for rule in self.form.whole_rules:
            self.findings.extend(islice(rule.judge(table, self.capture), MOST_EXPLAINED))

    def _objections(self, chunk: Chunk) -> Iterator[Finding]:
        yield from refused_cells(self.shape, chunk)
        yield from unusual_cells(self.shape, chunk)
        yield from self._rule_objections(chunk)

    def _rule_objections(self, chunk: Chunk) -> Iterator[Finding]:
        for rule in self.form.rules:
            yield from rule.judge(chunk, self.capture)
        yield from self.identities.repeats(chunk)

    def _note_days(self, cells: Iterable[str | None]) -> None:
        days = [text for text in cells if text and is_date(text)]
        if days:
            self.first_day = min(days) if self.first_day is None else min(self.first_day, *days)
            self.last_day = max(days) if self.last_day is None else max(self.last_day, *days)
