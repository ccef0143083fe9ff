"""Table rows: cutting a delivery into rows of cells, whatever ends its lines, in bounded memory.

What the cells must be is not asked here; only what makes a text no table is: a line or cell without end, an
unclosed quote.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, BinaryIO

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place

SEPARATORS: Mapping[str, str] = {"cr": "\r", "lf": "\n", "crlf": "\r\n"}
LONGEST_CELL = 131_072  # the csv module's own limit
LONGEST_LINE = 2**20
"""Characters. The longest real line has some hundred; a stream without line ends must not be held in memory."""

_LONGEST_LINE_BYTES = 4 * LONGEST_LINE  # more are more characters, too
_LINE_END = re.compile(rb"\r\n?|\n")
_BLOCK, _READ_AHEAD, _MOST_AHEAD = 2**17, 2**16, 2**24  # bytes


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How cells are delimited. Without ``quoted`` a quote is an ordinary character, as in DistroKid's TSV."""

    delimiter: str
    quoted: bool


TSV = Dialect(delimiter="\t", quoted=False)
CSV = Dialect(delimiter=",", quoted=True)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Some whole lines of a delivery, not yet taken. Each ends with ``end``, which the last of all may lack."""

    pieces: tuple[bytes, ...]  # of some hundred lines: several passes over these stay in the processor's cache
    end: bytes
    charset: str
    first: int  # the number of the first line
    count: int
    size: int  # bytes that they take in the delivery

    @property
    def may_be_long(self) -> bool:
        """Whether a line may be too long for a cell: somewhere half of that length has no line's end."""
        half = LONGEST_CELL // 2
        return any(
            piece.find(self.end, at, at + half) < 0
            for piece in self.pieces
            for at in range(0, len(piece) - half, half)
        )

    def rows(self, dialect: Dialect, width: int) -> tuple[list[list[str]], list[int]] | None:
        """The rows that the lines are and the line where each ends; ``None`` unless all have so many cells."""
        reader = _reader(io.StringIO(self._text, newline=""), dialect)
        before = self.first - 1
        rows, numbers = [], []
        try:
            for cells in reader:
                rows.append(cells)
                numbers.append(before + reader.line_num)
        except csv.Error:
            return None
        return (rows, numbers) if set(map(len, rows)) == {width} else None

    @cached_property
    def texts(self) -> list[str]:
        """Each line without its end."""
        return self._text.split(self.end.decode())[:-1]

    def cells(self, before: str, between: str, after: str) -> list[str]:
        """The cells of all lines, one after the other, given what stands before, between and after a line's."""
        return self._text[len(before) : -len(after)].replace(after + before, between).split(between)

    @property
    def _text(self) -> str:
        return b"".join(self.pieces).decode(self.charset)


@dataclass
class Rows:
    """The rows of one delivery, one after another; ``broken`` says why they ended before the text did.

    Between two rows whole lines may be taken instead, by those who know that these are rows as they stand.
    In the ``charset`` line ends are single bytes: UTF-8, whose byte order mark is passed over, or Latin-1.
    """

    stream: BinaryIO
    charset: str
    dialect: Dialect
    line: int = 0  # of the row given last
    taken: int = 0  # bytes of the delivery
    broken: Finding | None = None
    _ahead: bytearray = field(default_factory=bytearray)  # read, but not taken
    _has_begun: bool = False

    def __iter__(self) -> Iterator[list[str]]:
        return self._cut(self._lines())

    def header(self) -> list[str] | None:
        """The next row; lines or rows may be taken after it."""
        return next(self._cut(self._single_lines()), None)

    def _cut(self, lines: Iterator[str]) -> Iterator[list[str]]:
        before = self.line
        reader = _reader(lines, self.dialect)
        try:
            for cells in reader:
                self.line = before + reader.line_num
                if cells:  # a blank line is no row
                    yield cells
        except csv.Error as error:
            self.broken = _explained(error, before + reader.line_num)

    def next_lines(self, most: int, end: bytes) -> Lines | None:
        """At most so many of the next lines, which all end with ``end``; the same ones until they are taken.

        ``None`` when there are no more, or when they are too long to be held.
        """
        mark = end[-1:]
        pieces: list[bytes] = []
        size, missing = 0, most
        while missing:
            stop = self._after_whole_lines(mark, size + _BLOCK)
            if stop is None:
                return None
            if stop == size:
                break
            piece = bytes(memoryview(self._ahead)[size:stop])
            if not piece.endswith(end):  # the text's last line has no end
                piece += end
            count = piece.count(mark)
            if count > missing:
                piece, count = piece[: -len(piece.split(mark, missing)[-1])], missing
            size += min(len(piece), stop - size)
            pieces.append(piece)
            missing -= count
        if not pieces:
            return None
        return Lines(
            pieces=tuple(pieces),
            end=end,
            charset=self.charset,
            first=self.line + 1,
            count=most - missing,
            size=size,
        )

    def _after_whole_lines(self, mark: bytes, least: int) -> int | None:
        """Where the line ends that goes on after so many bytes; ``None`` if too much would be held for it."""
        while (found := self._ahead.find(mark, least)) < 0:
            if len(self._ahead) >= _MOST_AHEAD:
                return None
            if not self._read_on(_READ_AHEAD):
                return len(self._ahead)
        return found + 1

    def take(self, lines: Lines) -> None:
        """Go on after these lines."""
        del self._ahead[: lines.size]
        self.taken += lines.size
        self.line += lines.count

    def _lines(self) -> Iterator[str]:
        while True:
            if len(self._ahead) < _BLOCK:
                self._read_on(_BLOCK)
            # A CR at the very end may be the first half of a line end.
            last = min(_BLOCK, len(self._ahead)) - 1
            whole = 1 + max(self._ahead.rfind(b"\n", 0, _BLOCK), self._ahead.rfind(b"\r", 0, max(last, 0)))
            if whole:
                # newline="" ends lines at CR, LF and CRLF alike and hides none of them from the csv module.
                yield from io.StringIO(self._taken(whole), newline="")
            elif line := self._line():
                yield line
            else:
                return

    def _single_lines(self) -> Iterator[str]:
        while line := self._line():
            yield line

    def _line(self) -> str:
        """The next line, with its end; nothing after the last one."""
        while True:
            end = _LINE_END.search(self._ahead)
            is_certain = end is not None and end.end() < len(self._ahead)
            if is_certain or len(self._ahead) > _LONGEST_LINE_BYTES or not self._read_on(_BLOCK):
                break
        size = end.end() if end else len(self._ahead)
        if size > _LONGEST_LINE_BYTES:
            raise csv.Error("line too long")
        line = self._taken(size)
        if len(line) > LONGEST_LINE:
            raise csv.Error("line too long")
        return line

    def _taken(self, size: int) -> str:
        text = self._ahead[:size].decode(self.charset)
        del self._ahead[:size]
        self.taken += size
        return text

    def _read_on(self, size: int) -> bool:
        """Whether there was more to read."""
        block = self.stream.read(size)
        if not self._has_begun and self.charset == "utf-8" and block.startswith(codecs.BOM_UTF8):
            block = block.removeprefix(codecs.BOM_UTF8)
            self.taken += len(codecs.BOM_UTF8)
        self._has_begun = True
        self._ahead += block
        return bool(block)


def _reader(lines: Iterable[str], dialect: Dialect) -> Any:
    return csv.reader(
        lines,
        delimiter=dialect.delimiter,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
        strict=True,
    )


def _explained(error: csv.Error, line: int) -> Finding:
    said = str(error)
    if "unexpected end" in said:
        return codes.TRUNCATED("the file ends inside a quoted cell", Place(line=line))
    if "too long" in said or "larger than" in said:
        return codes.TABLE_SYNTAX("a line or cell is longer than any real one", Place(line=line + 1))
    return codes.TABLE_SYNTAX("quotes and delimiters do not make cells here", Place(line=max(line, 1)))
