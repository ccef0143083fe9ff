"""Scanning: the walk that finds every entry below landing without leaving it.

Each folder is opened by its name in the folder above, never through a link, and listed through that
descriptor: whoever swaps a folder for a link while we walk gains nothing, as no path is ever resolved twice.
"""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from rawzone_assets.contract.naming import (
    ACCOMPANYING_ENDS,
    DONE_SUFFIX,
    IGNORED_BEGINNINGS,
    SIDECAR_SUFFIX,
    UNFINISHED_ENDS,
    ignored_name,
)
from rawzone_assets.zone.landed import ENTITY, Landed, entity_of, identity_in, identity_of
from rawzone_assets.zone.layout import LOST_AND_FOUND
from rawzone_assets.zone.receipt import printable_path

MOST_LEVELS = 100
"""Each level of folders costs a descriptor while it is listed; extractors use two or three."""

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class Marks:
    """What is unusual about an entry, as :class:`Landed` has it; nearly all have none."""

    regular: bool = True
    done: bool = False
    sidecar: bool = False
    borrowed: bool = False
    too_deep: bool = False


@dataclass(frozen=True, kw_only=True)
class Scan:
    """Everything below landing at one moment.

    Twice a minute a large landing is scanned and nothing in it is new, so an entry is no more than its path and
    entity, side by side in two lists, until somebody asks for it.
    """

    paths: Sequence[str]  # in no order
    entities: Sequence[bytes]
    marks: Mapping[int, Marks]  # place in the lists -> marks
    folders: Sequence[tuple[str, int, int]]  # path ending with "/", the first place of its files, that after
    size: int  # bytes of all files
    ignored: tuple[tuple[str, str], ...]  # (label, reason)
    unreadable: tuple[str, ...]  # folders that could not be listed
    bare_on: int | None = None  # the disk of a landing that holds nothing at all and has no disk of its own

    @cached_property
    def labels(self) -> list[str]:
        """The paths as receipts and messages show them, in the same order."""
        if all(map(str.isascii, self.paths)) and not any("\\x" in path for path in self.paths):
            return list(self.paths)
        return [printable_path(path)[0] for path in self.paths]

    @cached_property
    def files(self) -> tuple[Landed, ...]:
        """Every entry, by path."""
        return tuple(self.landed(place) for place in sorted(range(len(self.paths)), key=self.paths.__getitem__))

    def landed(self, place: int) -> Landed:
        """The entry at that place in the lists."""
        device, inode, size, mtime_ns, ctime_ns = identity_in(self.entities[place])
        marks = self.marks.get(place, _UNMARKED)
        return Landed(
            path=self.paths[place],
            device=device,
            inode=inode,
            size=size,
            mtime_ns=mtime_ns,
            ctime_ns=ctime_ns,
            **vars(marks),
        )


def scan_below(root: int) -> Scan:
    """Find every file below the folder that ``root`` is a descriptor of.

    Raises:
        OSError: That folder itself cannot be listed.
    """
    walk = _Walk()
    walk.list_folder(root, "", levels=0)
    return Scan(
        paths=walk.paths,
        entities=walk.entities,
        marks=walk.marks,
        folders=walk.folders,
        size=walk.size,
        ignored=tuple(sorted(walk.ignored)),
        unreadable=tuple(sorted(walk.unreadable)),
        bare_on=None if walk.came_upon_anything else _shared_disk(root),
    )


@dataclass
class _Walk:
    """What a walk has come upon so far."""

    paths: list[str] = field(default_factory=list)
    entities: list[bytes] = field(default_factory=list)
    marks: dict[int, Marks] = field(default_factory=dict)
    folders: list[tuple[str, int, int]] = field(default_factory=list)
    size: int = 0
    ignored: list[tuple[str, str]] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)

    @property
    def came_upon_anything(self) -> bool:
        return bool(self.paths or self.ignored or self.unreadable or len(self.folders) > 1)

    def list_folder(self, folder: int, prefix: str, *, levels: int) -> None:
        with os.scandir(folder) as listing:
            entries = list(listing)
        first, beside, folders = len(self.paths), set[str](), list[str]()
        paths, entities, pack = self.paths, self.entities, ENTITY.pack
        for entry in entries:
            name = entry.name
            if (
                name.startswith(IGNORED_BEGINNINGS)
                or name.endswith(ACCOMPANYING_ENDS)
                or name.lower().endswith(UNFINISHED_ENDS)
            ):
                self.ignored.append((printable_path(prefix + name)[0], ignored_name(name) or ""))
                beside.add(name)
                continue
            try:
                if entry.is_dir(follow_symlinks=False) and levels < MOST_LEVELS:
                    folders.append(name)  # entered after the files, which then stand side by side
                    continue
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue  # gone since it was listed
            except OSError:  # the folder may be listed, but not entered
                self.unreadable.append(printable_path(prefix.rstrip("/") or ".")[0])
                return
            kind = status.st_mode & _KIND
            if kind != stat.S_IFREG or status.st_nlink > 1:
                if kind == stat.S_IFDIR and levels < MOST_LEVELS:
                    continue  # it was a file when it was listed: the next look enters it
                self._mark(_unusual(status, folder))
            paths.append(prefix + name)
            size = status.st_size
            try:  # written out, as a call of a function would be a tenth of what a file costs here
                entity = pack(status.st_dev, status.st_ino, size, status.st_mtime_ns, status.st_ctime_ns)
            except struct.error:
                entity = entity_of(*identity_of(status))
            entities.append(entity)
            self.size += size
        self.folders.append((prefix, first, len(paths)))
        self._mark_helped(first, len(prefix), beside)
        for name in folders:
            self._enter(folder, name, prefix + name, levels=levels + 1)

    def _mark(self, marks: Marks) -> None:
        """Marks of the entry that comes next."""
        if marks != _UNMARKED:
            self.marks[len(self.paths)] = marks

    def _mark_helped(self, first: int, before: int, beside: Collection[str]) -> None:
        """Note the markers and sidecars that lie beside the files of a folder, whose path is so long."""
        for place in range(first, len(self.paths) if beside else first):
            name = self.paths[place][before:]
            done, sidecar = name + DONE_SUFFIX in beside, name + SIDECAR_SUFFIX in beside
            if done or sidecar:
                self.marks[place] = replace(self.marks.get(place, _UNMARKED), done=done, sidecar=sidecar)

    def _enter(self, above: int, name: str, path: str, *, levels: int) -> None:
        try:
            folder = os.open(name, FOLDER, dir_fd=above)
        except (FileNotFoundError, NotADirectoryError):
            return  # gone, or something else by now: the next look takes it as what it then is
        except OSError:
            # A link that was put in its place (ELOOP) is no folder that we may not read, and at the top of an
            # ext4 there is one that nobody but root may.
            if path != LOST_AND_FOUND and _is_folder(name, above):
                self.unreadable.append(printable_path(path)[0])
            return
        try:
            self.list_folder(folder, f"{path}/", levels=levels)
        except OSError:
            self.unreadable.append(printable_path(path)[0])
        finally:
            os.close(folder)


def _shared_disk(root: int) -> int | None:
    """The disk of a folder, if it is also that of the folder above: nothing is mounted there."""
    here, above = os.fstat(root), os.stat("..", dir_fd=root)
    return here.st_dev if here.st_dev == above.st_dev else None


def _is_folder(name: str, above: int) -> bool:
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=above, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False  # gone since it could not be opened


def _unusual(status: os.stat_result, folder: int) -> Marks:
    """The marks of what is no file of a single name."""
    return Marks(
        regular=stat.S_ISREG(status.st_mode),
        borrowed=_is_borrowed(status, os.fstat(folder).st_uid),
        too_deep=stat.S_ISDIR(status.st_mode),
    )


def _is_borrowed(status: os.stat_result, owner: int) -> bool:
    """Whether promoting the file would show everybody what its folder's owner may not read (ADR 20)."""
    linked = stat.S_ISREG(status.st_mode) and status.st_nlink > 1
    return linked and status.st_uid != owner and not status.st_mode & stat.S_IROTH


_UNMARKED = Marks()
_KIND = 0o170000
