"""Repair of the ledger's own files, from copies that the chain proves to be the lost ones.

A commit is proven by its successor, which names its hash, or by a witness that saw it. So the plan goes from
the end backwards. Nothing can be recorded while the ledger is broken: it is recorded once it is whole, and if
that is cut off, the evidence left behind tells the next run.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.evidence import facts_of
from rawzone_assets.health.recorded import Recorded, read_recorded
from rawzone_assets.health.rereading import check_item
from rawzone_assets.health.sources import Source, Sources
from rawzone_assets.health.tree import read_tree
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.files import is_folder
from rawzone_assets.zone.layout import LEDGER_FOLDER, ledger_name
from rawzone_assets.zone.ledger import DamagedCommit, bytes_at, decode_commit
from rawzone_assets.zone.placements import Placement
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.replacing import holds, set_aside
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone

_REPLACED = (
    "a witness saw it, but the commit after it, which none saw, follows another one: put a whole copy of the "
    "ledger into its place"
)


@dataclass(frozen=True, kw_only=True)
class Restorable:
    """A commit whose file is lost and the whole copy that was found of it."""

    seq: int
    sha256: str
    data: bytes
    source: Source
    damage: Damage


@dataclass(frozen=True, kw_only=True)
class Restored:
    """A commit that was put back, and the record that says so."""

    restorable: Restorable
    evidence: str | None
    record: Record


@dataclass(kw_only=True)
class Plan:
    """Which commits can be put back, oldest first, and which cannot, with the reason."""

    restorable: list[Restorable] = field(default_factory=list)
    unrestorable: list[tuple[Damage, str]] = field(default_factory=list)


def plan(zone: Zone, recorded: Recorded, sources: Sources, witnessed: Mapping[int, str]) -> Plan:
    """Look for a proven copy of every commit that is damaged, missing, or not the one its successor follows."""
    made = Plan()
    expected: str | None = None
    last = max([len(recorded.hashes) - 1, *witnessed])
    told = {damage.path: damage for damage in recorded.damages}
    for seq in range(last, -1, -1):
        followed, expected = expected, witnessed.get(seq, expected)
        actual = recorded.hashes[seq] if seq < len(recorded.hashes) else None
        if actual is not None and expected in (None, actual):
            expected = _previous(zone, seq)
            continue
        path = zone.layout.commit(seq)
        problem = "it is not the commit that its successor or a witness names" if actual else "it is lost"
        damage = Damage(kind=DamageKind.LEDGER, path=str(path), problem=problem)
        if actual is None:
            damage = told.get(damage.path, damage)
        found = _copy(sources, seq, expected) if expected else None
        # Under a successor that follows another one nobody could read what was put back.
        is_replaced = followed not in (None, expected)
        # A folder is the one thing that cannot be kept as evidence.
        if found is None or is_replaced or is_folder(zone.files, path):
            reason = _REPLACED if is_replaced else _reason(zone, path, is_proven=expected is not None)
            made.unrestorable.append((damage, reason))
            expected = _previous(zone, seq) if actual else None
            continue
        source, data = found
        made.restorable.append(
            Restorable(seq=seq, sha256=expected or "", data=data, source=source, damage=damage)
        )
        expected = decode_commit(data).prev
    made.restorable.reverse()
    if made.restorable and made.restorable[-1].seq == last:
        _refuse_half_of_a_copy(zone, sources, made)
    return made


def _reason(zone: Zone, path: Path, *, is_proven: bool) -> str:
    """Why a commit cannot be put back."""
    if is_folder(zone.files, path):
        first = "move that folder away"
        return f"{first}, and give a copy of the zone with --from" if is_proven else first
    if is_proven:
        return "no copy of it was found: give a copy of the zone with --from"
    return "neither a later commit nor a witness proves which copy of it is right"


def _refuse_half_of_a_copy(zone: Zone, sources: Sources, made: Plan) -> None:
    """Where the ledger's end is lost and a copy goes on after what is proven, no new commit may follow that.

    It would stand where the copy's next one belongs, and what that says could never be put back.
    """
    newest = made.restorable[-1]
    name = ledger_name(newest.seq + 1)
    for source in sources.commits(name):
        try:
            if decode_commit(b"".join(source.blocks())).prev != newest.sha256:
                continue
        except (OSError, DamagedCommit):
            continue
        damage = Damage(
            kind=DamageKind.LEDGER, path=str(zone.layout.commit(newest.seq + 1)), problem="it may be lost"
        )
        reason = (
            f"{source.path} follows the newest commit that is proven: copy that ledger into its place, or give "
            "a copy that ends there"
        )
        made.restorable.clear()
        made.unrestorable.append((damage, reason))
        return


def _previous(zone: Zone, seq: int) -> str | None:
    """The hash that a commit, whose file is whole, gives of the one before it."""
    data = zone.ledger.bytes_of(seq)
    try:
        return decode_commit(data).prev if data is not None and seq > 0 else None
    except DamagedCommit:
        return None


def _copy(sources: Sources, seq: int, sha256: str) -> tuple[Source, bytes] | None:
    for source in sources.commits(ledger_name(seq)):
        try:
            data = b"".join(source.blocks())
            if hashlib.sha256(data).hexdigest() == sha256 and decode_commit(data).seq == seq:
                return source, data
        except (OSError, DamagedCommit):
            continue
    return None


def carry_out(zone: Zone, planned: Plan, *, run_id: str) -> list[Restored]:
    """Put the copies in their places; what lay there becomes evidence.

    Raises:
        StorageFailed: The disk refused; what was put back stays.
    """
    publisher = zone.publisher(run_id)
    batch = Batch(zone.files, zone.layout, uuid.uuid4().hex)
    try:
        with publisher.locked():
            batch.open()
            try:
                due = [found for found in planned.restorable if not _is_back(zone, found)]
                restored = [_restore(zone, batch, found) for found in due]
            finally:
                batch.discard()
            _seal(zone, [found.seq for found in planned.restorable])
            return restored
    except OSError as error:
        raise StorageFailed("put a ledger file back", error) from error


def _seal(zone: Zone, numbers: Iterable[int]) -> None:
    """Seal what was put back before a sealed commit, where sealing no longer looks (docs/adr/0021)."""
    for seq in sorted(numbers, reverse=True) if zone.settings.immutable else ():
        after = zone.layout.commit(seq + 1)
        if zone.files.status(after) and zone.files.is_immutable(after):
            zone.files.set_immutable(zone.layout.commit(seq), on=True)


def _is_back(zone: Zone, found: Restorable) -> bool:
    """Whether another repair has put it back since this one was planned."""
    return holds(zone.files, zone.layout.commit(found.seq), found.sha256, len(found.data))


def _restore(zone: Zone, batch: Batch, found: Restorable) -> Restored:
    place = _place_of_commit(found.seq)
    target = zone.layout.commit(found.seq)
    evidence = upkeep.evidence_place(batch.name, place) if zone.files.status(target) else None
    staged = batch.places.repair(place, found.sha256)
    zone.files.create(staged, [found.data])
    zone.files.sync(staged)
    placement = Placement.of(
        staged,
        target,
        evidence=upkeep.path_of_place(zone.layout, evidence) if evidence else None,
        stored_sha256=found.sha256,
    )
    kept = facts_of(zone.files, target)
    set_aside(zone.files, placement)
    zone.files.link(staged, target)
    zone.files.sync_folder(target.parent)
    source = {"kind": found.source.kind, "path": found.source.path}
    record = _record(place, found.data, problem=found.damage.problem, source=source, evidence=evidence)
    record |= kept
    return Restored(restorable=found, evidence=evidence, record=record)


def unrecorded(zone: Zone) -> Iterator[dict[str, Any]]:
    """Records of repairs that left evidence and were cut off before they were recorded."""
    recorded = read_recorded(zone)
    folder = zone.layout.quarantine / upkeep.EVIDENCE_FOLDER
    commits = {_place_of_commit(seq) for seq, sha256 in enumerate(recorded.hashes) if sha256}
    for path in sorted(map(Path, read_tree(zone)[0])):
        if not path.is_relative_to(folder):
            continue
        evidence = upkeep.place_of(zone.layout, path)
        place = "/".join(path.relative_to(folder).parts[1:])
        item = recorded.items.get(place)
        if evidence in recorded.evidence or not (item or place in commits):
            continue
        if item and check_item(zone.files, item) is not None:
            continue  # nothing was put in its place yet
        kept = facts_of(zone.files, path)
        problem, source = "not told any more", {"kind": "unknown", "path": "an interrupted repair"}
        if item:
            yield kept | upkeep.repaired_record(
                place=place,
                owner={"feed": item.feed, "partition": item.partition, "key": item.key},
                original={"sha256": item.sha256, "size": item.size},
                stored={
                    "stored_sha256": item.stored_sha256,
                    "stored_size": item.stored_size,
                    "encoding": item.encoding,
                },
                problem=problem,
                source=source,
                evidence=evidence,
                staged=False,
            )
        else:
            data = bytes_at(zone.files, upkeep.path_of_place(zone.layout, place))
            yield kept | _record(place, data, problem=problem, source=source, evidence=evidence)


def _place_of_commit(seq: int) -> str:
    return f"{upkeep.RAW}/{LEDGER_FOLDER}/{ledger_name(seq)}"


def _record(
    place: str, data: bytes, *, problem: str, source: Mapping[str, str], evidence: str | None
) -> dict[str, Any]:
    digest, size = hashlib.sha256(data).hexdigest(), len(data)
    return upkeep.repaired_record(
        place=place,
        owner={"feed": None, "partition": None, "key": None},
        original={"sha256": digest, "size": size},
        stored={"stored_sha256": digest, "stored_size": size, "encoding": "identity"},
        problem=problem,
        source=source,
        evidence=evidence,
        staged=False,
    )
