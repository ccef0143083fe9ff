"""A home for a zone on a fast disk, and the landing folder in it."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import pytest

from rawzone_assets_tests.zone.tiny_platform import LandingFolder


@contextlib.contextmanager
def folder_in_memory():
    """A folder in memory where there is such a disk: thousands of promotions need not wait for a real one."""
    memory = Path("/dev/shm")  # noqa: S108
    parent = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30 else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="rawzone-test-") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def home():
    with folder_in_memory() as folder:
        (folder / "landing").mkdir()
        yield folder


@pytest.fixture
def landing(home):
    return LandingFolder(home)
