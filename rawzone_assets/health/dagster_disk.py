"""Checks of the folder that Dagster keeps its database in."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from rawzone_assets.health.checks import Check, failed, ok, warn
from rawzone_assets.health.space import space_check
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.local_files import LocalFiles, is_read_only

SPENT = "once it is full no run starts and no alert is sent"
"""What becomes of a zone whose Dagster cannot write its database."""


def examine_dagster_home(
    environment: Mapping[str, str], *, reserve: int, files: Files | None = None
) -> Iterator[Check]:
    """Whether Dagster will remember its runs, and has room for them."""
    home = dagster_home(environment)
    yield home
    folder = Path(environment.get("DAGSTER_HOME") or ".")
    if folder.is_absolute() and folder.is_dir():
        yield space_check("Dagster", folder, reserve, files or LocalFiles(), spent=SPENT)


def dagster_home(environment: Mapping[str, str]) -> Check:
    """Whether Dagster will remember its runs."""
    value = environment.get("DAGSTER_HOME")
    name = "DAGSTER_HOME"
    if not value:
        remedy = "set it to an absolute path of a folder before 'dagster dev', or its history is lost on exit"
        return warn(name, "is not set", remedy)
    folder = Path(value)
    if not folder.is_absolute():
        return failed(
            name, f"is {value}, a relative path", "set it to an absolute path: Dagster refuses others"
        )
    if not folder.is_dir():
        return failed(name, f"is {value}, which is no folder", f"create it: mkdir -p {value}")
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = "mount it writable" if is_read_only(folder) else "give this user write access"
        return failed(name, f"{value} cannot be written", remedy)
    return _configured(name, folder)


def _configured(name: str, folder: Path) -> Check:
    configuration = folder / "dagster.yaml"
    if configuration.is_file():
        return ok(name, str(folder))
    if configuration.exists():
        remedy = "move it away, and copy the project's dagster.yaml there"
        return failed(name, f"{configuration} is no file, and Dagster waits without end for a pipe", remedy)
    remedy = "copy the project's dagster.yaml there, or Dagster runs with its own defaults"
    return warn(name, f"{folder} holds no dagster.yaml", remedy)
