"""Dagster's home of a zone: DAGSTER_HOME where it is set, else a folder beside the zone's roots.

Imports no Dagster: to know where it is kept, or that it is not there, takes none.
"""

from __future__ import annotations

import os
import shutil
import uuid
from dataclasses import dataclass
from pathlib import Path

from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.local_files import FOLDER_MODE
from rawzone_assets.zone.settings import Settings

CONFIGURATION = "dagster.yaml"
_ENVIRONMENT = {
    # Else Dagster plans a range run with an event a partition, which takes longer than the run itself.
    "DAGSTER_EMIT_PARTITION_SUBSET_IN_PLANNED_EVENTS": "true",
}


class InstanceUnusable(ZoneError):
    """Dagster's own home cannot be used."""

    _CORRECT = "correct it, or unset DAGSTER_HOME to keep Dagster's database beside the zone"

    def __init__(self, home: Path, problem: str, remedy: str = _CORRECT) -> None:
        self.reason = f"Dagster cannot use {home} as its home: {problem}"
        super().__init__(f"Dagster cannot use {home} as its home ({problem}): {remedy}.")


def shared_file(name: str) -> Path:
    """A configuration file of ours: inside an installed wheel, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    packed = package / "_share" / name
    return packed if packed.is_file() else package.parent / name


def intended_home(settings: Settings) -> Path:
    """Where Dagster's home is, or would be.

    Raises:
        InstanceUnusable: It is stated below the home of a user who is not known here.
    """
    stated = os.environ.get("DAGSTER_HOME")
    try:
        return Path(stated).expanduser().absolute() if stated else settings.home / "dagster"
    except RuntimeError as error:
        raise InstanceUnusable(Path(stated or ""), "there is no user of that name") from error


def home_in_use(settings: Settings) -> Path | None:
    """Dagster's home if anything is in it.

    Raises:
        InstanceUnusable: This user may not look into it, or its configuration is no file.
    """
    home = intended_home(settings)
    try:
        _require_configuration(home)
        return home if home.is_dir() and any(home.iterdir()) else None
    except OSError as error:
        raise InstanceUnusable(home, (error.strerror or str(error)).lower()) from error


@dataclass(frozen=True, kw_only=True)
class DatabaseState:
    """What tells whether anybody has written to a SQLite database."""

    file: tuple[int, ...] | None  # device, inode, size and time
    log: tuple[int, ...] | None  # the same of what is written and not yet in the file

    @property
    def is_at_rest(self) -> bool:
        """Whether all that was written is in the file."""
        return self.file is not None and (self.log is None or self.log[2] == 0)


def state_of(database: Path) -> DatabaseState:
    """The present state of a database, whether it is there or not."""
    return DatabaseState(file=_identity(database), log=_identity(database.with_name(database.name + "-wal")))


def default_database(home: Path) -> Path | None:
    """Where Dagster keeps the events of assets; ``None`` when the home's configuration may say otherwise."""
    try:
        _require_configuration(home)
        configuration = (home / CONFIGURATION).read_bytes()
    except FileNotFoundError:
        configuration = b""
    except (OSError, InstanceUnusable):
        return None
    if b"storage" in configuration or b"instance" in configuration:
        return None
    return home / "history" / "runs" / "index.db"


def _require_configuration(home: Path) -> None:
    """See to it that what lies in the place of the configuration, if anything, can be read: no pipe can."""
    path = home / CONFIGURATION
    if path.exists() and not path.is_file():
        raise InstanceUnusable(home, f"its {CONFIGURATION} is no file")


def _identity(path: Path) -> tuple[int, ...] | None:
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_dev, there.st_ino, there.st_size, there.st_mtime_ns


def dagster_home(settings: Settings, *, own: bool = False) -> Path:
    """Dagster's home for this zone, created with our configuration when it is ours and not there yet.

    ``own`` passes over DAGSTER_HOME, so that a demonstration leaves no trace in a database in use.

    Raises:
        ZoneError: It cannot be created, or DAGSTER_HOME names no folder.
    """
    if os.environ.get("DAGSTER_HOME") and not own:
        home = intended_home(settings)
        if not home.is_dir():
            raise InstanceUnusable(home, "it is no folder")
        _require_configuration(home)
        return home
    home = settings.home / "dagster"
    try:
        home.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        if not (home / CONFIGURATION).exists():
            whole = home / f".{CONFIGURATION}.{uuid.uuid4().hex}"  # nobody may read half of it
            shutil.copyfile(shared_file(CONFIGURATION), whole)
            whole.replace(home / CONFIGURATION)
        _require_configuration(home)
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
