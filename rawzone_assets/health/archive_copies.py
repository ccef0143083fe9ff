"""Archive copies: one object on the archive's disk, durable, and read back from there.

Whether it may be archived is ``archiving``'s to ask. Nothing is recorded here, and no hot copy is touched.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from rawzone_assets.health.archive_plan import Planned
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.custody import form_of, form_of_record
from rawzone_assets.zone.errors import ArchiveDiffers
from rawzone_assets.zone.releasing import verify_copy
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone


class ArchiveCopy(NamedTuple):
    """A copy that was found to hold the recorded bytes."""

    form: dict[str, object]  # its digests and sizes, as a record of custody repeats them
    is_staged: bool  # else it lay in its place already


def archive_copy(zone: Zone, batch: Batch, planned: Planned) -> ArchiveCopy:
    """Copy one object to the archive's disk, or find the copy that lies there.

    Raises:
        codec.Damaged: What lies in raw, or the copy of it, is not what the ledger records.
        ArchiveDiffers: The archive holds other bytes in its place.
    """
    files, layout = zone.files, zone.layout
    hot, copy = layout.object(planned.key), layout.archived(planned.key)
    if files.status(copy) is not None:
        form = _form_there(zone, planned)
        problem = verify_copy(files, copy, form)
        if problem:
            raise ArchiveDiffers(hot, copy, problem)
        _make_durable(zone, copy)
        return ArchiveCopy(form, is_staged=False)
    form = form_of(planned)
    staged = batch.places.moved(f"{upkeep.ARCHIVE}/{planned.key}", planned.stored_sha256)
    # Of raw no room is asked: what moves frees some there, and commits may use the reserve.
    room = Room(files=files, reserve=zone.settings.reserve)
    try:
        with files.open(hot) as stream:
            files.create(staged, room.watched(staged.parent, codec.blocks_of(stream)))
    except FileNotFoundError:
        raise codec.Damaged(f"{hot} is missing: 'rawzone repair' says whether it can be put back") from None
    files.sync(staged)
    problem = verify_copy(files, staged, form)
    if problem:
        files.remove(staged)
        sound = verify_copy(files, hot, form) is None
        what = f"the copy of {hot} in the archive" if sound else str(hot)
        raise codec.Damaged(f"{what} does not verify ({problem}): run 'rawzone verify' and 'rawzone repair'")
    return ArchiveCopy(form, is_staged=True)


def _form_there(zone: Zone, planned: Planned) -> dict[str, object]:
    """How the archive's copy is stored: as was recorded when it came there, if it did; else as in raw."""
    kept = zone.index.custody.of(planned.key)
    known = kept.record if kept.has_archive_copy else None
    return form_of_record(known) if known else form_of(planned)


def _make_durable(zone: Zone, path: Path) -> None:
    """Sync what was found in the archive, with every folder that leads there: nobody else answers for it."""
    zone.files.sync(path)
    folders = [folder for folder in path.parents if folder.is_relative_to(zone.layout.archive)]
    for folder in sorted(folders):
        zone.files.sync_folder(folder)
