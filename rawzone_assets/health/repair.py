"""Repair: put back what is damaged or missing, from wherever the very same bytes still lie.

First the ledger, for it says what everything else must be, then objects, quarantined copies and findings.
Only bytes that hash to what is recorded are put anywhere, a sound file is never replaced, and what lay in the
place is kept as evidence. Each repair is a ``repaired`` record. Repairing a sound zone changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rawzone_assets.health import ledger_repair
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.recorded import Item
from rawzone_assets.health.scrub import ScrubReport, check_item, reading_the_zone, scrub
from rawzone_assets.health.sources import Found, Source, Sources, way_is_free
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.drafts import findings_document
from rawzone_assets.zone.errors import KeyOccupied, StorageFailed
from rawzone_assets.zone.landing import HELD_IN_MEMORY, ChangedWhileRead, Unreadable
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.replacing import holds
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone

_MOST_FILES = 64  # in one commit
_MOST_BYTES = 64 * 2**20


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
    """What a repair came to. What was found sound again on the way is in neither list."""

    repaired: list[Repaired] = field(default_factory=list)
    unrepaired: list[Unrepaired] = field(default_factory=list)
    recorded_late: int = 0  # repairs that an interrupted run had made and not recorded


@dataclass(frozen=True, kw_only=True)
class _Job:
    """One damaged file and what it will be put back from."""

    item: Item
    damage: Damage
    found: Found


def repair(
    zone: Zone,
    *,
    run_id: str,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    others: Sequence[Path] = (),
    witnessed: Mapping[int, str] | None = None,
    dry_run: bool = False,
) -> Outcome:
    """Find what is damaged and put it back. ``feeds`` and partitions narrow the files, never the ledger.

    ``others`` are folders of other zones or copies of this one; ``witnessed`` has hashes of commits that
    somebody else saw, which is the only proof of commits missing at the end.

    Raises:
        ZoneError: The environment failed. What was repaired until then is recorded.
    """
    with reading_the_zone():
        return _repair(
            zone,
            run_id=run_id,
            chosen={"feeds": feeds, "since": since, "until": until},
            others=others,
            witnessed=witnessed or {},
            dry_run=dry_run,
        )


def _repair(
    zone: Zone,
    *,
    run_id: str,
    chosen: dict[str, Any],
    others: Sequence[Path],
    witnessed: Mapping[int, str],
    dry_run: bool,
) -> Outcome:
    outcome = Outcome()
    report = scrub(zone, **chosen)
    sources = _sources(zone, report, others)
    commits = ledger_repair.plan(zone, report.recorded, sources, witnessed)
    restored: list[ledger_repair.Restored] = []
    if commits.restorable and not dry_run:
        restored = ledger_repair.carry_out(zone, commits, run_id=run_id)
        report = scrub(zone, **chosen)
        sources = _sources(zone, report, others)
    outcome.repaired += [
        Repaired(damage=found.damage, source=f"{found.source.kind} {found.source.path}", evidence=kept)
        for found, kept in _told(commits, restored, dry_run=dry_run)
    ]
    outcome.unrepaired += [Unrepaired(damage=damage, reason=reason) for damage, reason in commits.unrestorable]
    if commits.unrestorable and not dry_run:
        outcome.unrepaired += [
            Unrepaired(damage=damage, reason="nothing can be recorded before the ledger is whole")
            for damage in report.damages
            if _is_repairable(damage)
        ]
        return outcome
    if not dry_run:
        zone.recover()
        outcome.recorded_late = _record_done(zone, restored, run_id=run_id)
    jobs = _plan(zone, report, sources, outcome)
    if dry_run:
        outcome.repaired += [_told_job(job) for job in jobs]
        return outcome
    for some in _groups(jobs):
        _carry_out(zone, some, run_id=run_id, outcome=outcome)
    return outcome


def _sources(zone: Zone, report: ScrubReport, others: Sequence[Path]) -> Sources:
    renamed = [Path(damage.path) for damage in report.damages if damage.kind is DamageKind.RENAMED]
    return Sources(zone, report.recorded, renamed=renamed, others=others)


def _is_repairable(damage: Damage) -> bool:
    return damage.kind in (DamageKind.DAMAGED, DamageKind.MISSING)


def _told(
    commits: ledger_repair.Plan, restored: Sequence[ledger_repair.Restored], *, dry_run: bool
) -> Iterator[tuple[ledger_repair.Restorable, str | None]]:
    if dry_run:
        yield from ((found, None) for found in commits.restorable)
    else:
        yield from ((done.restorable, done.evidence) for done in restored)


# --- objects, quarantined copies and findings ------------------------------------------------------


def _plan(zone: Zone, report: ScrubReport, sources: Sources, outcome: Outcome) -> list[_Job]:
    """What can be put back from where; what cannot goes into ``outcome``."""
    by_path = {str(item.path): item for item in report.recorded.items.values()}
    jobs: list[_Job] = []
    for damage in report.damages:
        item = by_path.get(damage.path)
        if not _is_repairable(damage) or item is None:
            continue
        if not way_is_free(zone, item.path):
            reason = "a link lies in the place of a folder above it: move that away"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
            continue
        found = _from_receipt(zone, item) if item.is_document else sources.find(item)
        if found:
            jobs.append(_Job(item=item, damage=damage, found=found))
        else:
            reason = "no source holds these bytes: give a copy of the zone with --from"
            outcome.unrepaired.append(Unrepaired(damage=damage, reason=reason))
    return jobs


def _from_receipt(zone: Zone, item: Item) -> Found | None:
    """Findings follow from the receipt, so the ledger is their source."""
    commit = zone.ledger.commit(item.seq)
    for record in commit.records if commit else ():
        places = record.get("quarantine")
        if places and f"{upkeep.QUARANTINE}/{places['findings']}" == item.place:
            document = findings_document(record)
            path = str(zone.layout.commit(item.seq))
            source = Source(kind="ledger", path=path, blocks=partial(iter, [document]))
            return Found(source=source, encoding=None)
    return None


def _groups(jobs: Sequence[_Job]) -> Iterator[list[_Job]]:
    group: list[_Job] = []
    for job in jobs:
        size = sum(other.item.stored_size for other in group) + job.item.stored_size
        if group and (len(group) >= _MOST_FILES or size > _MOST_BYTES):
            yield group
            group = []
        group.append(job)
    if group:
        yield group


def _carry_out(zone: Zone, jobs: Sequence[_Job], *, run_id: str, outcome: Outcome) -> None:
    """Repair some files as one commit; if one of them cannot be placed, each by itself."""
    zone.refuse_when_full(sum(job.item.stored_size for job in jobs))
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


def _publish(zone: Zone, jobs: Sequence[_Job], *, run_id: str) -> tuple[list[Repaired], list[Unrepaired]]:
    publisher = zone.publisher(run_id)
    failed: list[Unrepaired] = []
    staged: list[tuple[_Job, dict[str, Any]]] = []
    with publisher.batch() as batch:
        for job in jobs:
            try:
                staged.append((job, _staged(zone, batch, job)))
            except (codec.Damaged, ChangedWhileRead, Unreadable, FileNotFoundError):
                reason = f"{job.found.source.path} changed while it was read: run the command again"
                failed.append(Unrepaired(damage=job.damage, reason=reason))

        def records() -> list[Record]:
            return [record for job, record in staged if _is_due(zone, job, record)]

        commit = publisher.repair(batch, records)
    places = {record["place"]: record for record in commit.records} if commit else {}
    done = [
        _told_job(job, evidence=record["evidence"], is_new_form=_is_new_form(job.item, record))
        for job, record in staged
        if record["place"] in places
    ]
    return done, failed


def _staged(zone: Zone, batch: Batch, job: _Job) -> dict[str, Any]:
    """Write the bytes to staging, durable, check them there, and return the record that places them.

    Raises:
        codec.Damaged: They are not those recorded: the source changed.
    """
    item, found = job.item, job.found
    compress = _compressor(job)
    stored_sha256 = item.stored_sha256
    if compress:
        stored_sha256 = codec.digest_of(compress(found.original(item.size)))
    path = batch.repair_path(item.place, stored_sha256)
    zone.files.create(path, compress(found.original(item.size)) if compress else found.source.blocks())
    zone.files.sync(path)
    status = zone.files.status(path)
    size = status.st_size if status else item.stored_size
    try:
        with zone.files.open(path) as stream:
            codec.check_stored(
                codec.blocks_of(stream),
                encoding=item.encoding,
                size=item.size,
                sha256=item.sha256,
                stored_size=size,
                stored_sha256=stored_sha256,
            )
    except codec.Damaged:
        zone.files.remove(path)
        raise
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


def _compressor(job: _Job) -> codec.Compressor | None:
    """How the original becomes the stored form: as it was made, else as it would be made today."""
    item, found = job.item, job.found
    if found.encoding is None:
        return None
    ways = codec.compressors(item.encoding, is_small=item.size <= HELD_IN_MEMORY)
    for compress in ways:
        if codec.digest_of(compress(found.original(item.size))) == item.stored_sha256:
            return compress
    return ways[0]


def _is_due(zone: Zone, job: _Job, record: Record) -> bool:
    """Whether the place is still damaged, also compared with the form that this would put there."""
    is_damaged = check_item(zone.files, job.item) is not None
    return is_damaged and not holds(zone.files, job.item.path, record["stored_sha256"])


def _is_new_form(item: Item, record: Record) -> bool:
    return bool(record["stored_sha256"] != item.stored_sha256)


def _told_job(job: _Job, *, evidence: str | None = None, is_new_form: bool = False) -> Repaired:
    source = f"{job.found.source.kind} {job.found.source.path}"
    return Repaired(damage=job.damage, source=source, evidence=evidence, is_new_form=is_new_form)


# --- what was repaired and not recorded ----------------------------------------------------------


def _record_done(zone: Zone, restored: Sequence[ledger_repair.Restored], *, run_id: str) -> int:
    """Record restored commits, and repairs whose run was cut off before it could; how many of the latter."""
    late: list[dict[str, Any]] = []

    def records() -> list[Record]:
        nonlocal late
        known = {done.evidence for done in restored}
        late = [record for record in ledger_repair.unrecorded(zone) if record["evidence"] not in known]
        return [*(done.record for done in restored), *late]

    zone.publisher(run_id).record(records)
    return len(late)
