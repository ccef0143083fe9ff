"""Table cuts: whether the last cell of a table was cut off, which the number of cells does not show.

Only a table whose text does not end with a line end can be cut there. A cell that is cut to nothing is told
where no other row lacks its last cell; a figure that is cut, by its decimals, where the last column is written
with the same number of them in every row. It must be one that only sources write that pad figures, as DistroKid
with eight: 1.25, 0.87 and then 2.4 may be all that somebody wrote.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from rawzone_assets.contract import codes
from rawzone_assets.contract.content import pieces
from rawzone_assets.contract.feed import Content
from rawzone_assets.contract.findings import Finding, Place

_FEWEST_DECIMALS = 6  # that are no chance, in however few rows
_FEWEST_ROWS = 3  # of which the last one alone lacks a cell, and not by chance
_FIRST_LINE = re.compile(rb"[^\r\n]+")


def cut_to_nothing(content: Content, delimiter: str, *, records: int, place: Place) -> Finding | None:
    """The objection to the last row, at ``place``, of a table that ends with a delimiter, if it was cut there.

    It was if all other rows have their last cell, or if cells are quoted, blank ones too.
    """
    blank = re.compile(rb"[%b][\r\n]" % delimiter.encode())
    before, is_quoted = b"", False
    for piece in pieces(content):
        if not before:
            header = _FIRST_LINE.search(piece)
            is_quoted = header is not None and header[0].endswith(b'"')
        if blank.search(before + piece[:1]) or blank.search(piece):
            return None
        before = piece[-1:]
    if records < _FEWEST_ROWS and not is_quoted:
        return None
    return codes.TRUNCATED("no line end, and the last row alone lacks its last cell", place)


@dataclass
class LastCells:
    """The last column of a table, while it is read."""

    _decimals: set[int] = field(default_factory=set)  # of all rows but the last
    _last: str | None = None

    def take(self, cells: Sequence[str]) -> None:
        """The last column's cells of the next rows, at least one."""
        earlier = set(cells[:-1]) | ({self._last} if self._last is not None else set())
        if len(self._decimals) < 2:  # two settle that they are not even
            self._decimals.update(_decimals(cell) for cell in earlier)
        self._last = cells[-1]

    def cut(self, line: int, name: str) -> Finding | None:
        """The objection to the last row, on ``line``, when its cell of the column ``name`` was cut."""
        if self._last is None or len(self._decimals) != 1:
            return None
        (usual,) = self._decimals
        if usual < _FEWEST_DECIMALS or _decimals(self._last) >= usual:
            return None
        message = "no line end, and the last cell has fewer decimals than every other row"
        return codes.TRUNCATED(message, Place(line=line, column_name=name))


def _decimals(cell: str) -> int:
    return len(cell.partition(".")[2]) if "." in cell else -1
