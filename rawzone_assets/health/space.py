"""The doctor's line on the room of any disk that is written to, the zone's or Dagster's."""

from __future__ import annotations

from pathlib import Path

from rawzone_assets.contract.wording import room_of
from rawzone_assets.health.checks import Check, failed, ok, warn
from rawzone_assets.zone.files import Files, nearest_folder
from rawzone_assets.zone.room import PLENTY


def space_check(name: str, root: Path, reserve: int, files: Files, *, spent: str) -> Check:
    """How much room a root has; ``spent`` says what it means that there is none left."""
    title = f"space for {name}"
    free = files.free_bytes(nearest_folder(root))
    seen = room_of(free, reserve)
    if free < reserve:
        return failed(title, seen, f"free space, or lower RAWZONE_RESERVE: {spent}")
    if free < PLENTY * reserve:
        return warn(title, seen, "free space soon")
    return ok(title, seen)
