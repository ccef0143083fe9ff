"""Content held in memory, as most deliveries are judged. Content of files and stores is zone's."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from rawzone_assets.contract.feed import Content

SMALL = 2**20
"""Bytes of a delivery that is looked at as a whole: as much as `marks.ascii_text` remembers."""

_PIECE = 2**17  # bytes: stays in the processor's cache, and memory for it need not be asked of the kernel again


@dataclass(frozen=True)
class BytesContent:
    """A delivery that is wholly in memory."""

    data: bytes

    @property
    def size(self) -> int:
        return len(self.data)

    @property
    def is_in_memory(self) -> bool:
        return True

    def read(self) -> bytes:
        return self.data

    def open(self) -> BinaryIO:
        return io.BytesIO(self.data)


def pieces(content: Content, size: int | None = None) -> Iterator[bytes]:
    """All bytes in order, in pieces of at most that size.

    When none is given, a small delivery is one piece, the same that ``read`` gives: what is learned of it once
    is known by whoever asks again.
    """
    if size is None and content.size <= SMALL:
        yield content.read()
        return
    with content.open() as stream:
        while piece := stream.read(size or _PIECE):
            yield piece
