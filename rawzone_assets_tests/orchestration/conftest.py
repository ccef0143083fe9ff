"""A desk for every test: see ``desk``."""

import functools

import dagster as dg
import pytest
from alembic.script import ScriptDirectory

from rawzone_assets_tests.orchestration.desk import Desk
from rawzone_assets_tests.zone.conftest import folder_in_memory


@pytest.fixture(autouse=True, scope="session")
def _migrations_are_read_once():
    """Dagster keeps a SQLite file a run, and reads its ninety scripts of migrations twice for each of them.

    The files are made and stamped as ever; reading the scripts again is a fifth of what a run costs.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ScriptDirectory, "from_config", functools.cache(ScriptDirectory.from_config))
        yield


@pytest.fixture
def home():
    """SQLite commits a thousand times, and need not wait for a real disk."""
    with folder_in_memory() as folder:
        yield folder


@pytest.fixture
def desk(home):
    dagster_home = home / "dagster"
    dagster_home.mkdir()
    quiet = {"telemetry": {"enabled": False}}
    with dg.DagsterInstance.local_temp(str(dagster_home), overrides=quiet) as instance:
        yield Desk(home=home / "data", instance=instance)
