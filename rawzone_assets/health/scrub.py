"""Scrub: re-read stored bytes and every commit, and name each file that is not what was recorded.

The scrub shares no path with the code that writes: it reads the ledger's files themselves, never the index,
and trusts neither size nor time. It goes on after damage, because an auditor wants the whole list.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

from rawzone_assets.health import tree
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.recorded import Erased, Item, Recorded, damage_of, read_recorded
from rawzone_assets.zone import codec, custody, upkeep
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import LedgerDamaged, StorageFailed
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.staging import leftovers
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 64  # portions handed to the readers before their results are taken
_MOST_FILES, _MOST_BYTES = 32, 2**20  # of a portion

Progress = Callable[[int, int], None]
"""Called with (bytes read so far, bytes to read)."""


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A recorded file that was re-read, and what is wrong with it."""

    item: Item
    problem: Damage | None


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a scrub knows before it reads a single stored byte. The tree is listed before the ledger is read,
    so a promotion that runs meanwhile is no finding.
    """

    tree: tree.Tree
    unreadable: tuple[Damage, ...]  # folders and files that the system does not let us look at
    recorded: Recorded
    interrupted: tuple[str, ...]  # batches in flight or left by a crash; the next promotion finishes them


@dataclass(frozen=True, kw_only=True)
class ScrubReport:
    """What a scrub read and what it found."""

    damages: tuple[Damage, ...]
    weaknesses: tuple[Damage, ...]  # sound bytes that are not protected as they should be
    objects: int  # in raw or in the archive
    archived: int  # of them, those in the archive alone
    erased: tuple[Erased, ...]  # what is gone by law, and is looked for nowhere
    refused: int  # copies in quarantine
    bytes: int  # stored bytes read
    commits: int
    head: Head
    interrupted: int
    recorded: Recorded


def scrub(
    zone: Zone,
    *,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> ScrubReport:
    """Check chain, objects and quarantine; ``feeds`` and partitions narrow the objects, never the chain.

    Raises:
        StorageFailed: The ledger's or the staging folder cannot be listed.
    """
    with reading_the_zone():
        return _scrub(zone, feeds=feeds, since=since, until=until, progress=progress)


@contextmanager
def reading_the_zone() -> Iterator[None]:
    """Says what to do when the system refuses a read without which nothing can be told.

    Raises:
        StorageFailed: It did.
    """
    try:
        yield
    except OSError as error:
        raise StorageFailed("read the zone", error) from error


def _scrub(
    zone: Zone, *, feeds: Sequence[str], since: str | None, until: str | None, progress: Progress | None
) -> ScrubReport:
    around = look_around(zone)
    wanted = [item for item in around.recorded.items.values() if _is_wanted(item, feeds, since, until)]
    total = sum(weight_of(item) for item in wanted)
    damages = [*around.recorded.damages, *around.unreadable]
    weak: list[Damage] = []
    missing: list[Item] = []
    done = 0
    for checked in check(zone, wanted, around.recorded):
        done += weight_of(checked.item)
        if checked.problem:
            (weak if checked.problem.kind is DamageKind.COPY else damages).append(checked.problem)
            if checked.problem.kind is DamageKind.MISSING:
                missing.append(checked.item)
        if progress:
            progress(done, total)
    found = list(foreign(zone, around, missing, feeds))
    weak += tree.weaknesses(zone, around.tree, around.recorded, wanted)
    return ScrubReport(
        damages=(*damages, *(damage for damage in found if damage.kind is not DamageKind.LEFTOVER)),
        weaknesses=(*weak, *(damage for damage in found if damage.kind is DamageKind.LEFTOVER)),
        objects=sum(is_object(around.recorded, item) for item in wanted),
        erased=tuple(around.recorded.erased.values()),
        archived=sum(item.is_archive_copy and is_object(around.recorded, item) for item in wanted),
        refused=sum(item.key is None and not item.is_document for item in wanted),
        bytes=done,
        commits=around.recorded.commits,
        head=around.recorded.head,
        interrupted=len(around.interrupted),
        recorded=around.recorded,
    )


def look_around(zone: Zone) -> Surroundings:
    """List the tree, then read the ledger."""
    listed, unreadable = tree.read_tree(zone)
    return Surroundings(
        tree=listed,
        unreadable=tuple(unreadable),
        recorded=read_recorded(zone),
        interrupted=tuple(leftovers(zone.files, zone.layout)),
    )


def check(zone: Zone, items: Iterable[Item], recorded: Recorded) -> Iterator[Checked]:
    """Re-read files that ``recorded`` names, several at a time, in the order given."""

    def check_some(some: Sequence[Item]) -> list[Checked]:
        return [Checked(item=item, problem=_problem(zone, item, recorded)) for item in some]

    portions = _portions(items)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        while ahead := list(islice(portions, _AT_ONCE)):
            for done in pool.map(check_some, ahead):
                yield from done


def _portions(items: Iterable[Item]) -> Iterator[list[Item]]:
    """Some files each: handing a reader one by one takes as long as reading a small one."""
    portion: list[Item] = []
    size = 0
    for item in items:
        portion.append(item)
        size += item.stored_size
        if len(portion) == _MOST_FILES or size >= _MOST_BYTES:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def is_object(recorded: Recorded, item: Item) -> bool:
    """Whether an item is what its object is read from: of a restored one, not the copy that stays behind."""
    if item.key is None or not item.is_archive_copy:
        return item.key is not None
    return recorded.whereabouts(item.key) is Whereabouts.ARCHIVE


def _problem(zone: Zone, item: Item, recorded: Recorded) -> Damage | None:
    """What is wrong with a recorded file. An archived object is missing only if it is in neither place."""
    problem = check_item(zone.files, item)
    if problem is None or problem.kind is not DamageKind.MISSING:
        return problem
    if _left_since(zone, item, recorded):
        return None
    if item.is_archive_copy and item.key:
        hot = replace(item, path=zone.layout.object(item.key))
        if check_item(zone.files, hot) is None:
            told = "its archive copy is missing, but the hot copy is sound: run 'rawzone repair'"
            return damage_of(DamageKind.COPY, item, told)
    return problem


def _left_since(zone: Zone, item: Item, recorded: Recorded) -> bool:
    """Whether a missing file was archived or erased after the ledger was read: a scrub takes hours."""
    if not recorded.head.sha256:
        return False
    with suppress(LedgerDamaged):
        return any(
            _takes_away(record, item)
            for commit in zone.ledger.after(recorded.head)
            for record in commit.records
            if custody.is_custody(record)
        )
    return False


def _takes_away(record: Record, item: Item) -> bool:
    is_about_it = item.key is not None and record.get("key") == item.key
    if record["record"] == custody.ERASED:
        return is_about_it or record["place"] == item.place
    return record["record"] == custody.ARCHIVED and is_about_it and not item.is_archive_copy


def check_item(files: Files, item: Item) -> Damage | None:
    """What is wrong with one recorded file; ``None`` when it is sound."""
    try:
        with files.open(item.path) as stream:
            codec.check_file(
                stream,
                encoding=item.encoding,
                size=item.size,
                sha256=item.sha256,
                stored_size=item.stored_size,
                stored_sha256=item.stored_sha256,
            )
    except codec.Damaged as problem:
        told = "it does not say what its receipt says" if item.is_document else str(problem)
        return damage_of(DamageKind.DAMAGED, item, told)
    except OSError as error:
        return _unread(files, item, error)
    return None


def _unread(files: Files, item: Item, error: OSError) -> Damage:
    """Why a recorded file could not be read: it is not there, it is no file, or what the system says."""
    try:
        status = files.status(item.path)
    except OSError as other:
        status, error = None, other
    else:
        if status is None:
            return damage_of(DamageKind.MISSING, item, "its receipt says it exists")
    if status and not stat.S_ISREG(status.st_mode):
        what = "a link lies" if stat.S_ISLNK(status.st_mode) else "something that is no file lies"
        return damage_of(DamageKind.DAMAGED, item, f"{what} in its place")
    return damage_of(DamageKind.DAMAGED, item, f"it cannot be read ({(error.strerror or 'no reason').lower()})")


def foreign(
    zone: Zone, around: Surroundings, missing: Iterable[Item], feeds: Sequence[str] = ()
) -> Iterator[Damage]:
    """Files that nothing recorded accounts for."""
    recorded = around.recorded
    known = {item.path for item in recorded.items.values()} | tree.in_flight(zone, around.interrupted)
    known |= {upkeep.path_of_place(zone.layout, place) for place in recorded.evidence}
    for damage in tree.strangers(zone, around.tree, recorded, known, missing):
        inside = upkeep.place_of(zone.layout, Path(damage.path)).partition("/")[2]
        if not feeds or any(inside.startswith(f"{feed}/") for feed in feeds):
            yield damage


def weight_of(item: Item) -> int:
    """Bytes of stored deliveries are what progress is told in; findings are small and not counted."""
    return 0 if item.is_document else item.stored_size


def _is_wanted(item: Item, feeds: Sequence[str], since: str | None, until: str | None) -> bool:
    day = item.partition or ""
    return (not feeds or item.feed in feeds) and (since or "") <= day and (not until or day <= until)
