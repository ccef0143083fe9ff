"""Re-reading: stored files are held against what the ledger says of them, several at a time.

Nothing here trusts a size or a time, or lists anything: which files there are is told by the caller.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from operator import attrgetter

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.items import Item, damage_of
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.zone import codec, custody
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.files import Files, why_unread
from rawzone_assets.zone.portions import portions
from rawzone_assets.zone.receipt import Record
from rawzone_assets.zone.zone import Zone

_AT_ONCE = 64  # portions handed to the readers before their results are taken
_MOST_FILES, _MOST_BYTES = 32, 2**20  # of a portion


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A recorded file that was re-read, and what is wrong with it."""

    item: Item
    problem: Damage | None


def check(zone: Zone, items: Iterable[Item], recorded: Recorded) -> Iterator[Checked]:
    """Re-read files that ``recorded`` names, several at a time, in the order given."""

    def check_some(some: Sequence[Item]) -> list[Checked]:
        return [Checked(item=item, problem=_problem(zone, item, recorded)) for item in some]

    waiting = portions(items, attrgetter("stored_size"), most=_MOST_FILES, most_size=_MOST_BYTES)
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        while ahead := list(islice(waiting, _AT_ONCE)):
            for done in pool.map(check_some, ahead):
                yield from done


def _problem(zone: Zone, item: Item, recorded: Recorded) -> Damage | None:
    """What is wrong with a recorded file. An archived object is missing only if it is in neither place."""
    problem = check_item(zone.files, item)
    if problem is None or problem.kind is not DamageKind.MISSING:
        return problem
    if _left_since(zone, item, recorded):
        return None
    if item.is_archive_copy and item.key:
        hot = replace(item, location=str(zone.layout.object(item.key)))
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
            codec.check_file(stream, **custody.form_of(item))
    except codec.Damaged as problem:
        told = "it does not say what its receipt says" if item.is_document else str(problem)
        return damage_of(DamageKind.DAMAGED, item, told)
    except OSError as error:
        return _unread(files, item, error)
    return None


def _unread(files: Files, item: Item, error: OSError) -> Damage:
    """Why a recorded file could not be read: it is not there, it is no file, or what the system says."""
    with suppress(OSError):
        if files.status(item.path) is None:
            return damage_of(DamageKind.MISSING, item, "its receipt says it exists")
    return damage_of(DamageKind.DAMAGED, item, why_unread(files, item.path, error))
