"""A file system in memory that forgets what POSIX allows it to forget when the power goes.

- The bytes of a file are durable once the file was synced; before, any part of them may be lost.
- A name is durable once its *folder* was synced; before, each change of a name may be kept or lost on its own,
  in any order. Syncing a file does not keep its name, syncing a folder does not keep its own.
- A sync that failed has failed for good: the pages count as clean, so the next sync of that file succeeds and
  keeps nothing. Only new bytes in a new file help.

Killing a process loses nothing but its locks. Operations can be watched one by one, so that a campaign can
look at the disk as it is before each of them.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import stat
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.zone.files import Files, Link
from rawzone_assets_tests.zone.invariants import Entry

Watch = Callable[[str, Path], None]


@contextlib.contextmanager
def linked_one_by_one(files: Files, source: Path, target: Path) -> Iterator[Link]:
    """``Files.linker`` for those that watch every single ``link``."""
    yield lambda name, other: files.link(source / name, target / other)


@contextlib.contextmanager
def removed_one_by_one(files: Files, folder: Path) -> Iterator[Callable[[str], None]]:
    """``Files.remover`` for those that watch every single ``remove``."""
    yield lambda name: files.remove(folder / name)


@dataclass(frozen=True)
class _File:
    data: bytes
    synced: bool
    mode: int = 0o444
    spoilt: bool = False  # a sync of it failed: none will keep its bytes any more


@dataclass
class _Folder:
    names: dict[str, int] = field(default_factory=dict)
    durable: dict[str, int] = field(default_factory=dict)
    unsynced: list[tuple[str, int | None]] = field(default_factory=list)  # changes of names, oldest first

    def copy(self) -> _Folder:
        return _Folder(dict(self.names), dict(self.durable), list(self.unsynced))

    def set(self, name: str, node: int | None) -> None:
        if node is None:
            del self.names[name]
        else:
            self.names[name] = node
        self.unsynced.append((name, node))


@dataclass(frozen=True)
class Loss:
    """What a power failure takes: ``keeps()`` decides on each unsynced name, ``tear`` on unsynced bytes."""

    name: str
    keeps: Callable[[], bool]
    tear: Callable[[bytes], bytes]


class SimulatedFiles:
    """``Files`` in memory below one folder, which is durable from the start."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._prefix = f"{base}/"
        self.watch: Watch | None = None
        self._nodes: dict[int, _File | _Folder] = {1: _Folder()}
        self._next = 2
        self._locked: set[Path] = set()

    # --- crashes ---------------------------------------------------------------------------------

    def copy(self) -> SimulatedFiles:
        """The disk as the next process finds it when this one is killed now."""
        other = SimulatedFiles(self.base)
        other._next = self._next
        other._nodes = {n: v.copy() if isinstance(v, _Folder) else v for n, v in self._nodes.items()}
        return other

    def after_power_loss(self, loss: Loss) -> SimulatedFiles:
        """The disk after the machine lost power now and came up again."""
        other = self.copy()
        for number, node in other._nodes.items():
            if isinstance(node, _Folder):
                names = dict(node.durable)
                for name, target in node.unsynced:
                    if not loss.keeps():
                        continue
                    if target is None:
                        names.pop(name, None)
                    else:
                        names[name] = target
                other._nodes[number] = _Folder(names, dict(names), [])
            elif not node.synced:
                other._nodes[number] = replace(node, data=loss.tear(node.data), synced=True, spoilt=False)
        return other

    def tree(self, root: Path) -> dict[str, Entry]:
        """What lies below ``root``, as :func:`invariants.read_tree` gives it for a real disk."""
        tree: dict[str, Entry] = {}
        try:
            start = self._find(root)
        except OSError:
            return tree
        todo = [("", start)]
        while todo:
            prefix, node = todo.pop()
            if not isinstance(node, _Folder):
                continue
            for name, number in node.names.items():
                child = self._nodes[number]
                if isinstance(child, _Folder):
                    tree[prefix + name] = Entry("folder", 0o755)
                    todo.append((f"{prefix}{name}/", child))
                else:
                    tree[prefix + name] = Entry("file", child.mode, child.data)
        return tree

    def state(self) -> Hashable:
        """All that tells this disk from another: two of the same state have the same future."""
        met: set[Hashable] = set()
        todo, seen = [1], {1}
        while todo:
            number = todo.pop()
            node = self._nodes[number]
            if isinstance(node, _File):
                met.add((number, node))
                continue
            unsynced = tuple(node.unsynced)
            met.add((number, frozenset(node.names.items()), frozenset(node.durable.items()), unsynced))
            known = {*node.names.values(), *node.durable.values(), *(n for _, n in unsynced if n)}
            todo += known - seen
            seen |= known
        return frozenset(met)

    def changes_at_risk(self) -> int:
        """How many changes of names a power failure may take now."""
        return sum(len(node.unsynced) for node in self._nodes.values() if isinstance(node, _Folder))

    def is_locked(self, path: Path) -> bool:
        return path in self._locked

    def spoil(self, path: Path) -> None:
        """Let a sync of this file fail: what is in memory is still read, and will never reach the disk."""
        number = self._number(path)
        node = self._nodes[number]
        if isinstance(node, _File):
            self._nodes[number] = replace(node, spoilt=True)

    def put_foreign(self, path: Path, data: bytes) -> None:
        """A file that somebody else made, not synced."""
        self._new(path, _File(data, synced=False))

    # --- Files -----------------------------------------------------------------------------------

    def create(self, path: Path, blocks: Iterable[bytes]) -> None:
        self._step("create", path)
        number = self._new(path, _File(b"", synced=False))
        for block in blocks:
            node = self._nodes[number]
            assert isinstance(node, _File)
            self._nodes[number] = replace(node, data=node.data + block[: len(block) // 2])
            self._step("write", path)
            self._nodes[number] = replace(node, data=node.data + bytes(block))

    def sync(self, path: Path) -> None:
        self._step("sync", path)
        number = self._number(path)
        node = self._nodes[number]
        assert isinstance(node, _File), path
        if not node.spoilt:
            self._nodes[number] = replace(node, synced=True)

    def sync_folder(self, path: Path) -> None:
        self._step("sync_folder", path)
        if self._is_above(path):
            return
        node = self._folder(path)
        node.durable = dict(node.names)
        node.unsynced.clear()

    def link(self, source: Path, target: Path) -> None:
        self._step("link", target)
        number = self._number(source)
        folder = self._folder(target.parent)
        if target.name in folder.names:
            raise FileExistsError(errno.EEXIST, "File exists", str(source), None, str(target))
        folder.set(target.name, number)

    def linker(self, source: Path, target: Path) -> contextlib.AbstractContextManager[Link]:
        return linked_one_by_one(self, source, target)

    def make_folder(self, path: Path) -> None:
        self._step("make_folder", path)
        self._new(path, _Folder())

    def remove(self, path: Path) -> None:
        self._step("remove", path)
        if isinstance(self._find(path), _Folder):
            raise IsADirectoryError(errno.EISDIR, "Is a directory", str(path))
        self._folder(path.parent).set(path.name, None)

    def remover(self, folder: Path) -> contextlib.AbstractContextManager[Callable[[str], None]]:
        return removed_one_by_one(self, folder)

    def remove_folder(self, path: Path) -> None:
        self._step("remove_folder", path)
        if self._folder(path).names:
            raise OSError(errno.ENOTEMPTY, "Directory not empty", str(path))
        self._folder(path.parent).set(path.name, None)

    def open(self, path: Path) -> BinaryIO:
        node = self._find(path)
        if isinstance(node, _Folder):
            raise IsADirectoryError(errno.EISDIR, "not a regular file", str(path))
        return io.BytesIO(node.data)

    def names(self, path: Path) -> list[str]:
        return sorted(self._folder(path).names)

    def status(self, path: Path) -> os.stat_result | None:
        if self._is_above(path):
            return os.stat_result((stat.S_IFDIR | 0o755, 1, 1, 1, 0, 0, 0, 0, 0, 0))
        try:
            number = self._number(path)
        except (FileNotFoundError, NotADirectoryError):
            return None
        node = self._nodes[number]
        kind, size = (
            (stat.S_IFDIR | 0o755, 0)
            if isinstance(node, _Folder)
            else (stat.S_IFREG | node.mode, len(node.data))
        )
        return os.stat_result((kind, number, 1, 1, 0, 0, size, 0, 0, 0))

    @contextlib.contextmanager
    def lock(self, path: Path, *, wait: bool) -> Iterator[bool]:
        if self.status(path) is None:
            self._new(path, _File(b"", synced=False, mode=0o644))
        if path in self._locked:
            assert not wait, f"{path} is locked twice by one process: a deadlock"
            yield False
            return
        self._locked.add(path)
        try:
            yield True
        finally:
            self._locked.discard(path)

    def free_bytes(self, path: Path) -> int:
        self._folder(path)
        return 1 << 50

    def is_immutable(self, path: Path) -> bool:
        """This file system has no flags."""
        self._folder(path.parent)
        return False

    def set_immutable(self, path: Path, *, on: bool) -> None:
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY), str(path))

    def require_writable(self, folder: Path) -> None:
        self._step("require_writable", folder)

    def try_immutable(self, folder: Path) -> None:
        raise OSError(errno.ENOTTY, os.strerror(errno.ENOTTY), str(folder))

    # --- nodes -----------------------------------------------------------------------------------

    def _step(self, operation: str, path: Path) -> None:
        if self.watch:
            self.watch(operation, path)

    def _is_above(self, path: Path) -> bool:
        return self._prefix.startswith(f"{path}/") and path != self.base

    def _number(self, path: Path) -> int:
        number = 1
        inside = (
            "" if path == self.base else str(path).removeprefix(self._prefix)
        )  # strings, because campaigns look up millions of paths
        for part in inside.split("/") if inside else ():
            node = self._nodes[number]
            if not isinstance(node, _Folder):
                raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(path))
            if part not in node.names:
                raise FileNotFoundError(errno.ENOENT, "No such file or directory", str(path))
            if len(part.encode()) > 255:
                raise OSError(errno.ENAMETOOLONG, "File name too long", str(path))
            number = node.names[part]
        return number

    def _find(self, path: Path) -> _File | _Folder:
        return self._nodes[self._number(path)]

    def _folder(self, path: Path) -> _Folder:
        node = self._find(path)
        if not isinstance(node, _Folder):
            raise NotADirectoryError(errno.ENOTDIR, "Not a directory", str(path))
        return node

    def _new(self, path: Path, node: _File | _Folder) -> int:
        folder = self._folder(path.parent)
        if path.name in folder.names:
            raise FileExistsError(errno.EEXIST, "File exists", str(path))
        if len(path.name.encode()) > 255:
            raise OSError(errno.ENAMETOOLONG, "File name too long", str(path))
        self._next += 1
        self._nodes[self._next] = node
        folder.set(path.name, self._next)
        return self._next
