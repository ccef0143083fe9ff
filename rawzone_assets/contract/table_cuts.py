"""Table cuts: whether the last cell of a table was cut off, told by its decimals.

Only for tables whose last column is written with the same number of decimals in every row and whose text does
not end with a line end: every other cut shows in the number of cells. The number must be one that only sources
write that pad figures, as DistroKid with eight: 1.25, 0.87 and then 2.4 may be all that somebody wrote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rawzone_assets.contract import codes
from rawzone_assets.contract.findings import Finding, Place

_FEWEST_DECIMALS = 6  # that are no chance, in however few rows


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
