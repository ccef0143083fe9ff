"""File content: a delivery too large to hold, read where it lies as it came."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


@dataclass(frozen=True, kw_only=True)
class FileContent:
    """A file that nobody changes meanwhile, as judging and projecting see it."""

    path: Path
    size: int

    @property
    def is_in_memory(self) -> bool:
        return False

    def read(self) -> bytes:
        return self.path.read_bytes()

    def open(self) -> BinaryIO:
        return self.path.open("rb")
