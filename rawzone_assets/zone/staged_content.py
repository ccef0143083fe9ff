"""Staged content: a delivery too large to hold, read back from its compressed form in staging."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO, cast

from rawzone_assets.zone.files import Files


@dataclass(frozen=True, kw_only=True)
class StagedContent:
    """A delivery that lies compressed in staging, as judging sees it."""

    files: Files
    path: Path
    encoding: str
    size: int

    @property
    def is_in_memory(self) -> bool:
        return False

    def read(self) -> bytes:
        with self.open() as stream:
            return stream.read()

    def open(self) -> IO[bytes]:
        stream = self.files.open(self.path)
        return stream if self.encoding == "identity" else cast("IO[bytes]", _OwningGzip(stream))


class _OwningGzip(gzip.GzipFile):
    """``GzipFile`` leaves the file it was given open; this one owns it."""

    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(fileobj=stream, mode="rb")
        self._stream = stream

    def close(self) -> None:
        super().close()
        self._stream.close()
