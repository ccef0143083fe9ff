"""Evidence: what repairs took away and kept, held against what their records say of it.

Damaged bytes tell of a failing disk or of a crime, so whoever changes or removes them must be noticed as well.
"""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.replacing import digest_of_file
from rawzone_assets.zone.zone import Zone

_MOST_READ = 2**32  # bytes; of more, such as a hole of terabytes, only the size is told


def facts_of(files: Files, path: Path) -> dict[str, Any]:
    """What a ``repaired`` record says of the bytes that it keeps; of what is no file, nothing."""
    status = files.status(path)
    if status is None or not stat.S_ISREG(status.st_mode):
        return upkeep.evidence_facts(None, None)
    read = digest_of_file(files, path) if status.st_size <= _MOST_READ else None
    return upkeep.evidence_facts(read, status.st_size)


def lost(zone: Zone, recorded: Recorded) -> Iterator[Damage]:
    """Evidence that is gone, is not what was kept, or is there although the law has had it removed."""
    for place, record in recorded.evidence.items():
        path = upkeep.path_of_place(zone.layout, place)
        try:
            status = zone.files.status(path)
        except OSError as error:
            problem = f"evidence that cannot be looked at ({(error.strerror or 'no reason').lower()})"
            yield _damage(DamageKind.EVIDENCE, path, record, problem)
            continue
        if erased := _erasure(recorded, record):
            if status is not None:
                remedy = f"'rawzone erase {erased['sha256']}' says how to remove it"
                problem = f"the law has had the bytes of this file removed: {remedy}"
                yield _damage(DamageKind.UNERASED, path, record, problem)
        elif status is None:
            problem = "a repair kept damaged bytes here, and they are gone: put them back from a backup"
            yield _damage(DamageKind.EVIDENCE, path, record, problem)
        elif _contradicts(record, facts_of(zone.files, path)):
            problem = "a repair kept damaged bytes here, and these are others: put them back from a backup"
            yield _damage(DamageKind.EVIDENCE, path, record, problem)


def _contradicts(record: Record, facts: Mapping[str, Any]) -> bool:
    """Whether a record says something else; a disk that did not give the bytes left it without their hash."""
    return any(record.get(name) not in (None, fact) for name, fact in facts.items())


def _erasure(recorded: Recorded, record: Record) -> Record | None:
    """The record of an erasure of what the repair was of."""
    root, _, inner = record["place"].partition("/")
    places = [record["place"], f"{upkeep.RAW}/{inner}"] if root == upkeep.ARCHIVE else [record["place"]]
    return next((recorded.erased[place].record for place in places if place in recorded.erased), None)


def _damage(kind: DamageKind, path: Path, record: Record, problem: str) -> Damage:
    owner = {name: record.get(name) for name in ("feed", "partition", "key")}
    return Damage(kind=kind, path=str(path), problem=problem, **owner)
