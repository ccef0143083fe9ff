"""Table rows: cutting a text stream into rows of cells, whatever ends its lines, in bounded memory.

What the cells must be is not asked here; only what makes a text no table is: a line or cell without end, an
unclosed quote.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place

LONGEST_LINE = 2**20
"""Characters. The longest real line has some hundred; a stream without line ends must not be held in memory."""

_READ_AHEAD, _MOST_AHEAD = 2**22, 2**24  # characters


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How cells are delimited. Without ``quoted`` a quote is an ordinary character, as in DistroKid's TSV."""

    delimiter: str
    quoted: bool


TSV = Dialect(delimiter="\t", quoted=False)
CSV = Dialect(delimiter=",", quoted=True)


@dataclass(frozen=True, kw_only=True)
class Lines:
    """Some whole lines of a text, not yet taken; ``text`` has the end that its last line may lack."""

    text: str
    lines: list[str]
    first: int  # the number of the first line
    size: int  # characters that they take in the text


@dataclass
class Rows:
    """The rows of one delivery, one after another; ``broken`` says why they ended before the text did.

    Between two rows whole lines may be taken instead, by those who know that these are rows as they stand.
    """

    stream: BinaryIO
    charset: str
    dialect: Dialect
    line: int = 0  # of the row given last
    broken: Finding | None = None
    _text: io.TextIOWrapper | None = None
    _ahead: str = ""  # read, but not taken
    _taken: int = 0  # lines that were no rows of the reader

    def __iter__(self) -> Iterator[list[str]]:
        # newline="" ends lines at CR, LF and CRLF alike and hides none of them from the csv module.
        with io.TextIOWrapper(self.stream, encoding=self.charset, newline="") as self._text:
            reader = csv.reader(
                self._lines(self._text),
                delimiter=self.dialect.delimiter,
                quoting=csv.QUOTE_MINIMAL if self.dialect.quoted else csv.QUOTE_NONE,
                strict=True,
            )
            try:
                for cells in reader:
                    self.line = self._taken + reader.line_num
                    if cells:  # a blank line is no row
                        yield cells
            except csv.Error as error:
                self.broken = _explained(error, self._taken + reader.line_num)

    def next_lines(self, most: int, end: str) -> Lines | None:
        """At most so many of the next lines, which all end with ``end``; the same ones until they are taken.

        ``None`` when there are no more, or when they are too long to be held.
        """
        if self._text is None:
            raise RuntimeError("the header is read first")
        while len(lines := self._ahead.split(end, most)) <= most:
            read = self._text.read(_READ_AHEAD) if len(self._ahead) < _MOST_AHEAD else ""
            if not read:
                break
            self._ahead += read
        if len(lines) <= most and len(self._ahead) >= _MOST_AHEAD:
            return None
        rest = lines.pop()
        if rest and len(lines) < most:  # the text's last line has no end
            lines.append(rest)
            rest = ""
        size = len(self._ahead) - len(rest)
        text = self._ahead[:size]
        if lines and not text.endswith(end):
            text += end
        return Lines(text=text, lines=lines, first=self.line + 1, size=size) if lines else None

    def take(self, lines: Lines) -> None:
        """Go on after these lines."""
        self._ahead = self._ahead[lines.size :]
        self._taken += len(lines.lines)
        self.line += len(lines.lines)

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        while True:
            ahead, self._ahead = self._ahead, ""
            if ahead and (ahead[-1] not in "\r\n" or ahead[-1] == "\r"):  # perhaps the first half of a line end
                ahead += text.readline(LONGEST_LINE)
            if ahead:
                yield from map(_bounded, io.StringIO(ahead, newline=""))
                continue
            line = text.readline(LONGEST_LINE)
            if not line:
                return
            yield _bounded(line)


def _bounded(line: str) -> str:
    if len(line) >= LONGEST_LINE and (len(line) > LONGEST_LINE or line[-1] not in "\r\n"):
        raise csv.Error("line too long")
    return line


def _explained(error: csv.Error, line: int) -> Finding:
    said = str(error)
    if "unexpected end" in said:
        return codes.TRUNCATED("the file ends inside a quoted cell", Place(line=line))
    if "too long" in said or "larger than" in said:
        return codes.TABLE_SYNTAX("a line or cell is longer than any real one", Place(line=line + 1))
    return codes.TABLE_SYNTAX("quotes and delimiters do not make cells here", Place(line=max(line, 1)))
