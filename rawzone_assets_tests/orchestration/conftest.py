"""A desk for every test: see ``desk``."""

import functools
import shutil

import dagster as dg
import pytest
from alembic.script import ScriptDirectory
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

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


@pytest.fixture(autouse=True, scope="session")
def _engines_are_kept():
    """Dagster makes an SQLAlchemy engine for each connection, which compiles every statement again.

    Connections are opened and closed as ever: the engines have no pool.
    """
    with pytest.MonkeyPatch.context() as patch:
        for storage in (sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage):
            kept = {}

            def engine(url, *, kept=kept, made=storage.create_engine, **options):
                return kept.get(url) or kept.setdefault(url, made(url, **options))

            patch.setattr(storage, "create_engine", engine)
        yield


@pytest.fixture
def home():
    """SQLite commits a thousand times, and need not wait for a real disk."""
    with folder_in_memory() as folder:
        yield folder


def opened(dagster_home):
    return dg.DagsterInstance.local_temp(str(dagster_home), overrides={"telemetry": {"enabled": False}})


@pytest.fixture(scope="session")
def new_dagster_home():
    """What Dagster makes of an empty folder when it is opened, which is the same for every desk."""
    with folder_in_memory() as folder:
        with opened(folder):
            pass
        yield folder


@pytest.fixture
def desk(home, new_dagster_home):
    shutil.copytree(new_dagster_home, home / "dagster")
    with opened(home / "dagster") as instance:
        yield Desk(home=home / "data", instance=instance)
