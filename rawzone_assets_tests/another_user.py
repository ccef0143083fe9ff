"""Another user: tests that run as root do without its rights for a while."""

from __future__ import annotations

import codecs
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

NOBODY = 65534
IS_ROOT = os.geteuid() == 0

needs_root = pytest.mark.skipif(not IS_ROOT, reason="only root can do without its rights for a while")


@contextmanager
def as_nobody() -> Iterator[None]:
    """Have the rights of a user who owns nothing; without root's, which cannot change, those one has."""
    codecs.lookup("ascii")  # loaded when first needed, from where nobody may be allowed to read
    if IS_ROOT:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if IS_ROOT:
            os.seteuid(0)


def give_to_nobody(home: Path, *, but: str = "") -> None:
    """Make all below a folder that user's, except files of one name."""
    for folder, _, names in os.walk(home):
        for name in (".", *names):
            if name != but:
                os.chown(os.path.join(folder, name), NOBODY, NOBODY)
