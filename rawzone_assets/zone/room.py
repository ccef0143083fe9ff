"""Room: the space that is kept free, so that a zone can always write its ledger and say what is wrong.

Deliveries are written only while the reserve stays untouched, and that is asked before each block: sizes tell
nothing (a sparse file is large and small), and others write to the same disk. Findings and commits may use the
reserve: they are small, and without them what was written would be lost work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rawzone_assets.zone.errors import DiskAlmostFull
from rawzone_assets.zone.files import Files

PLENTY = 8
"""Reserves that must stay free for what need not be written, and below which the doctor warns."""


@dataclass(frozen=True, kw_only=True)
class Room:
    """``reserve`` bytes stay free on the disk of each folder that is asked about."""

    files: Files
    reserve: int

    def require(self, folder: Path, size: int = 0) -> None:
        """See to it that ``size`` more bytes fit.

        Raises:
            DiskAlmostFull: They would use the reserve.
            OSError: The disk does not say how much is free.
        """
        free = self.files.free_bytes(folder)
        if free - size < self.reserve:
            raise DiskAlmostFull(folder, free, self.reserve)

    def watched(self, folder: Path, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """The blocks, each only when there is room for it. Writers at once may overrun by a block each."""
        for block in blocks:
            self.require(folder, len(block))
            yield block
