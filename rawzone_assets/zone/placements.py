"""Placements: which staged file of a batch belongs at which place, told by a record alone.

A crashed batch can therefore be redone, and the places of any commit be known, from the ledger's own words.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple

from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Record, Verdict


class Placement(NamedTuple):
    """A staged file and the place where publishing links it, as folders and names: making paths takes time.

    A repair's place may be taken by damaged bytes, which go to ``evidence`` first: the one case in which a
    name in the zone comes to mean other bytes than before.
    """

    staged_in: Path
    staged_as: str
    folder: Path
    name: str
    evidence: Path | None = None
    stored_sha256: str = ""  # of a repair: what lies at the target already and has this hash is sound

    @property
    def staged(self) -> Path:
        return self.staged_in / self.staged_as

    @property
    def target(self) -> Path:
        return self.folder / self.name

    @classmethod
    def of(
        cls, staged: Path, target: Path, *, evidence: Path | None = None, stored_sha256: str = ""
    ) -> Placement:
        return cls(staged.parent, staged.name, target.parent, target.name, evidence, stored_sha256)


class Places:
    """Where the files of a batch are staged, and where they belong."""

    def __init__(self, layout: Layout, batch: str) -> None:
        """``batch`` is its name; who asks only where files belong may give any."""
        self._layout = layout
        self.folder = layout.staging / batch
        self.quarantine_folder = layout.quarantine_staging / batch
        self.archive_folder = layout.archive_staging / batch
        self._folders: dict[tuple[Path, str], Path] = {}

    def of(self, record: Record) -> list[Placement]:
        """Which staged files a record wants where: of a refusal the delivery, then the findings."""
        match record["record"]:
            case "receipt":
                return self._of_receipt(record)
            case upkeep.REPAIRED:
                return [self._of_repair(record)] if record["staged"] else []
            case custody.ARCHIVED | custody.RESTORED:
                return self._of_move(record)
            case _:
                return []

    def repair(self, place: str, stored_sha256: str) -> Path:
        """Where bytes for a damaged or missing file are staged: on its side, so that they can be linked.

        Two places may want the same bytes, and each gets a file of its own.
        """
        return self._side(place) / f"{stored_sha256}.{_digest(place)}.repair"

    def moved(self, place: str, stored_sha256: str) -> Path:
        """Where the copy of an object is staged that is archived or restored."""
        return self._side(place) / f"{stored_sha256}.{_digest(place)}.copy"

    def _of_receipt(self, record: Record) -> list[Placement]:
        if record["verdict"] == Verdict.PROMOTED:
            blob = blob_name(record["sha256"], record["encoding"])
            return [Placement(self.folder, blob, *self._place(self._layout.raw, record["key"]))]
        if record["verdict"] == Verdict.QUARANTINED:
            root, places = self._layout.quarantine, record["quarantine"]
            blob = blob_name(record["sha256"], record["encoding"])
            findings = findings_name(record["landing_path"])
            return [
                Placement(self.quarantine_folder, blob, *self._place(root, places["path"])),
                Placement(self.quarantine_folder, findings, *self._place(root, places["findings"])),
            ]
        return []

    def _of_repair(self, record: Record) -> Placement:
        place, evidence = record["place"], record["evidence"]
        return Placement.of(
            self.repair(place, record["stored_sha256"]),
            upkeep.path_of_place(self._layout, place),
            evidence=upkeep.path_of_place(self._layout, evidence) if evidence else None,
            stored_sha256=record["stored_sha256"],
        )

    def _of_move(self, record: Record) -> list[Placement]:
        is_archived = record["record"] == custody.ARCHIVED
        if is_archived and not record["staged"]:
            return []
        place = f"{upkeep.ARCHIVE if is_archived else upkeep.RAW}/{record['key']}"
        staged = self.moved(place, record["stored_sha256"])
        return [Placement.of(staged, upkeep.path_of_place(self._layout, place))]

    def _place(self, root: Path, path: str) -> tuple[Path, str]:
        """Folder and name of a place; that of many has the same folder."""
        inner, _, name = path.rpartition("/")
        folder = self._folders.get((root, inner))
        if folder is None:
            folder = self._folders[root, inner] = root / inner
        return folder, name

    def _side(self, place: str) -> Path:
        """The folder on the file system of a place."""
        sides = {upkeep.RAW: self.folder, upkeep.ARCHIVE: self.archive_folder}
        return sides.get(place.partition("/")[0], self.quarantine_folder)


def blob_name(sha256: str, encoding: str) -> str:
    """What the stored form of a delivery is called while it is staged."""
    return f"{sha256}.{encoding}"


def findings_name(landing_path: str) -> str:
    """What the findings of a refused delivery are called while they are staged."""
    return f"{hashlib.sha256(landing_path.encode(errors='surrogateescape')).hexdigest()}.findings"


def _digest(place: str) -> str:
    return hashlib.sha256(place.encode()).hexdigest()[:12]
