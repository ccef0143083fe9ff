"""Restoring from the archive: objects are copied back into raw, verified and recorded; their copies stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter

from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.custody import Whereabouts, form_of_record, object_place, restored_record
from rawzone_assets.zone.errors import KeyOccupied, StorageFailed
from rawzone_assets.zone.index_custody import Kept
from rawzone_assets.zone.portions import commits_of
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.releasing import verify_copy
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class NotRestored:
    """A file that stays in the archive, and why. A sentence without its end."""

    key: str
    reason: str


@dataclass(kw_only=True)
class Outcome:
    """What a restore came to."""

    restored: list[Kept] = field(default_factory=list)
    not_restored: list[NotRestored] = field(default_factory=list)


def restore_objects(
    zone: Zone, objects: Sequence[Kept], *, by: str, reason: str | None = None, run_id: str = "restore"
) -> Outcome:
    """Bring archived objects back into raw; what is there already is passed over.

    Raises:
        RootAway: The archive's disk is not there.
        ZoneError: The environment failed. What was restored until then is recorded.
    """
    outcome = Outcome()
    zone.recover()  # what an interrupted restore has recorded must last before it counts as done
    zone.index.catch_up()
    zone.refuse_when_away(upkeep.ARCHIVE)
    for group in commits_of(objects, attrgetter("stored_size")):
        _carry_out(zone, group, by=by, reason=reason, run_id=run_id, outcome=outcome)
    return outcome


def _carry_out(
    zone: Zone, group: Sequence[Kept], *, by: str, reason: str | None, run_id: str, outcome: Outcome
) -> None:
    """Restore some as one commit; if one of them cannot be placed, each by itself."""
    zone.refuse_when_full(sum(kept.stored_size for kept in group))
    try:
        _publish(zone, group, by=by, reason=reason, run_id=run_id, outcome=outcome)
    except KeyOccupied as error:
        if len(group) > 1:
            for kept in group:
                _carry_out(zone, [kept], by=by, reason=reason, run_id=run_id, outcome=outcome)
            return
        outcome.not_restored.append(NotRestored(key=group[0].key, reason=str(error).rstrip(".")))
    except OSError as error:
        raise StorageFailed("restore from the archive", error) from error


def _publish(
    zone: Zone, group: Sequence[Kept], *, by: str, reason: str | None, run_id: str, outcome: Outcome
) -> None:
    publisher = zone.publisher(run_id)
    ready: list[tuple[Kept, Record]] = []
    failed: list[NotRestored] = []
    with publisher.batch(reserve=zone.settings.reserve) as batch:
        for kept in group:
            try:
                _stage(zone, batch, kept)
            except codec.Damaged as problem:
                failed.append(NotRestored(key=kept.key, reason=str(problem)))
                continue
            owner = object_place(kept.feed, kept.partition, kept.key)
            form = form_of_record(kept.custody.record or {})
            ready.append((kept, restored_record(owner=owner, form=form, reason=reason, by=by)))

        def records() -> list[Record]:
            custody = zone.index.custody
            return [record for kept, record in ready if custody.of(kept.key).whereabouts is Whereabouts.ARCHIVE]

        commit, _ = publisher.move(batch, records)
    recorded = {record["key"] for record in commit.records} if commit else set()
    outcome.restored += [kept for kept, _ in ready if kept.key in recorded]
    outcome.not_restored += failed


def _stage(zone: Zone, batch: Batch, kept: Kept) -> None:
    """Copy an archived object to raw's disk, durable, and find the copy to be the recorded bytes.

    Raises:
        codec.Damaged: The archive's copy is missing or not what was recorded.
    """
    record = kept.custody.record or {}
    source = zone.layout.archived(kept.key)
    staged = batch.places.moved(f"{upkeep.RAW}/{kept.key}", record["stored_sha256"])
    room = Room(files=zone.files, reserve=zone.settings.reserve)
    try:
        with zone.files.open(source) as stream:
            zone.files.create(staged, room.watched(staged.parent, codec.blocks_of(stream)))
    except FileNotFoundError:
        raise codec.Damaged(f"{source} is missing: run 'rawzone repair'") from None
    zone.files.sync(staged)
    problem = verify_copy(zone.files, staged, record)
    if problem:
        zone.files.remove(staged)
        raise codec.Damaged(f"{source} does not verify ({problem}): run 'rawzone repair'")
