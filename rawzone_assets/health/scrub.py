"""Scrub: re-read stored bytes and every commit, and name each file that is not what was recorded.

The scrub shares no path with the code that writes: it reads the ledger's files themselves, never the index,
and trusts neither size nor time. It goes on after damage, because an auditor wants the whole list.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from rawzone_assets.health import tree
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.recorded import Item, Recorded, damage_of, read_recorded
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.staging import leftovers
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 1024  # files handed to the readers before their results are taken

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
    objects: int  # in raw
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
    missing: list[Item] = []
    done = 0
    for checked in check(zone, wanted):
        done += weight_of(checked.item)
        if checked.problem:
            damages.append(checked.problem)
            if checked.problem.kind is DamageKind.MISSING:
                missing.append(checked.item)
        if progress:
            progress(done, total)
    found = list(foreign(zone, around, missing, feeds))
    weak = tree.weaknesses(zone, around.tree, around.recorded, wanted)
    return ScrubReport(
        damages=(*damages, *(damage for damage in found if damage.kind is not DamageKind.LEFTOVER)),
        weaknesses=(*weak, *(damage for damage in found if damage.kind is DamageKind.LEFTOVER)),
        objects=sum(item.key is not None for item in wanted),
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


def check(zone: Zone, items: Iterable[Item]) -> Iterator[Checked]:
    """Re-read recorded files, several at a time, in the order given."""
    rest = iter(items)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        while some := list(islice(rest, _AT_ONCE)):
            yield from pool.map(lambda item: Checked(item=item, problem=check_item(zone.files, item)), some)


def check_item(files: Files, item: Item) -> Damage | None:
    """What is wrong with one recorded file; ``None`` when it is sound."""
    try:
        status = files.status(item.path)
        if status is None:
            return damage_of(DamageKind.MISSING, item, "its receipt says it exists")
        if not stat.S_ISREG(status.st_mode):
            what = "a link lies" if stat.S_ISLNK(status.st_mode) else "something that is no file lies"
            return damage_of(DamageKind.DAMAGED, item, f"{what} in its place")
        with files.open(item.path) as stream:
            codec.check_stored(
                codec.blocks_of(stream),
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
        problem_of_system = (error.strerror or "no reason").lower()
        return damage_of(DamageKind.DAMAGED, item, f"it cannot be read ({problem_of_system})")
    return None


def foreign(
    zone: Zone, around: Surroundings, missing: Iterable[Item], feeds: Sequence[str] = ()
) -> Iterator[Damage]:
    """Files that nothing recorded accounts for."""
    recorded = around.recorded
    known = {item.path for item in recorded.items.values()} | tree.in_flight(zone, around.interrupted)
    known |= {upkeep.path_of_place(zone.layout, place) for place in recorded.evidence}
    for damage in tree.strangers(zone, around.tree, known, missing):
        inside = upkeep.place_of(zone.layout, Path(damage.path)).partition("/")[2]
        if not feeds or any(inside.startswith(f"{feed}/") for feed in feeds):
            yield damage


def weight_of(item: Item) -> int:
    """Bytes of stored deliveries are what progress is told in; findings are small and not counted."""
    return 0 if item.is_document else item.stored_size


def _is_wanted(item: Item, feeds: Sequence[str], since: str | None, until: str | None) -> bool:
    day = item.partition or ""
    return (not feeds or item.feed in feeds) and (since or "") <= day and (not until or day <= until)
