"""A desk for every test: see ``desk``."""

import os
import shutil
import tempfile
from pathlib import Path

import dagster as dg
import pytest

from rawzone_assets_tests.orchestration.desk import Desk


@pytest.fixture
def home():
    """A folder in memory where there is such a disk: SQLite commits a thousand times and need not wait."""
    memory = Path("/dev/shm")  # noqa: S108
    parent = memory if os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > 2**30 else None
    with tempfile.TemporaryDirectory(dir=parent, prefix="rawzone-test-") as folder:
        yield Path(folder).resolve()


@pytest.fixture
def desk(home):
    dagster_home = home / "dagster"
    dagster_home.mkdir()
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(dagster_home), overrides=quiet) as instance:
        yield Desk(home=home / "data", instance=instance)
