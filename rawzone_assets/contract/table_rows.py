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
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import Any, BinaryIO

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place

SEPARATORS: Mapping[str, str] = {"cr": "\r", "lf": "\n", "crlf": "\r\n"}
LONGEST_CELL = 131_072  # the csv module's own limit
LONGEST_LINE = 2**20
"""Characters. The longest real line has some hundred; a stream without line ends must not be held in memory."""

_LONGEST_LINE_BYTES = 4 * LONGEST_LINE  # more are more characters, too
_LINE_END = re.compile(rb"\r\n?|\n")
_NO_LINE_END = re.compile(rb"[^\r\n]")
_BLOCK, _READ_AT_ONCE, _MOST_AHEAD = 2**17, 2**22, 2**24  # bytes


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

    held: bytes
    cuts: tuple[int, ...]  # where their pieces begin in what is held, and where the last one ends
    end: bytes
    charset: str
    first: int  # the number of the first line
    count: int

    @property
    def size(self) -> int:
        """Bytes that they take in the delivery."""
        return self.cuts[-1] - self.cuts[0]

    @property
    def pieces(self) -> Iterator[bytes]:
        """All lines with their ends, some hundred at once: passes over these stay in the processor's cache.

        If they are UTF-8 at all, which nobody may have looked at yet; lines in other charsets are.
        """
        pieces = map(self._piece, self.cuts, self.cuts[1:])
        return pieces if self.charset == "utf-8" else (piece.decode(self.charset).encode() for piece in pieces)

    @property
    def outermost(self) -> list[str]:
        """The first line and the last one, or the only one, without their ends."""
        first = self._piece(*self.cuts[:2]).partition(self.end)[0]
        last = self._piece(*self.cuts[-2:])[: -len(self.end)].rpartition(self.end)[2]
        return [line.decode(self.charset) for line in ((first, last) if self.count > 1 else (first,))]

    @property
    def may_be_long(self) -> bool:
        """Whether a line may be too long for a cell: somewhere half of that length has no line's end."""
        half = LONGEST_CELL // 2
        return any(
            self.held.find(self.end, at, at + half) < 0
            for start, stop in pairwise(self.cuts)
            for at in range(start, stop - half, half)
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

    def bodies(self, most: int) -> list[bytes]:
        """All lines as they are written, without their ends; if those are more, so many of the first piece."""
        first, *others = pairwise(self.cuts)
        rows = self._piece(*first).split(self.end)[:-1]
        if self.count > most:
            return rows[:most]
        for piece in others:
            rows += self._piece(*piece).split(self.end)[:-1]
        return rows

    @cached_property
    def texts(self) -> list[str]:
        """Each line without its end."""
        return self._text.split(self.end.decode())[:-1]

    def cells(self, before: str, between: str, after: str) -> list[str]:
        """The cells of all lines, one after the other, given what stands before, between and after a line's."""
        return self._text[len(before) : -len(after)].replace(after + before, between).split(between)

    def _piece(self, start: int, stop: int) -> bytes:
        piece = self.held[start:stop]
        return piece if piece.endswith(self.end) else piece + self.end  # the text's last line has no end

    @property
    def _text(self) -> str:
        return self._piece(self.cuts[0], self.cuts[-1]).decode(self.charset)


@dataclass
class Rows:
    """The rows of one delivery, one after another; ``broken`` says why they ended before the text did.

    Between two rows whole lines may be taken instead, by those who know that these are rows as they stand.
    In the ``charset`` line ends are single bytes: UTF-8, whose byte order mark is passed over, or Latin-1.
    """

    stream: BinaryIO
    charset: str
    dialect: Dialect
    is_in_memory: bool = False  # then all is read at once: that need not be copied
    line: int = 0  # of the row given last
    taken: int = 0  # bytes of the delivery
    broken: Finding | None = None
    _held: bytes = b""  # what was read last
    _at: int = 0  # so much of it was taken
    _has_begun: bool = False

    def __iter__(self) -> Iterator[list[str]]:
        return self._cut(self._lines())

    def header(self) -> list[str] | None:
        """The next row; lines or rows may be taken after it."""
        self._pass_line_ends()
        return next(self._cut(self._single_lines()), None)

    def _pass_line_ends(self) -> None:
        """Go on after lines that have nothing, of which a hostile file may begin with millions."""
        are_all = True
        while are_all:
            found = _NO_LINE_END.search(self._held, self._at)
            # A CR at the very end may be the first half of a line end.
            stop = found.start() if found else len(self._held) - self._held.endswith(b"\r", self._at)
            ends = self._held[self._at : stop]
            self._at = stop
            self.taken += len(ends)
            self.line += ends.count(b"\n") + ends.count(b"\r") - ends.count(b"\r\n")
            are_all = found is None and self._read_on()

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
        sizes = [0]  # up to the end of each piece
        missing = most
        while missing:
            size = self._whole_lines(mark, sizes[-1] + _BLOCK)
            if size is None:
                return None
            if size == sizes[-1]:
                break
            start, stop = self._at + sizes[-1], self._at + size
            count = self._held.count(mark, start, stop) + (not self._held.endswith(end, start, stop))
            if count > missing:
                size -= len(self._held[start:stop].split(mark, missing)[-1])
                count = missing
            sizes.append(size)
            missing -= count
        if len(sizes) == 1:
            return None
        return Lines(
            held=self._held,
            cuts=tuple([self._at + size for size in sizes]),
            end=end,
            charset=self.charset,
            first=self.line + 1,
            count=most - missing,
        )

    def _whole_lines(self, mark: bytes, least: int) -> int | None:
        """How many bytes end with the line that goes on after so many; ``None`` if that is too much to hold."""
        while (found := self._held.find(mark, self._at + least)) < 0:
            if self._ahead >= _MOST_AHEAD:
                return None
            if not self._read_on():
                return self._ahead
        return found + 1 - self._at

    def take(self, lines: Lines) -> None:
        """Go on after these lines."""
        self._at += lines.size
        self.taken += lines.size
        self.line += lines.count

    def _lines(self) -> Iterator[str]:
        while True:
            if self._ahead < _BLOCK:
                self._read_on()
            start, stop = self._at, min(self._at + _BLOCK, len(self._held))
            # A CR at the very end may be the first half of a line end.
            ends = (b"\n", stop), (b"\r", max(start, stop - 1))
            last = max(self._held.rfind(mark, start, before) for mark, before in ends)
            if last >= 0:
                # newline="" ends lines at CR, LF and CRLF alike and hides none of them from the csv module.
                yield from io.StringIO(self._taken(last + 1 - start), newline="")
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
            end = _LINE_END.search(self._held, self._at)
            is_certain = end is not None and end.end() < len(self._held)
            if is_certain or self._ahead > _LONGEST_LINE_BYTES or not self._read_on():
                break
        size = end.end() - self._at if end else self._ahead
        if size > _LONGEST_LINE_BYTES:
            raise csv.Error("line too long")
        line = self._taken(size)
        if len(line) > LONGEST_LINE:
            raise csv.Error("line too long")
        return line

    def _taken(self, size: int) -> str:
        text = self._held[self._at : self._at + size].decode(self.charset)
        self._at += size
        self.taken += size
        return text

    @property
    def _ahead(self) -> int:
        """Bytes that were read, but not taken."""
        return len(self._held) - self._at

    def _read_on(self) -> bool:
        """Whether there was more to read."""
        block = self.stream.read(-1 if self.is_in_memory else _READ_AT_ONCE)
        if not block:
            return False
        if not self._has_begun and self.charset == "utf-8" and block.startswith(codecs.BOM_UTF8):
            block = block.removeprefix(codecs.BOM_UTF8)
            self.taken += len(codecs.BOM_UTF8)
        self._has_begun = True
        self._held, self._at = self._held[self._at :] + block, 0
        return True


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
    return codes.TABLE_SYNTAX("quotes and delimiters do not make cells here", Place(line=line))
