"""Garbage: how often Python looks for objects that refer to each other and to which nobody does.

Deliveries, receipts and documents are many small objects without such cycles, and most are kept. To look
through all of them each time that some were added takes a tenth of the time.
"""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


def collect_seldom() -> None:
    """Look for cycles seldom, in this process, from now on."""
    gc.set_threshold(50_000, 20, 50)


@contextmanager
def collected_seldom() -> Iterator[None]:
    """Look for them seldom for a while."""
    usual = gc.get_threshold()
    collect_seldom()
    try:
        yield
    finally:
        gc.set_threshold(*usual)
