"""Restoring: found bytes are staged, checked there, and put in the place of damaged ones, as one commit.

Only bytes that hash to what is recorded are put anywhere, a sound file is never replaced, and what lay in the
place is kept as evidence. What is to be restored, and from where, is ``repair``'s question.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from typing import Any

from rawzone_assets.health.damage import Damage
from rawzone_assets.health.evidence import facts_of
from rawzone_assets.health.items import Item
from rawzone_assets.health.rereading import check_item
from rawzone_assets.health.sources import Found
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.compression import Compression, Compressor, compressors
from rawzone_assets.zone.errors import KeyOccupied, RootAway, StorageFailed
from rawzone_assets.zone.landing import HELD_IN_MEMORY, ChangedWhileRead, Unreadable
from rawzone_assets.zone.portions import commits_of
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.replacing import holds
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Repaired:
    """A file that was, or would be, put back."""

    damage: Damage
    source: str  # its kind and path
    evidence: str | None = None  # where the damaged bytes are kept
    is_new_form: bool = False  # the same delivery, compressed differently than before


@dataclass(frozen=True, kw_only=True)
class Unrepaired:
    """A file that could not be put back, and why."""

    damage: Damage
    reason: str


@dataclass(kw_only=True)
class Outcome:
    """What a repair came to. What needed none any more when its turn came is in neither list."""

    repaired: list[Repaired] = field(default_factory=list)
    unrepaired: list[Unrepaired] = field(default_factory=list)
    recorded_late: int = 0  # repairs that an interrupted run had made and not recorded
    absent: tuple[RootAway, ...] = ()  # roots that are empty, and were left so


@dataclass(frozen=True, kw_only=True)
class Job:
    """One damaged file and what it will be put back from."""

    item: Item
    damage: Damage
    found: Found


def restore(zone: Zone, jobs: Sequence[Job], *, run_id: str, outcome: Outcome) -> None:
    """Put the files back, some at a time; what became of each goes into ``outcome``.

    Raises:
        ZoneError: The environment failed. What was repaired until then is recorded.
    """
    for some in commits_of(jobs, attrgetter("item.stored_size")):
        _carry_out(zone, some, run_id=run_id, outcome=outcome)


def told(job: Job, *, evidence: str | None = None, is_new_form: bool = False) -> Repaired:
    """What is said of a job that was, or would be, done."""
    source = f"{job.found.source.kind} {job.found.source.path}"
    return Repaired(damage=job.damage, source=source, evidence=evidence, is_new_form=is_new_form)


def _carry_out(zone: Zone, jobs: Sequence[Job], *, run_id: str, outcome: Outcome) -> None:
    """Repair some files as one commit; if one of them cannot be placed, each by itself."""
    hot = [job.item.stored_size for job in jobs if not job.item.is_archive_copy]
    if hot:
        zone.refuse_when_full(sum(hot))
    try:
        done, failed = _publish(zone, jobs, run_id=run_id)
    except (StorageFailed, KeyOccupied) as error:
        if len(jobs) > 1:
            for job in jobs:
                _carry_out(zone, [job], run_id=run_id, outcome=outcome)
            return
        done, failed = [], [Unrepaired(damage=jobs[0].damage, reason=str(error))]
    outcome.repaired += done
    outcome.unrepaired += failed


def _publish(zone: Zone, jobs: Sequence[Job], *, run_id: str) -> tuple[list[Repaired], list[Unrepaired]]:
    publisher = zone.publisher(run_id)
    failed: list[Unrepaired] = []
    staged: list[tuple[Job, dict[str, Any]]] = []
    with publisher.batch() as batch:
        for job in jobs:
            try:
                staged.append((job, _staged(zone, batch, job)))
            except (codec.Damaged, ChangedWhileRead, Unreadable, FileNotFoundError):
                reason = f"{job.found.source.path} changed while it was read: run the command again"
                failed.append(Unrepaired(damage=job.damage, reason=reason))

        def records() -> list[Record]:
            due = [(job, record) for job, record in staged if _is_due(zone, job, record)]
            return [{**record, **facts_of(zone.files, job.item.path)} for job, record in due]

        commit = publisher.repair(batch, records)
    places = {record["place"]: record for record in commit.records} if commit else {}
    done = [
        told(job, evidence=record["evidence"], is_new_form=_is_new_form(job.item, record))
        for job, record in staged
        if record["place"] in places
    ]
    return done, failed


def _staged(zone: Zone, batch: Batch, job: Job) -> dict[str, Any]:
    """Write the bytes to staging, durable, check them there, and return the record that places them.

    Raises:
        codec.Damaged: They are not those recorded: the source changed.
        DiskAlmostFull: They would use the reserve of the disk that they belong on.
    """
    item, found = job.item, job.found
    compress = _compressor(job, usual=zone.settings.compression)
    stored_sha256 = item.stored_sha256
    if compress:
        stored_sha256 = codec.digest_of(compress(found.original(item.size)))
    if item.is_archive_copy:
        batch.open_archive()
    path = batch.places.repair(item.place, stored_sha256)
    blocks = compress(found.original(item.size)) if compress else found.source.blocks()
    # Asked of the disk that is written to, which may be the archive's: commits alone may use the reserve.
    room = Room(files=zone.files, reserve=zone.settings.reserve)
    zone.files.create(path, room.watched(path.parent, blocks))
    zone.files.sync(path)
    status = zone.files.status(path)
    size = status.st_size if status else item.stored_size
    with zone.files.open(path) as stream:
        codec.check_stored(
            codec.blocks_of(stream),
            encoding=item.encoding,
            size=item.size,
            sha256=item.sha256,
            stored_size=size,
            stored_sha256=stored_sha256,
        )
    is_there = zone.files.status(item.path) is not None
    return upkeep.repaired_record(
        place=item.place,
        owner={"feed": item.feed, "partition": item.partition, "key": item.key},
        original={"sha256": item.sha256, "size": item.size},
        stored={"stored_sha256": stored_sha256, "stored_size": size, "encoding": item.encoding},
        problem=job.damage.problem,
        source={"kind": found.source.kind, "path": found.source.path},
        evidence=upkeep.evidence_place(batch.name, item.place) if is_there else None,
    )


def _compressor(job: Job, *, usual: Compression) -> Compressor | None:
    """How the original becomes the stored form: as it was made, else as it would be made today."""
    item, found = job.item, job.found
    if found.encoding is None:
        return None
    ways = compressors(item.encoding, is_small=item.size <= HELD_IN_MEMORY, usual=usual)
    for compress in ways:
        if codec.digest_of(compress(found.original(item.size))) == item.stored_sha256:
            return compress
    return ways[0]


def _is_due(zone: Zone, job: Job, record: Record) -> bool:
    """Whether the place is still damaged, also compared with the form that this would put there."""
    if zone.index.custody.erased_among([job.item.sha256]):
        return False  # by law, since it was planned: a repair of years takes hours
    is_damaged = check_item(zone.files, job.item) is not None
    return is_damaged and not holds(zone.files, job.item.path, record["stored_sha256"], record["stored_size"])


def _is_new_form(item: Item, record: Record) -> bool:
    return bool(record["stored_sha256"] != item.stored_sha256)
