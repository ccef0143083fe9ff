"""The Dagster instance of a zone, opened for runs in this process."""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
from alembic.util import CommandError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from rawzone_assets.orchestration.dagster_home import CONFIGURATION, InstanceUnusable, dagster_environment
from rawzone_assets.zone.local_files import LocalFiles, is_read_only, may_write
from rawzone_assets.zone.settings import Settings

_AGAIN = "then run the command again"
_LEAST_BYTES = 2**18  # with less, SQLite cannot begin the log of what it writes


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
            if is_read_only(database):
                raise InstanceUnusable(home, "its disk is read-only", f"mount it writable, {_AGAIN}")
            raise InstanceUnusable(home, f"this user may not write to {database}")


@contextmanager
def _readable_database(home: Path) -> Iterator[None]:
    try:
        yield
    except (SQLAlchemyError, CommandError) as error:
        raise _unusable(home, error) from error


def _unusable(home: Path, error: SQLAlchemyError | CommandError) -> InstanceUnusable:
    """Told by what SQLite says is wrong. It calls a full disk an I/O error where it cannot map its log."""
    cause = error.orig if isinstance(error, DBAPIError) else None
    code = cause.sqlite_errorcode & 0xFF if isinstance(cause, sqlite3.Error) and cause.sqlite_errorcode else 0
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return InstanceUnusable(
            home, "another process has locked its database", f"wait until that one is done, {_AGAIN}"
        )
    if code == sqlite3.SQLITE_FULL or (code == sqlite3.SQLITE_IOERR and _is_full(home)):
        return InstanceUnusable(home, "its disk is full", f"free space there, {_AGAIN}")
    problem = f"its database fails: {str(error).splitlines()[0]}"
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        afresh = (
            "set DAGSTER_HOME to a new folder and run 'rawzone reindex', which tells it what the ledger knows"
        )
        return InstanceUnusable(home, problem, afresh)
    if code == sqlite3.SQLITE_IOERR:
        return InstanceUnusable(home, problem, f"see to its disk, {_AGAIN}")
    return InstanceUnusable(home, problem)


def _is_full(home: Path) -> bool:
    try:
        return LocalFiles().free_bytes(home) < _LEAST_BYTES
    except OSError:
        return False


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
