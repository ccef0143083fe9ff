"""Erasing: bytes that the law wants gone are removed wherever the zone keeps them (docs/adr/0049).

Ledger first: only what an ``erased`` record names is removed, and every copy of it: the object, its archive
copy, the refused copy, damaged bytes that a repair kept, the projected days that hold its rows, and what
readers have cached. Whoever calls holds the zone's lock. Repeating it changes nothing, and whoever comes after
a crash repeats it.
"""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.files import Files, ensure_folder
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout, cached_path
from rawzone_assets.zone.ledger import Ledger
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.sealing import is_sealed, require_unsealing


def erase(
    files: Files, layout: Layout, ledger: Ledger, index: Index, records: Iterable[Record], *, cache: Path | None
) -> None:
    """Remove what these records say is erased. The index must have caught up.

    Raises:
        LedgerDamaged: A commit cannot be read. The next command that holds the lock goes on.
        OSError: The disk refused. The next command that holds the lock goes on.
    """
    for record in records:
        if record.get("record") != custody.ERASED:
            continue
        # What is derived goes first: it is built again of what is left, and never of what is not.
        _erase_projected(files, layout, index, record)
        if cache:
            _erase_cached(files, cache, ledger, index, record)
        _erase_restored(files, layout)
        _remove(files, places_of(layout, index, record["place"]))


def places_of(layout: Layout, index: Index, place: str) -> list[Path]:
    """Every path at which the bytes of an object or refused copy may lie in raw, archive and quarantine."""
    places = upkeep.with_archive_copy(place)
    kept = [
        event.record["evidence"]
        for known in places
        for event in index.upkeep.events(known)
        if event.record["record"] == upkeep.REPAIRED and event.record["evidence"]
    ]
    return [upkeep.path_of_place(layout, known) for known in dict.fromkeys([*places, *kept])]


def projected_days(files: Files, layout: Layout, index: Index, key: str) -> Iterator[tuple[str, list[Path]]]:
    """The folders of the columnar projection that hold rows of an object, by feed."""
    for feed, days in _days_of(index, key).items():
        yield feed, _folders_of(files, layout.columnar / feed, days)


def require_erasable(files: Files, paths: Iterable[Path], staging: Path) -> None:
    """See to it that files could be removed, before anything is recorded.

    Raises:
        CannotUnseal: They are sealed.
        OSError: Their disk is read-only or closed to this user, or a file cannot be looked at.
    """
    there = [path for path in paths if files.status(path) is not None]
    for folder in sorted({path.parent for path in there}):
        files.require_writable(folder)
    require_unsealing(files, there, staging, undone="erased")


def _erase_projected(files: Files, layout: Layout, index: Index, record: Record) -> None:
    """Take away whole days: their other rows are projected again when they are next asked for."""
    if record["key"] is None:
        return
    for feed, days in _days_of(index, record["key"]).items():
        root, work = layout.columnar / feed, layout.columnar_work(feed)
        if files.status(root) is None and files.status(work) is None:
            continue  # it was never projected
        ensure_folder(files, work)
        with files.lock(work / "lock", wait=True):  # whoever projects has what was read before
            for folder in _folders_of(files, root, days):
                _remove_tree(files, folder)
            if files.status(root) is not None:
                files.sync_folder(root)
            _clear(files, work)


def _days_of(index: Index, key: str) -> dict[str, set[str]]:
    """The capture days under which an object can be read, by feed."""
    days: dict[str, set[str]] = {}
    for entry in index.find(key):
        receipt = entry.receipt
        if receipt.key == key and receipt.feed and receipt.partition:
            days.setdefault(receipt.feed, set()).add(receipt.partition)
    return days


def _folders_of(files: Files, root: Path, days: set[str]) -> list[Path]:
    names = files.names(root) if files.status(root) is not None else []
    return [root / name for name in names if name.partition(".")[0] in days]


def _erase_restored(files: Files, layout: Layout) -> None:
    """Remove what a drill that was killed has left; one under way is waited for."""
    if files.status(layout.scratch) is None:
        return
    with files.lock(layout.scratch / "lock", wait=True):
        _clear(files, layout.scratch)


def _erase_cached(files: Files, cache: Path, ledger: Ledger, index: Index, record: Record) -> None:
    """Drop what is kept under any stored form that these bytes ever had here."""
    places = upkeep.with_archive_copy(record["place"])
    events = [event.record for place in places for event in index.upkeep.events(place)]
    # Of a receipt the index has the form that repairs left, the ledger the one that was cached before them.
    commits = [ledger.commit(seq) for seq in dict.fromkeys(entry.seq for entry in index.find(record["sha256"]))]
    receipts = [found for commit in commits if commit for found in commit.records]
    known = [found.get("stored_sha256") for found in receipts if found.get("sha256") == record["sha256"]]
    known += [record["stored_sha256"], *(event.get("stored_sha256") for event in events)]
    for digest in dict.fromkeys(digest for digest in known if digest):
        _remove(files, [cached_path(cache, digest)])
        # Of whoever is writing one just now: a copy that lost its name never gets its last one.
        for name in files.names(cache) if files.status(cache) is not None else ():
            if name.startswith(f"{digest}."):
                with contextlib.suppress(FileNotFoundError):
                    files.remove(cache / name)


def _remove(files: Files, paths: Iterable[Path]) -> None:
    folders: set[Path] = set()
    for path in paths:
        folders.add(path.parent)  # gone, but perhaps not for good: its folder may not be synced
        if files.status(path) is None:
            continue
        if is_sealed(files, path):
            files.set_immutable(path, on=False)
        with contextlib.suppress(FileNotFoundError):  # a cache's is anybody's to drop
            files.remove(path)
    for folder in sorted(folders):
        if files.status(folder) is not None:
            files.sync_folder(folder)


def _clear(files: Files, folder: Path) -> None:
    """Empty a folder of work whose lock is held."""
    for name in files.names(folder):
        if name != "lock":
            _remove_tree(files, folder / name)
    files.sync_folder(folder)


def _remove_tree(files: Files, path: Path) -> None:
    status = files.status(path)
    if status is None:
        return
    if not stat.S_ISDIR(status.st_mode):
        files.remove(path)
        return
    for name in files.names(path):
        _remove_tree(files, path / name)
    files.remove_folder(path)
