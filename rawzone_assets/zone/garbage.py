"""Garbage: how often Python looks for objects that refer to each other and to which nobody does.

Deliveries, receipts and documents are many small objects without such cycles, and most are kept. To look
through all of them each time that some were added takes a tenth of the time.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager


def collect_seldom() -> None:
    """Look for cycles seldom, in this process, from now on."""
    gc.set_threshold(50_000, 20, 50)


_before: list[tuple[int, int, int]] = []
_lock = threading.Lock()


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for them seldom for a while: until the last of those is done who asked for it."""
    with _lock:
        _before.append(gc.get_threshold())
        collect_seldom()
    try:
        yield
    finally:
        with _lock:
            gc.set_threshold(*_before.pop())  # what the first of them found is taken last
