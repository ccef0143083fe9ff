"""The Dagster instance of a zone, opened for runs in this process."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from rawzone_assets.orchestration.dagster_home import CONFIGURATION, InstanceUnusable, dagster_environment
from rawzone_assets.zone.local_files import may_write
from rawzone_assets.zone.settings import Settings


@contextmanager
def open_instance(settings: Settings, *, own: bool = False) -> Iterator[dg.DagsterInstance]:
    """The instance, for runs in this process.

    Raises:
        ZoneError: Dagster's home, its configuration or its database cannot be used.
    """
    os.environ.update(dagster_environment(settings, own=own))
    home = Path(os.environ["DAGSTER_HOME"])
    _refuse_of_another_user(home)
    with _readable_database(home):
        try:
            with _nobody_else_opening(home):
                instance = dg.DagsterInstance.get()
        except (dg.DagsterInvalidConfigError, dg.DagsterInvariantViolationError) as error:
            problem = f"its {CONFIGURATION} is refused: {str(error).splitlines()[0]}"
            raise InstanceUnusable(home, problem) from error
        with instance:
            yield instance


def _refuse_of_another_user(home: Path) -> None:
    """See to it that SQLite leaves no files beside databases of a user whom these would lock out."""
    databases = [*home.glob("history/*.db"), *home.glob("history/runs/index.db"), *home.glob("schedules/*.db")]
    for database in databases:
        if not may_write(database):
            raise InstanceUnusable(home, f"this user may not write to {database}")


@contextmanager
def _readable_database(home: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, CommandError) as error:
        raise InstanceUnusable(home, f"its database fails: {str(error).splitlines()[0]}") from error


@contextmanager
def _nobody_else_opening(home: Path) -> Iterator[None]:
    """Open a home one process at a time.

    Whoever finds a home empty creates SQLite tables there. Two who do it at once fail, and may leave a database
    that nobody can open again ("more than one head present").
    """
    try:
        descriptor = os.open(home, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise InstanceUnusable(home, (error.strerror or str(error)).lower()) from error
    try:
        with suppress(OSError):  # a network's file system may not lock folders: then Dagster is on its own
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
