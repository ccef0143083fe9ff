"""The folder an export is written to: new files only, hashed while written, durable before it is whole."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from rawzone_assets.zone import codec
from rawzone_assets.zone.files import Files, ensure_folder, sync_folders


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A file of an export, its path below it, and the size and hash of what was written."""

    path: str
    sha256: str
    size: int


class ExportFolder:
    """One export being written. Raises ``OSError`` as the operating system gives it."""

    def __init__(self, root: Path, files: Files) -> None:
        self._root = root.absolute()
        self._files = files
        self._folders: set[Path] = set()
        self._made: set[Path] = set()

    def begin(self, marker: str, data: bytes) -> Exported:
        """Create the folder with the file that says it is incomplete, and make that durable before all else."""
        self._ensure(self._root)
        written = self.write(marker, [data])
        self._sync_folders()
        return written

    def write(self, path: str, blocks: Iterable[bytes]) -> Exported:
        """Write a new file."""
        measured = codec.Measured(blocks)
        target = self._root / path
        self._ensure(target.parent)
        self._files.create(target, measured)
        self._files.sync(target)
        return Exported(path=path, sha256=measured.sha256, size=measured.size)

    def make_folder(self, path: str) -> None:
        """Create a folder, if it is not there."""
        self._ensure(self._root / path)

    def discard(self, path: str) -> None:
        """Remove a file whose bytes turned out to be wrong, and the folders made only for it."""
        target = self._root / path
        with suppress(FileNotFoundError):
            self._files.remove(target)
        for folder in target.parents:
            if folder == self._root:
                break
            try:
                self._files.remove_folder(folder)
            except OSError:
                break  # it holds others
            self._made.discard(folder)
            self._folders.discard(folder)

    def finish(self, marker: str, name: str, blocks: Iterable[bytes] | None = None) -> None:
        """Give the marker, or ``blocks`` in its place, its final name: now the export is whole."""
        unfinished = self._root / marker
        if blocks is not None:
            beside = f"{marker}.new"
            self.write(beside, blocks)
            os.replace(self._root / beside, unfinished)
        self._sync_folders()
        os.rename(unfinished, self._root / name)
        self._files.sync_folder(self._root)

    def _ensure(self, folder: Path) -> None:
        if folder not in self._made:
            self._folders |= ensure_folder(self._files, folder)
            self._made.add(folder)
        self._folders.add(folder)

    def _sync_folders(self) -> None:
        sync_folders(self._files, self._folders, roots=(self._root,))
