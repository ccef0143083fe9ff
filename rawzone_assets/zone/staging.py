"""Staging: the redo log. What a batch will publish lies here, durable, before anything is visible.

A batch is a folder ``raw/_staging/<batch>`` with twins below quarantine and archive, which may be other disks;
that of the archive is only there when something is archived. Staged files have names that follow from the
records (``placements``), so that a staged commit alone tells which of them belongs at which place. A batch
without a staged commit has published nothing.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import uuid
from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import NamedTuple

from rawzone_assets.zone import codec
from rawzone_assets.zone.batch_writing import BatchWriting
from rawzone_assets.zone.files import Files, ensure_folder, is_folder, sync_folders
from rawzone_assets.zone.layout import Layout, ledger_name
from rawzone_assets.zone.placements import Places, blob_name, findings_name
from rawzone_assets.zone.room import Room
from rawzone_assets.zone.writing import Writers

_LOCK = "lock"
_MOST_PASSES = 1000
"""Of emptying a folder: who writes for a process that died may not have noticed. The next recovery goes on."""

_COMMIT_PREFIX = "commit-"


class Blob(NamedTuple):
    """Staged bytes of one delivery and what the receipt says about them."""

    staged_in: Path
    staged_as: str
    stored_sha256: str
    stored_size: int
    encoding: str

    @property
    def staged(self) -> Path:
        return self.staged_in / self.staged_as


class Batch:
    """The staging folders of one batch in flight."""

    def __init__(
        self, files: Files, layout: Layout, name: str, *, reserve: int = 0, writers: Writers | None = None
    ) -> None:
        """``reserve`` bytes stay free. With ``writers`` blobs are written and synced by these."""
        self._files = files
        self._layout = layout
        self._room = Room(files=files, reserve=reserve)
        self.name = name
        self.places = places = Places(layout, name)
        self.folder = places.folder
        self.quarantine_folder = places.quarantine_folder
        self.archive_folder = places.archive_folder
        self._writing = BatchWriting(writers, self._room) if writers else None
        self._reaches_archive: bool | None = None  # not known of a batch that another process began
        self._reaches_quarantine = True

    def open(self, *, quarantine: bool = True) -> None:
        """Create the folders; the caller holds the zone's lock, so that recovery cannot take them for dead.

        Their names become durable with the commit: before it nothing relies on them. Whatever puts no file
        beside ``quarantine`` does not need its disk.
        """
        self._reaches_archive = False
        self._reaches_quarantine = quarantine
        for folder in (self.folder, self.quarantine_folder) if quarantine else (self.folder,):
            self._files.make_folder(folder)

    def open_archive(self) -> None:
        """Create the folder beside the archive, with every folder above it that is not there yet.

        Whoever made those may have been killed before they were durable, so all down from the archive's parent
        are synced.
        """
        self._reaches_archive = True
        changed = ensure_folder(self._files, self.archive_folder)
        root = self._layout.archive
        changed |= {self._layout.archive_staging, root, root.parent, root.parent.parent}
        sync_folders(self._files, changed, roots=(root,))

    def alive(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold, or try to take, the lock that shows whether a process still works on this batch."""
        return self._files.lock(self.folder / _LOCK, wait=wait)

    def concerns_archive(self) -> bool:
        """Whether something of it is staged beside the archive, or that cannot be told."""
        try:
            return self._files.status(self.archive_folder) is not None
        except OSError:
            return True

    # --- writing ---------------------------------------------------------------------------------

    def stage(self, sha256: str, blocks: Iterable[bytes], encoding: str, *, refused: bool) -> Blob:
        """Write the stored form of a delivery; staging the same bytes again costs nothing.

        Raises:
            DiskAlmostFull: There is no room for it.
        """
        folder, name = self._blob_folder(refused=refused), blob_name(sha256, encoding)
        measured = codec.Measured(blocks)
        try:
            self._files.create(folder / name, self._room.watched(folder, measured))
        except FileExistsError:  # the same bytes twice in a batch; only their digest is still wanted
            measured.finish()
        return Blob(folder, name, stored_sha256=measured.sha256, stored_size=measured.size, encoding=encoding)

    def stage_unnamed(self, blocks: Iterable[bytes]) -> Path:
        """Write stored bytes whose SHA-256 is known only once they are written; :meth:`settle` follows."""
        path = self.folder / f"{uuid.uuid4().hex}.unnamed"
        self._files.create(path, self._room.watched(self.folder, blocks))
        return path

    def settle(self, unnamed: Path, sha256: str, encoding: str, *, refused: bool) -> Blob:
        """Give what :meth:`stage_unnamed` wrote its place; a refused one is copied to the quarantine's side."""
        with self._files.open(unnamed) as stream:
            blob = self.stage(sha256, codec.blocks_of(stream), encoding, refused=refused)
        self._files.remove(unnamed)
        return blob

    def stage_soon(self, sha256: str, data: bytes, encoding: str, *, refused: bool) -> Blob:
        """As :meth:`stage`, by writers, who make it durable too; :meth:`sync` waits for them.

        Raises:
            DiskAlmostFull: There is no room for those that were gathered.
        """
        if self._writing is None:
            return self.stage(sha256, [data], encoding, refused=refused)
        folder, name = self._blob_folder(refused=refused), blob_name(sha256, encoding)
        self._writing.add(folder, name, data)
        stored_sha256 = hashlib.sha256(data).hexdigest()
        return Blob(folder, name, stored_sha256=stored_sha256, stored_size=len(data), encoding=encoding)

    def sync_soon(self, blob: Blob) -> None:
        """Make a blob durable meanwhile that is staged already."""
        if self._writing:
            self._writing.sync(blob.staged_in, blob.staged_as)

    def sync(self, blobs: Iterable[Blob]) -> None:
        """Make staged blobs durable, those that are not yet or are about to be.

        Raises:
            DiskAlmostFull: There is no room for those that were gathered last.
            OSError: The disk refused one of them, now or when it was begun.
        """
        if self._writing:
            self._writing.hand_over_rest()
        for folder, name in dict.fromkeys((blob.staged_in, blob.staged_as) for blob in blobs):
            if not (self._writing and self._writing.is_done(folder, name)):
                self._files.sync(folder / name)

    def stop_writing(self) -> None:
        """Wait until nobody writes any more."""
        if self._writing:
            self._writing.stop()

    def stage_findings(self, landing_path: str, data: bytes) -> None:
        self._files.create(self.quarantine_folder / findings_name(landing_path), [data])

    def stage_commit(self, data: bytes, seq: int) -> Path:
        """Write the commit that describes the batch, then make the whole batch durable."""
        path = self.folder / f"{_COMMIT_PREFIX}{ledger_name(seq)}"
        try:
            if self._has_refusals():
                self._files.sync_folder(self.quarantine_folder)
                self._files.sync_folder(self.quarantine_folder.parent)
            if self._has_archive_side():
                self._files.sync_folder(self.archive_folder)
            self._files.create(path, [data])
            self._files.sync(path)
            self._files.sync_folder(self.folder)
            self._files.sync_folder(self.folder.parent)
        except OSError:
            # A failed sync may not fail twice (the pages count as clean): this commit must not be redone.
            with contextlib.suppress(OSError):
                self._files.remove(path)
            raise
        return path

    def renew_commit(self, path: Path, data: bytes) -> Path:
        """Write a dead process's staged commit anew, durable with the names beside it; its new path.

        That a sync of the old file succeeds proves nothing: one may have failed before its writer was killed,
        and its pages count as clean since. What the commit names was durable before the commit was written.
        """
        renewed = path.with_name(f"{path.name}.{uuid.uuid4().hex}")
        self._files.create(renewed, [data])
        self._files.sync(renewed)
        self._files.remove(path)
        self._files.sync_folder(self.folder)
        self._files.sync_folder(self.folder.parent)  # else the links outlive the batch that accounts for them
        return renewed

    # --- reading back ----------------------------------------------------------------------------

    def commits(self) -> list[Path]:
        """Staged commits, newest first."""
        names = [name for name in self._files.names(self.folder) if name.startswith(_COMMIT_PREFIX)]
        return [self.folder / name for name in reversed(names)]

    def discard(self) -> None:
        """Remove everything staged; what was linked keeps its other name."""
        folders = (self.quarantine_folder, self.folder) if self._reaches_quarantine else (self.folder,)
        for folder in (self.archive_folder, *folders) if self._has_archive_side() else folders:
            if self._files.status(folder) is None:
                continue
            for _ in range(_MOST_PASSES):
                self._empty(folder)
                if self._is_removed(folder):
                    break

    def _has_refusals(self) -> bool:
        """Of a dead process's batch without any, power loss may have taken the folder for them."""
        if not self._reaches_quarantine or self._files.status(self.quarantine_folder) is None:
            return False
        return bool(self._files.names(self.quarantine_folder))

    def _has_archive_side(self) -> bool:
        """Not looked for by whoever puts nothing there: the archive may be closed to this user, or fail."""
        if self._reaches_archive is not None:
            return self._reaches_archive
        return self._files.status(self.archive_folder) is not None

    def _empty(self, folder: Path) -> None:
        with self._files.remover(folder) as remove:
            for name in self._files.names(folder):
                with contextlib.suppress(FileNotFoundError):
                    remove(name)

    def _is_removed(self, folder: Path) -> bool:
        """Whether it is gone; not if something was written there meanwhile."""
        try:
            self._files.remove_folder(folder)
        except FileNotFoundError:
            return True
        except OSError as error:
            if error.errno == errno.ENOTEMPTY:
                return False
            raise
        return True

    def _blob_folder(self, *, refused: bool) -> Path:
        return self.quarantine_folder if refused else self.folder


def leftovers(files: Files, layout: Layout) -> list[str]:
    """Names of batches that lie in staging, whoever they belong to."""
    found: set[str] = set()
    for root in layout.stagings:
        try:
            if files.status(root) is not None:
                names = [name for name in files.names(root) if name != _LOCK]
                found.update(name for name in names if is_folder(files, root / name))
        except OSError:
            if root != layout.archive_staging:
                raise
            # Every batch has a folder in raw too: an archive that is away must not hold up promotion.
    return sorted(found)
