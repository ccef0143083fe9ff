"""Table marks: how far a table certainly has nothing of what marks announce, told on the way to judging it.

Only what comes after the first mark, or was not seen as the text that stands for its bytes, has to be looked
through once more.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from rawzone_assets.contract.byte_kinds import standing_for


@dataclass(kw_only=True)
class Unmarked:
    """The beginning of a table in which no mark stands: bytes that were ``taken`` one chunk after the other."""

    is_marked: Callable[[str], bool]  # asked of what stands for whole lines
    size: int = 0
    _goes_on: bool = False

    def begin_with(self, header: str, size: int) -> None:
        """Take the header, given with its cells, and so many bytes up to its end."""
        self.begin_chunk(0)
        self.look(standing_for(header.encode()))
        self.end_chunk(size)

    def begin_chunk(self, taken: int) -> None:
        """Begin to look at what stands after so many bytes."""
        self._goes_on = self.size == taken

    def look(self, text: str) -> None:
        self._goes_on = self._goes_on and not self.is_marked(text)

    def end_chunk(self, size: int) -> None:
        """All of the chunk, so many bytes, was looked at."""
        if self._goes_on:
            self.size += size
