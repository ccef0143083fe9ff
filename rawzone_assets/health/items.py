"""Items: files that a receipt says exist, as they are looked for and named when something is wrong."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.drafts import findings_document
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Record, Verdict

_IDENTITY = "identity"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A file that the ledger says exists: an object, its archive copy, a refused copy, or its findings."""

    place: str
    location: str  # its path, as text
    seq: int
    feed: str | None
    partition: str | None
    key: str | None  # of objects and their archive copies only
    is_document: bool  # findings.json, which follows from its receipt
    landing_path: str
    sha256: str
    size: int
    stored_sha256: str
    stored_size: int
    encoding: str

    @property
    def path(self) -> Path:
        return Path(self.location)

    @property
    def is_archive_copy(self) -> bool:
        return self.place.startswith(f"{upkeep.ARCHIVE}/")


def items_of(layout: Layout, seq: int, record: Record) -> Iterator[Item]:
    """The files that follow from a receipt of commit ``seq``: an object, or a refused copy and its findings."""
    promoted = record["verdict"] == Verdict.PROMOTED
    if not promoted and record["verdict"] != Verdict.QUARANTINED:
        return
    if promoted:
        place = f"{upkeep.RAW}/{record['key']}"
    else:
        place = f"{upkeep.QUARANTINE}/{record['quarantine']['path']}"
    item = Item(
        place=place,
        location=upkeep.location_of(layout, place),
        seq=seq,
        feed=record["feed"],
        partition=record["partition"],
        key=record["key"] if promoted else None,
        is_document=False,
        landing_path=record["landing_path"],
        sha256=record["sha256"],
        size=record["size"],
        stored_sha256=record["stored_sha256"],
        stored_size=record["stored_size"],
        encoding=record["encoding"],
    )
    yield item
    if not promoted:
        # findings.json repeats what the receipt says, so the receipt can tell whether it was altered.
        document = findings_document(record)
        digest = hashlib.sha256(document).hexdigest()
        place = f"{upkeep.QUARANTINE}/{record['quarantine']['findings']}"
        yield replace(
            item,
            place=place,
            location=upkeep.location_of(layout, place),
            is_document=True,
            sha256=digest,
            size=len(document),
            stored_sha256=digest,
            stored_size=len(document),
            encoding=_IDENTITY,
        )


def damage_of(kind: DamageKind, item: Item, problem: str) -> Damage:
    """Damage of a file that the ledger knows."""
    return Damage(
        kind=kind,
        path=item.location,
        problem=problem,
        feed=item.feed,
        partition=item.partition,
        key=item.key,
    )
