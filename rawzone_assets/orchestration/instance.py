"""The Dagster instance of a zone: DAGSTER_HOME where it is set, else a folder beside the zone's roots."""

from __future__ import annotations

import fcntl
import os
import shutil
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import dagster as dg
from alembic.util import CommandError
from sqlalchemy.exc import SQLAlchemyError

from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.settings import Settings

_CONFIGURATION = "dagster.yaml"
_ENVIRONMENT = {
    # Else Dagster plans a range run with an event a partition, which takes longer than the run itself.
    "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
}


class InstanceUnusable(ZoneError):
    """Dagster's own home cannot be used."""

    def __init__(self, home: Path, problem: str) -> None:
        self.reason = f"Dagster cannot use {home} as its home: {problem}"
        super().__init__(
            f"Dagster cannot use {home} as its home ({problem}): correct it, or unset DAGSTER_HOME to keep "
            "Dagster's database beside the zone."
        )


def shared_file(name: str) -> Path:
    """A configuration file of ours: inside an installed wheel, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "_share" / name
    return packed if packed.is_file() else package.parent / name


def dagster_home(settings: Settings, *, own: bool = False) -> Path:
    """Dagster's home for this zone, created with our configuration when it is ours and not there yet.

    ``own`` passes over DAGSTER_HOME, so that a demonstration leaves no trace in a database in use.

    Raises:
        ZoneError: It cannot be created, or DAGSTER_HOME names no folder.
    """
    stated = os.environ.get("DAGSTER_HOME")
    if stated and not own:
        home = Path(stated).expanduser().absolute()
        if not home.is_dir():
            raise InstanceUnusable(home, "it is no folder")
        return home
    home = settings.home / "dagster"
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / _CONFIGURATION).exists():
            whole = home / f".{_CONFIGURATION}.{uuid.uuid4().hex}"  # nobody may read half of it
            shutil.copyfile(shared_file(_CONFIGURATION), whole)
            whole.replace(home / _CONFIGURATION)
    except OSError as error:
        raise StorageFailed("create Dagster's home", error) from error
    return home


def dagster_environment(settings: Settings, *, own: bool = False) -> dict[str, str]:
    """What Dagster's processes for this zone need in their environment.

    Raises:
        ZoneError: Dagster's home cannot be used.
    """
    layout = settings.layout
    return {
        **_ENVIRONMENT,
        "DAGSTER_HOME": str(dagster_home(settings, own=own)),
        "RAWZONE_HOME": str(settings.home),
        "RAWZONE_LANDING": str(layout.landing),
        "RAWZONE_RAW": str(layout.raw),
        "RAWZONE_QUARANTINE": str(layout.quarantine),
        "RAWZONE_ARCHIVE": str(layout.archive),
    }


@contextmanager
def open_instance(settings: Settings, *, own: bool = False) -> Iterator[dg.DagsterInstance]:
    """The instance, for runs in this process.

    Raises:
        ZoneError: Dagster's home, its configuration or its database cannot be used.
    """
    os.environ.update(dagster_environment(settings, own=own))
    home = Path(os.environ["DAGSTER_HOME"])
    with _readable_database(home):
        try:
            with _nobody_else_opening(home):
                instance = dg.DagsterInstance.get()
        except (dg.DagsterInvalidConfigError, dg.DagsterInvariantViolationError) as error:
            problem = f"its {_CONFIGURATION} is refused: {str(error).splitlines()[0]}"
            raise InstanceUnusable(home, problem) from error
        with instance:
            yield instance


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
