"""Tree: what really lies below raw, quarantine and archive, and what of it the ledger does not account for.

Every name is looked at without following a link. Ledger and staging have their own readers.
"""

from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.items import Item, damage_of
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.files import Files, what_lies_there
from rawzone_assets.zone.layout import LEDGER_FOLDER, LOST_AND_FOUND, STAGING_FOLDER
from rawzone_assets.zone.ledger import DamagedCommit, bytes_at, decode_commit
from rawzone_assets.zone.replacing import digest_of_file, holds
from rawzone_assets.zone.staging import Batch
from rawzone_assets.zone.zone import Zone

Tree = Mapping[str, os.stat_result]
"""By path, as text: it takes a third of the time to look up."""


def read_tree(zone: Zone) -> tuple[Tree, list[Damage]]:
    """Every file, link or other thing below raw, quarantine and archive but for ledger and staging.

    What the system does not let us look at is damage, so that one bad folder does not hide the others.
    """
    found: dict[str, os.stat_result] = {}
    unreadable: list[Damage] = []
    for root in (zone.layout.raw, zone.layout.quarantine, zone.layout.archive):
        walked = _walk(zone.files, root, unreadable, passing=(LEDGER_FOLDER, STAGING_FOLDER))
        found.update((str(path), status) for path, status in walked)
    return found, unreadable


def _walk(
    files: Files, root: Path, unreadable: list[Damage], *, passing: Sequence[str] = ()
) -> Iterator[tuple[Path, os.stat_result]]:
    folders = [root]
    while folders:
        folder = folders.pop()
        # The file system's own, and root's alone: nothing of the zone is in there.
        denied = [] if folder == root / LOST_AND_FOUND else unreadable
        for name in _names(files, folder, denied):
            path = folder / name
            if folder == root and name in passing:
                unreadable.extend(_led_away(files, path))
                continue
            try:
                status = files.status(path)
            except OSError as error:
                unreadable.append(_unreadable(path, "it cannot be looked at", error))
                continue
            if status is None:
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(path)
            else:
                yield path, status


def _led_away(files: Files, folder: Path) -> Iterator[Damage]:
    """A folder of the zone's own that is a link: what is read through it is whatever lies elsewhere."""
    try:
        status = files.status(folder)
    except OSError:
        return  # whoever reads what is in there says so
    if status and stat.S_ISLNK(status.st_mode):
        problem = "a link lies in the place of the zone's own folder: put the folder itself there"
        yield Damage(kind=DamageKind.FOREIGN, path=str(folder), problem=problem)


def _names(files: Files, folder: Path, unreadable: list[Damage]) -> list[str]:
    try:
        return files.names(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []  # it went since it was seen, or nothing was ever promoted
    except OSError as error:
        unreadable.append(_unreadable(folder, "the folder cannot be listed", error))
        return []


def _unreadable(path: Path, what: str, error: OSError) -> Damage:
    why = (error.strerror or "no reason").lower()
    return Damage(kind=DamageKind.DAMAGED, path=str(path), problem=f"{what} ({why})")


def in_flight(zone: Zone, batches: Iterable[str]) -> set[Path]:
    """Places that a batch in staging is about to fill, or filled before it crashed."""
    places: set[Path] = set()
    for name in batches:
        batch = Batch(zone.files, zone.layout, name)
        try:
            for path in batch.commits():
                records = decode_commit(bytes_at(zone.files, path)).records
                for placement in (p for record in records for p in batch.places.of(record)):
                    places |= {placement.target} | ({placement.evidence} if placement.evidence else set())
        except (OSError, DamagedCommit):
            continue  # it was finished or dropped meanwhile
    return places


def strangers(
    zone: Zone, tree: Tree, recorded: Recorded, known: set[str], missing: Iterable[Item]
) -> Iterator[Damage]:
    """Files that no receipt knows; one with the bytes of a missing file is that file under another name."""
    lost: dict[str, Item] = {}
    for item in missing:
        lost[item.stored_sha256] = lost[item.sha256] = item
    sizes = {size for item in lost.values() for size in (item.stored_size, item.size)}  # of another it is none
    evidence = zone.layout.quarantine / upkeep.EVIDENCE_FOLDER
    for path in sorted(map(Path, tree.keys() - known)):
        if zone.files.status(path) is None:
            continue
        if erased := _erased_at(zone, recorded, path):
            yield erased.at(path)
        elif copied := _archived_at(zone, recorded, path):
            yield _hot_copy(zone, copied, path)
        elif path.is_relative_to(evidence):
            problem = "an interrupted repair kept it and did not come to record it: run 'rawzone repair'"
            yield Damage(kind=DamageKind.LEFTOVER, path=str(path), problem=problem)
        elif tree[str(path)].st_size in sizes and (found := lost.get(digest_of_file(zone.files, path) or "")):
            problem = f"no receipt knows it, but its bytes are those of {found.place}, which is missing"
            yield damage_of(DamageKind.RENAMED, found, problem).at(path)
        else:
            what = "this link" if stat.S_ISLNK(tree[str(path)].st_mode) else "it"
            problem = _unknown(what, recorded)
            yield Damage(kind=DamageKind.FOREIGN, path=str(path), problem=problem)


def _unknown(what: str, recorded: Recorded) -> str:
    """What is to be said of a file that no receipt knows: nothing is to go that a lost one might have known."""
    if not recorded.commits:
        return f"there is no ledger that could know {what}: put one that was lost back before anything is moved"
    if None in recorded.hashes:
        return f"no receipt that can be read knows {what}: repair the ledger before anything else"
    return f"no receipt knows {what}: move it away"


def strays(zone: Zone) -> Iterator[Damage]:
    """What lies between the batches in staging: a batch is a folder, and removed with all that lies in it."""
    for root in zone.layout.stagings:
        for name in _names(zone.files, root, []):
            path = root / name
            status = zone.files.status(path)
            if path == zone.layout.zone_lock:
                problem = what_lies_there(status)
                if problem:
                    yield Damage(kind=DamageKind.LEFTOVER, path=str(path), problem=f"{problem}: move it away")
            elif status is not None and not stat.S_ISDIR(status.st_mode):
                problem = "it belongs to no batch: move it away"
                yield Damage(kind=DamageKind.LEFTOVER, path=str(path), problem=problem)


def _erased_at(zone: Zone, recorded: Recorded, path: Path) -> Damage | None:
    """What is to be said of a file where the ledger says that bytes were erased; ``None`` anywhere else."""
    place = upkeep.place_of(zone.layout, path)
    inner = place.partition("/")[2]
    erased = recorded.erased.get(place) or recorded.erased.get(f"{upkeep.RAW}/{inner}")
    if erased is None or (place.startswith(f"{upkeep.QUARANTINE}/") and place not in recorded.erased):
        return None
    told = erased.sentence.partition(": ")[2]
    again = f"'rawzone erase {erased.record['sha256']}' says how to remove it"
    return Damage(
        kind=DamageKind.UNERASED,
        path=str(path),
        problem=f"it was {told}, and it lies there all the same: {again}",
        **{name: erased.record[name] for name in ("feed", "partition", "key")},
    )


def _archived_at(zone: Zone, recorded: Recorded, path: Path) -> Item | None:
    """The archive copy of the object whose key this path in raw is, if the ledger says that it moved there."""
    if not path.is_relative_to(zone.layout.raw):
        return None
    key = path.relative_to(zone.layout.raw).as_posix()
    if recorded.whereabouts(key) is not Whereabouts.ARCHIVE:
        return None
    return recorded.items.get(f"{upkeep.ARCHIVE}/{key}")


def _hot_copy(zone: Zone, item: Item, path: Path) -> Damage:
    """What lies in raw beside an archived object: a copy that was not released yet, or something else."""
    if holds(zone.files, path, item.stored_sha256, item.stored_size):
        problem = "its object is recorded as archived: the next 'rawzone archive apply' releases this hot copy"
        return damage_of(DamageKind.LEFTOVER, item, problem).at(path)
    problem = "its object is recorded as archived, and these are other bytes: find out whose they are"
    return damage_of(DamageKind.FOREIGN, item, problem).at(path)


def weaknesses(zone: Zone, tree: Tree, recorded: Recorded, items: Iterable[Item]) -> Iterator[Damage]:
    """Recorded files whose bytes somebody could change, and folders in which others could replace them."""
    names = Counter((status.st_dev, status.st_ino) for status in tree.values())
    names += _staged_names(zone)
    owners: dict[str, int | None] = {}
    folders: dict[str, None] = {}  # in order
    for item in items:
        root = item.place.partition("/")[0]
        if root not in owners:
            owners[root] = _owner(zone.files, upkeep.root_of(zone.layout, root))
        folders[item.location.rpartition("/")[0]] = None
        status = tree.get(item.location)
        if status and status.st_nlink > 1:
            status = zone.files.status(item.path)  # a batch may have taken its own names back since
        for kind, problem in _weaknesses(status, names, owners[root]) if status else ():
            yield damage_of(kind, item, problem)
    owner = owners.setdefault(upkeep.RAW, _owner(zone.files, zone.layout.raw))
    for seq in range(len(recorded.hashes)):
        path = zone.layout.commit(seq)
        status = zone.files.status(path)
        if status is None:
            continue
        names[status.st_dev, status.st_ino] += 1
        for kind, problem in _weaknesses(status, names, owner):
            yield Damage(kind=kind, path=str(path), problem=problem)
    if recorded.hashes:
        folders[str(zone.layout.ledger)] = None
    yield from _weak_folders(zone, map(Path, folders))


def _owner(files: Files, root: Path) -> int | None:
    """Whose the files of a root are: whose it is itself, whatever a share makes of users."""
    status = files.status(root)
    return status.st_uid if status else None


def _weak_folders(zone: Zone, lowest: Iterable[Path]) -> Iterator[Damage]:
    """Folders from a root down to recorded files in which others may give a name to other bytes."""
    layout, seen = zone.layout, set[Path]()
    for folder in lowest:
        root = next(r for r in (layout.raw, layout.quarantine, layout.archive) if folder.is_relative_to(r))
        for level in (folder, *folder.parents):
            if level in seen:
                break
            seen.add(level)
            status = zone.files.status(level)
            mode = stat.S_IMODE(status.st_mode) if status and stat.S_ISDIR(status.st_mode) else 0
            if mode & 0o022:
                problem = f"its mode {mode:03o} lets others replace what lies in it: chmod it to 755"
                yield Damage(kind=DamageKind.WRITABLE, path=str(level), problem=problem)
            if level == root:
                break


def _weaknesses(
    status: os.stat_result, names: Counter[tuple[int, int]], owner: int | None
) -> Iterator[tuple[DamageKind, str]]:
    if not stat.S_ISREG(status.st_mode):
        return
    mode = stat.S_IMODE(status.st_mode)
    if mode & 0o222:
        yield DamageKind.WRITABLE, f"its mode {mode:03o} lets it be written: chmod it to 444"
    if owner is not None and status.st_uid not in (owner, 0):  # root may change it anyhow
        yield DamageKind.OWNED, f"it belongs to user {status.st_uid}, who may change it: chown it to {owner}"
    # Equal refusals of a batch share a file, and a batch in flight links what it stages: those names are ours.
    elsewhere = status.st_nlink - names[status.st_dev, status.st_ino]
    if elsewhere > 0:
        counted = "another name" if elsewhere == 1 else f"{elsewhere} other names"
        yield DamageKind.LINKED, f"it has {counted} outside of the zone (a hard link): find it and remove it"


def _staged_names(zone: Zone) -> Counter[tuple[int, int]]:
    """How many names in staging each file has."""
    names: Counter[tuple[int, int]] = Counter()
    for root in zone.layout.stagings:
        names.update((status.st_dev, status.st_ino) for _, status in _walk(zone.files, root, []))
    return names
