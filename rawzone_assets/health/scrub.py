"""Scrub: re-read stored bytes and every commit, and name each file that is not what was recorded.

The scrub shares no path with the code that writes: it reads the ledger's files themselves, never the index,
and trusts neither size nor time. It goes on after damage, because an auditor wants the whole list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from rawzone_assets.health import tree
from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.evidence import lost
from rawzone_assets.health.items import Item
from rawzone_assets.health.reading_ahead import reading_ahead
from rawzone_assets.health.recorded import Erased, Recorded, read_on, read_recorded
from rawzone_assets.health.rereading import check
from rawzone_assets.zone import presence, upkeep
from rawzone_assets.zone.custody import Whereabouts
from rawzone_assets.zone.errors import RootAway, StorageFailed
from rawzone_assets.zone.garbage import collected_seldom
from rawzone_assets.zone.ledger import Head
from rawzone_assets.zone.staging import leftovers
from rawzone_assets.zone.zone import Zone

Progress = Callable[[int, int], None]
"""Called with (bytes read so far, bytes to read)."""

_ASIDE = (DamageKind.LEFTOVER, DamageKind.EVIDENCE)  # nothing that the zone stores is wrong for that


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a scrub knows of the zone before it tells anything. The ledger's end is read after the tree is
    listed, so a promotion that runs meanwhile is no finding.
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
    absent: tuple[RootAway, ...]  # roots that are empty: all that is missing there may be sound


def scrub(
    zone: Zone,
    *,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> ScrubReport:
    """Check chain, objects and quarantine; ``feeds`` and partitions narrow the objects, never the chain.

    ``meanwhile`` is called while files are read, and before the end of the ledger is.

    Raises:
        StorageFailed: The ledger's or the staging folder cannot be listed.
    """
    with reading_the_zone(), collected_seldom():
        return _scrub(zone, feeds=feeds, since=since, until=until, progress=progress, meanwhile=meanwhile)


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
    zone: Zone,
    *,
    feeds: Sequence[str],
    since: str | None,
    until: str | None,
    progress: Progress | None,
    meanwhile: Callable[[], object] | None,
) -> ScrubReport:
    def is_wanted(item: Item) -> bool:
        return _is_wanted(item, feeds, since, until)

    unread: list[Item] = []
    done = 0
    with reading_ahead(zone.files, is_wanted) as ahead:
        around = look_around(zone, named=ahead.name, meanwhile=meanwhile)
        ahead.all_are_named()
        wanted = list(filter(is_wanted, around.recorded.items.values()))
        total = sum(map(weight_of, wanted))
        exposed = list(tree.weaknesses(zone, around.tree, around.recorded, wanted))
        for item in wanted:
            if not ahead.finds_sound(item):
                unread.append(item)
                continue
            done += weight_of(item)
            if progress:
                progress(done, total)
    damages = [*around.recorded.damages, *around.unreadable]
    weak: list[Damage] = []
    missing: list[Item] = []
    for checked in check(zone, unread, around.recorded):
        done += weight_of(checked.item)
        if checked.problem:
            (weak if checked.problem.kind is DamageKind.COPY else damages).append(checked.problem)
            if checked.problem.kind is DamageKind.MISSING:
                missing.append(checked.item)
        if progress:
            progress(done, total)
    absent: list[RootAway] = []
    with suppress(OSError):  # what cannot be looked at is named as damage
        absent.extend(absent_roots(zone, around.recorded))
    found = list(foreign(zone, around, missing, feeds))
    if not (feeds or since or until):
        found += [*lost(zone, around.recorded), *tree.strays(zone)]
    damaged = {damage.path for damage in damages}
    exposed = [weakness for weakness in exposed if weakness.path not in damaged]  # those are not sound
    return ScrubReport(
        damages=(*damages, *(damage for damage in found if damage.kind not in _ASIDE)),
        weaknesses=(*weak, *exposed, *(damage for damage in found if damage.kind in _ASIDE)),
        objects=sum(is_object(around.recorded, item) for item in wanted),
        erased=tuple(around.recorded.erased.values()),
        archived=sum(item.is_archive_copy and is_object(around.recorded, item) for item in wanted),
        refused=sum(item.key is None and not item.is_document for item in wanted),
        bytes=done,
        commits=around.recorded.commits,
        head=around.recorded.head,
        interrupted=len(around.interrupted),
        recorded=around.recorded,
        absent=tuple(absent),
    )


def look_around(
    zone: Zone,
    *,
    named: Callable[[Sequence[Item]], None] | None = None,
    meanwhile: Callable[[], object] | None = None,
) -> Surroundings:
    """Read the ledger, list the tree, do what else there is to do, and read what was committed meanwhile.

    ``named`` is told of files while the ledger is read.
    """
    recorded = read_recorded(zone, named=named)
    listed, unreadable = tree.read_tree(zone)
    if meanwhile:
        meanwhile()
    read_on(recorded, zone)
    return Surroundings(
        tree=listed,
        unreadable=tuple(unreadable),
        recorded=recorded,
        interrupted=tuple(leftovers(zone.files, zone.layout)),
    )


def absent_roots(zone: Zone, recorded: Recorded) -> Iterator[RootAway]:
    """What is to be said of roots that are empty although files are recorded in them.

    Raises:
        OSError: One cannot be looked at.
    """

    def holds_files(name: str) -> bool:
        return any(place.startswith(f"{name}/") for place in recorded.items)

    return presence.absent_roots(zone.files, zone.layout, holds_files)


def is_object(recorded: Recorded, item: Item) -> bool:
    """Whether an item is what its object is read from: of a restored one, not the copy that stays behind."""
    if item.key is None or not item.is_archive_copy:
        return item.key is not None
    return recorded.whereabouts(item.key) is Whereabouts.ARCHIVE


def foreign(
    zone: Zone, around: Surroundings, missing: Iterable[Item], feeds: Sequence[str] = ()
) -> Iterator[Damage]:
    """Files that nothing recorded accounts for."""
    recorded = around.recorded
    known = {item.location for item in recorded.items.values()}
    known.update(map(str, tree.in_flight(zone, around.interrupted)))
    known.update(upkeep.location_of(zone.layout, place) for place in recorded.evidence)
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
