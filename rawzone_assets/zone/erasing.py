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
from rawzone_assets.zone.errors import CannotErase
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.layout import Layout, cached_path
from rawzone_assets.zone.receipt import Record


def erase(files: Files, layout: Layout, index: Index, records: Iterable[Record], *, cache: Path | None) -> None:
    """Remove what these records say is erased. The index must have caught up.

    Raises:
        OSError: The disk refused. The next command that holds the lock goes on.
    """
    for record in records:
        if record.get("record") != custody.ERASED:
            continue
        # What is derived goes first: it is built again of what is left, and never of what is not.
        _erase_projected(files, layout, index, record)
        if cache:
            _erase_cached(files, cache, index, record)
        _erase_restored(files, layout)
        _remove(files, places_of(layout, index, record["place"]))


def places_of(layout: Layout, index: Index, place: str) -> list[Path]:
    """Every path at which the bytes of an object or refused copy may lie in raw, archive and quarantine."""
    root, _, inner = place.partition("/")
    places = [place, f"{upkeep.ARCHIVE}/{inner}"] if root == upkeep.RAW else [place]
    kept = [
        event.record["evidence"]
        for known in places
        for event in index.upkeep.events(known)
        if event.record["record"] == upkeep.REPAIRED and event.record["evidence"]
    ]
    return [upkeep.path_of_place(layout, known) for known in dict.fromkeys([*places, *kept])]


def projected_days(files: Files, layout: Layout, index: Index, key: str) -> Iterator[tuple[str, list[Path]]]:
    """The folders of the columnar projection that hold rows of an object, by feed."""
    days: dict[str, set[str]] = {}
    for entry in index.find(key):
        receipt = entry.receipt
        if receipt.key == key and receipt.feed and receipt.partition:
            days.setdefault(receipt.feed, set()).add(receipt.partition)
    for feed, partitions in days.items():
        folder = layout.columnar / feed
        names = files.names(folder) if files.status(folder) is not None else []
        yield feed, [folder / name for name in names if name.partition(".")[0] in partitions]


def require_erasable(files: Files, paths: Iterable[Path], staging: Path) -> None:
    """See to it that sealed files could be removed, before anything is recorded.

    Raises:
        CannotErase: They could not.
        OSError: A file cannot be looked at.
    """
    sealed = next((path for path in paths if _is_sealed(files, path)), None)
    if sealed is None:
        return
    try:
        files.try_immutable(staging)
    except OSError as error:
        raise CannotErase(sealed, error) from error


def _erase_projected(files: Files, layout: Layout, index: Index, record: Record) -> None:
    """Take away whole days: their other rows are projected again when they are next asked for."""
    if record["key"] is None:
        return
    for feed, folders in projected_days(files, layout, index, record["key"]):
        work = layout.columnar_work(feed)
        if files.status(work) is None:
            continue
        with files.lock(work / "lock", wait=True):  # nobody projects meanwhile what was read before
            for folder in folders:
                _remove_tree(files, folder)
            for name in files.names(work):
                if name != "lock":
                    _remove_tree(files, work / name)


def _erase_restored(files: Files, layout: Layout) -> None:
    """Remove what a drill that was killed has left; one under way is waited for."""
    if files.status(layout.scratch) is None:
        return
    with files.lock(layout.scratch / "lock", wait=True):
        for name in files.names(layout.scratch):
            if name != "lock":
                files.remove(layout.scratch / name)


def _erase_cached(files: Files, cache: Path, index: Index, record: Record) -> None:
    """Drop what is kept under any stored form that these bytes ever had here."""
    root, _, inner = record["place"].partition("/")
    places = [record["place"], *([f"{upkeep.ARCHIVE}/{inner}"] if root == upkeep.RAW else [])]
    events = [event.record for place in places for event in index.upkeep.events(place)]
    known = [entry.receipt.stored_sha256 for entry in index.find(record["sha256"])]
    known += [record["stored_sha256"], *(event.get("stored_sha256") for event in events)]
    for digest in dict.fromkeys(digest for digest in known if digest):
        with contextlib.suppress(FileNotFoundError, NotADirectoryError):
            files.remove(cached_path(cache, digest))
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
        if _is_sealed(files, path):
            files.set_immutable(path, on=False)
        files.remove(path)
    for folder in sorted(folders):
        if files.status(folder) is not None:
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


def _is_sealed(files: Files, path: Path) -> bool:
    status = files.status(path)
    return status is not None and stat.S_ISREG(status.st_mode) and files.is_immutable(path)
