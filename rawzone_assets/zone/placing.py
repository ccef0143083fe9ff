"""Placing: staged files get their names in the zone, or lose them again when no commit can name them.

Nothing here replaces a file or decides anything: a name that is taken is somebody else's, unless what lies
there is what this batch would put there. Whoever calls holds the zone's lock and has staged the commit that
repeats this after a crash; ``publishing`` says in which order, and why.
"""

from __future__ import annotations

import errno
import os
import stat
from itertools import groupby
from operator import attrgetter
from pathlib import Path

from rawzone_assets.zone import codec
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import KeyOccupied
from rawzone_assets.zone.files import Files, Link, ensure_folder
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.placements import Placement
from rawzone_assets.zone.replacing import put_back, set_aside


class Placer:
    """Links staged files to their places in one zone, and takes such links back."""

    def __init__(self, files: Files, layout: Layout, index: Index, *, durable: set[Path]) -> None:
        """``durable`` are folders whose own names this process has made durable; it is kept up to date."""
        self._files = files
        self._layout = layout
        self._index = index
        self._durable = durable

    def link(self, placements: list[Placement]) -> None:
        """Give every staged file its place and make the names durable, down from the root.

        Raises:
            KeyOccupied: Something else lies at, or in the way to, a place.
        """
        changed: set[Path] = set()  # folders that get a name, or one of which may not be durable yet
        used: set[Path] = set()
        for (staged_in, folder), some in groupby(placements, key=attrgetter("staged_in", "folder")):
            places = list(some)
            try:
                if folder not in used:
                    unsure = self._unsure(folder)
                    changed |= ensure_folder(self._files, folder) | {folder, *(f.parent for f in unsure)}
                    used |= {folder, *unsure}
                with self._files.linker(staged_in, folder) as link:
                    for place in places:
                        self._link(place, link)
            except NotADirectoryError:
                raise KeyOccupied(self._obstacle(places[0].target)) from None
        for folder in sorted(changed):
            self._files.sync_folder(folder)
        self._durable |= used  # folders are never removed, so their names stay

    def _link(self, place: Placement, link: Link) -> None:
        try:
            if place.evidence is not None:  # of a repair
                set_aside(self._files, place)
            link(place.staged_as, place.name)
        except FileExistsError:
            self._adopt(place)

    def _unsure(self, folder: Path) -> set[Path]:
        """The folder and those above it whose names may not be durable: their maker may have been killed."""
        roots = (self._layout.raw, self._layout.quarantine, self._layout.archive)
        found: set[Path] = set()
        while folder not in self._durable and folder not in roots:
            if not any(folder.is_relative_to(root) for root in roots):
                break
            found.add(folder)
            folder = folder.parent
        return found

    def _obstacle(self, target: Path) -> Path:
        """The file in the place of a folder on the way to ``target``."""
        for parent in reversed(target.parents):
            status = self._files.status(parent)
            if status is not None and not stat.S_ISDIR(status.st_mode) and not stat.S_ISLNK(status.st_mode):
                return parent
        return target

    def _adopt(self, place: Placement) -> None:
        """Take what lies at the place for our own when it is what we would put there: this batch redone.

        Raises:
            KeyOccupied: It is something else, or somebody may still write to it.
        """
        there, ours = self._files.status(place.target), self._files.status(place.staged)
        if there is None or ours is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(place.staged))
        if (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino):
            return
        if (there.st_mode, there.st_size) != (ours.st_mode, ours.st_size):
            raise KeyOccupied(place.target)
        with self._files.open(place.target) as left, self._files.open(place.staged) as right:
            pairs = zip(codec.blocks_of(left), codec.blocks_of(right), strict=False)
            if any(a != b for a, b in pairs):
                raise KeyOccupied(place.target)
        self._files.sync(place.target)  # nobody else answers for its bytes

    def undo(self, placements: list[Placement]) -> None:
        """Take back the links that this batch made and no commit names."""
        self._index.catch_up()  # who took the number may have relied on our links
        folders: set[Path] = set()
        for place in placements:
            there, ours = self._files.status(place.target), self._files.status(place.staged)
            linked = there and ours and (there.st_dev, there.st_ino) == (ours.st_dev, ours.st_ino)
            # A repair's place is named by the receipt of what was lost, so that tells nothing of our link.
            if linked and (place.stored_sha256 or not self._committed(place.target)):
                self._files.remove(place.target)
                folders.add(place.target.parent)
            put_back(self._files, place)
        for folder in sorted(folders):
            self._files.sync_folder(folder)

    def _committed(self, target: Path) -> bool:
        """Whether the ledger says that a file lies there: then our link may be the one it relies on."""
        if target.is_relative_to(self._layout.archive):
            return self._index.custody.of(str(target.relative_to(self._layout.archive))).has_archive_copy
        for root in (self._layout.raw, self._layout.quarantine):
            if target.is_relative_to(root):
                inner = str(target.relative_to(root))
                is_elsewhere = self._index.custody.of(inner).whereabouts is not Whereabouts.HOT
                return self._index.names_place(inner) and not is_elsewhere
        return False
