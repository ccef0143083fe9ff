"""File locks: one process at a time in a folder of derived files."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def locked(path: Path, *, mode: int = 0o644) -> Iterator[None]:
    """Hold the lock of a file, which is created when it is not there; waits for whoever holds it.

    Raises:
        OSError: The file cannot be opened or created, or its file system knows no locks.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, mode)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
