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


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How cells are delimited. Without ``quoted`` a quote is an ordinary character, as in DistroKid's TSV."""

    delimiter: str
    quoted: bool


TSV = Dialect(delimiter="\t", quoted=False)
CSV = Dialect(delimiter=",", quoted=True)


@dataclass
class Rows:
    """The rows of one delivery, one after another; ``broken`` says why they ended before the text did."""

    stream: BinaryIO
    charset: str
    dialect: Dialect
    line: int = 0  # of the row given last
    broken: Finding | None = None

    def __iter__(self) -> Iterator[list[str]]:
        # newline="" ends lines at CR, LF and CRLF alike and hides none of them from the csv module.
        with io.TextIOWrapper(self.stream, encoding=self.charset, newline="") as text:
            reader = csv.reader(
                self._lines(text),
                delimiter=self.dialect.delimiter,
                quoting=csv.QUOTE_MINIMAL if self.dialect.quoted else csv.QUOTE_NONE,
                strict=True,
            )
            try:
                for cells in reader:
                    self.line = reader.line_num
                    if cells:  # a blank line is no row
                        yield cells
            except csv.Error as error:
                self.broken = _explained(error, reader.line_num)

    def _lines(self, text: io.TextIOWrapper) -> Iterator[str]:
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE and line[-1] not in "\r\n":
                raise csv.Error("line too long")
            yield line


def _explained(error: csv.Error, line: int) -> Finding:
    said = str(error)
    if "unexpected end" in said:
        return codes.TRUNCATED("the file ends inside a quoted cell", Place(line=line))
    if "too long" in said or "larger than" in said:
        return codes.TABLE_SYNTAX("a line or cell is longer than any real one", Place(line=line + 1))
    return codes.TABLE_SYNTAX("quotes and delimiters do not make cells here", Place(line=max(line, 1)))
