"""Tokens: what decides which call of several processes is struck. ``strikes`` draws them, this lays them."""

from __future__ import annotations

import os
from pathlib import Path

from rawzone_assets_tests.zone.strikes import MARKED, TOKEN


class Tokens:
    """The pipe from which calls draw. ``nth`` is marked, and each ``every``-th after it if asked for."""

    def __init__(self, path: Path) -> None:
        self.path = path
        os.mkfifo(path)
        self._descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)

    def lay(self, nth: int, *, every: int = 0, times: int = 0) -> None:
        self.left()
        os.write(self._descriptor, TOKEN * (nth - 1) + MARKED + (TOKEN * (every - 1) + MARKED) * times)

    def left(self) -> bytes:
        """Those that nobody drew."""
        try:
            return os.read(self._descriptor, 2**16)
        except BlockingIOError:
            return b""

    def close(self) -> None:
        os.close(self._descriptor)
