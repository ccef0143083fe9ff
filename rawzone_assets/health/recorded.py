"""Recorded: what the ledger's own files say must exist, and whether they are a chain.

Read without the index and without the code that writes, so that neither can hide anything. It goes on after
damage: of a damaged commit the records that are still legible count (``legible_records``), so that their
objects are not called foreign. Repairs are applied, so that a file is compared with the form it has now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile
from pathlib import Path

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.items import Item, damage_of, items_of
from rawzone_assets.health.legible_records import legible_records
from rawzone_assets.zone import custody, upkeep
from rawzone_assets.zone.custody import Custody, Whereabouts
from rawzone_assets.zone.files import Files, why_unread
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.ledger import EMPTY, DamagedCommit, Head, bytes_at, commit_number, decode_commit
from rawzone_assets.zone.receipt import Record, timestamp
from rawzone_assets.zone.zone import Zone

_MOST_MISSING = 10_000  # commits in a row, unless the one after them says that it is one


@dataclass(frozen=True, kw_only=True)
class Erased:
    """What was erased by law, and when."""

    seq: int
    at: str
    record: Record

    @property
    def sentence(self) -> str:
        told = f"erased by law on {self.at[:10]} by authority of {self.record['authority']}"
        return f"{self.record['place']}: {told}: {self.record['reason']}"


@dataclass(kw_only=True)
class Recorded:
    """What the ledger's files say, as far as they can be read."""

    items: dict[str, Item] = field(default_factory=dict)  # by place, in ledger order
    damages: list[Damage] = field(default_factory=list)
    commits: int = 0
    head: Head = EMPTY
    hashes: list[str | None] = field(default_factory=list)  # of each commit's file; None: damaged or missing
    verified: list[str] = field(default_factory=list)  # when each commit's files were last read, all of them
    verified_by: list[int] = field(default_factory=list)  # the commit that says so: its own, or a scrub's
    known_damage: dict[str, Record] = field(default_factory=dict)  # found by a scrub and not repaired since
    evidence: dict[str, Record] = field(default_factory=dict)  # by where a repair keeps what it took away
    custody: dict[str, Custody] = field(default_factory=dict)  # by key, of objects that ever left raw
    erased: dict[str, Erased] = field(default_factory=dict)  # by place

    def commit_items(self) -> dict[int, list[Item]]:
        """The items of each commit that names any."""
        found: dict[int, list[Item]] = {}
        for item in self.items.values():
            found.setdefault(item.seq, []).append(item)
        return found

    def whereabouts(self, key: str) -> Whereabouts:
        """Where the ledger has an object."""
        return self.custody.get(key, Custody()).whereabouts


def read_recorded(zone: Zone, *, named: Callable[[Sequence[Item]], None] | None = None) -> Recorded:
    """Read the whole ledger. ``named`` is told what each commit names first; later ones may say otherwise.

    Raises:
        OSError: The ledger's folder cannot be listed.
    """
    folder, files = zone.layout.ledger, zone.files
    recorded = Recorded()
    names = files.names(folder) if files.status(folder) is not None else []
    numbers = list(map(commit_number, names))
    chain = [number for number in numbers if number is not None]
    while chain and _is_far_off(zone, chain):
        chain.pop()
    recorded.damages += [
        _stranger(files, folder / name)
        for name, number in zip(names, numbers, strict=True)
        if number is None or number > (chain[-1] if chain else -1)
    ]
    for seq in range(chain[-1] + 1 if chain else 0):
        _read_commit(recorded, zone, seq)
        if named:
            named(list(takewhile(lambda item: item.seq == seq, reversed(recorded.items.values()))))  # noqa: B023
    return recorded


def _is_far_off(zone: Zone, chain: Sequence[int]) -> bool:
    """Whether no commit has the last of these numbers: every one before it would count as missing."""
    before = chain[-2] if len(chain) > 1 else -1
    if chain[-1] - before <= _MOST_MISSING:
        return False
    try:
        return decode_commit(bytes_at(zone.files, zone.layout.commit(chain[-1]))).seq != chain[-1]
    except (OSError, DamagedCommit):
        return True


def read_on(recorded: Recorded, zone: Zone) -> None:
    """Take in what was committed since the ledger's folder was listed."""
    while zone.files.status(zone.layout.commit(len(recorded.hashes))) is not None:
        _read_commit(recorded, zone, len(recorded.hashes))


def _read_commit(recorded: Recorded, zone: Zone, seq: int) -> None:
    path = zone.layout.commit(seq)
    before = recorded.head
    recorded.hashes.append(None)
    recorded.verified_by.append(seq)
    recorded.verified.append(timestamp(before.at) if before.at else "")
    # Its successor cannot be blamed for what it does not chain to.
    recorded.head = Head(seq=seq, sha256="", at=before.at)
    try:
        data = bytes_at(zone.files, path)
    except FileNotFoundError:
        recorded.damages.append(_ledger_damage(path, f"commit {seq} is missing"))
        return
    except OSError as error:
        recorded.damages.append(_ledger_damage(path, why_unread(zone.files, path, error)))
        return
    recorded.commits += 1
    try:
        commit = decode_commit(data)
    except DamagedCommit as error:
        recorded.damages.append(_ledger_damage(path, str(error)))
        for record in legible_records(data):
            _apply(recorded, zone.layout, seq, record, "")
        return
    recorded.head = commit.head
    recorded.hashes[seq] = commit.sha256
    recorded.verified[seq] = timestamp(commit.at)
    if commit.seq != seq:
        recorded.damages.append(_ledger_damage(path, f"it says it is number {commit.seq}"))
    if before.sha256 and commit.prev != before.sha256:
        problem = "it does not follow the commit before it: one of the two was replaced or altered"
        recorded.damages.append(_ledger_damage(path, problem))
    if before.at and commit.at < before.at:
        recorded.damages.append(_ledger_damage(path, "its time is before that of its predecessor"))
    for record in commit.records:
        _apply(recorded, zone.layout, seq, record, recorded.verified[seq])


def _apply(recorded: Recorded, layout: Layout, seq: int, record: Record, at: str) -> None:
    kind = record.get("record")
    if kind == "receipt":
        for item in items_of(layout, seq, record):
            before = recorded.items.setdefault(item.place, item)
            if before.sha256 != item.sha256:  # invariant I3
                problem = "two receipts claim it for other bytes"
                recorded.damages.append(damage_of(DamageKind.LEDGER, item, problem))
    elif kind == upkeep.SCRUBBED:
        _note_scrubbed(recorded, seq, record)
    elif kind == upkeep.DAMAGED:
        recorded.known_damage[record["place"]] = record
    elif kind == upkeep.REPAIRED:
        _note_repaired(recorded, record)
    elif kind in (custody.ARCHIVED, custody.RESTORED, custody.ERASED):
        _note_custody(recorded, layout, seq, record, at)


def _note_custody(recorded: Recorded, layout: Layout, seq: int, record: Record, at: str) -> None:
    """What moved is looked for where it is now. Once copied, an object is expected in the archive for good."""
    if record["record"] == custody.ERASED:
        recorded.erased.setdefault(record["place"], Erased(seq=seq, at=at, record=record))
        _forget(recorded, record["place"])
    key = record["key"]
    if key is None:
        return
    before = recorded.custody.get(key, Custody())
    after = recorded.custody[key] = before.after(seq, at, record)
    hot, copy = f"{upkeep.RAW}/{key}", f"{upkeep.ARCHIVE}/{key}"
    source = recorded.items.get(hot) or recorded.items.get(copy)
    form = custody.form_of_record(record)
    if source and after.has_archive_copy and copy not in recorded.items:
        location = upkeep.location_of(layout, copy)
        recorded.items[copy] = replace(source, place=copy, location=location, **form)
    if source and record["record"] == custody.RESTORED and after.whereabouts is Whereabouts.HOT:
        location = upkeep.location_of(layout, hot)
        recorded.items[hot] = replace(source, place=hot, location=location, **form)
    if after.whereabouts is not Whereabouts.HOT:
        _forget(recorded, hot)
    if after.whereabouts is Whereabouts.ERASED:
        _forget(recorded, copy)


def _forget(recorded: Recorded, place: str) -> None:
    """A place that no file is expected at any more."""
    recorded.items.pop(place, None)
    recorded.known_damage.pop(place, None)


def _note_scrubbed(recorded: Recorded, seq: int, record: Record) -> None:
    for first, last in upkeep.spans_of(record):
        for number in range(max(first, 0), min(last, seq) + 1):
            recorded.verified[number] = max(recorded.verified[number], record["began"])
            recorded.verified_by[number] = seq
    for place in record["sound_again"]:
        recorded.known_damage.pop(place, None)


def _note_repaired(recorded: Recorded, record: Record) -> None:
    place = record["place"]
    recorded.known_damage.pop(place, None)
    if record["evidence"]:
        recorded.evidence[record["evidence"]] = record
    item = recorded.items.get(place)
    if item and item.sha256 == record["sha256"]:
        recorded.items[place] = replace(
            item,
            stored_sha256=record["stored_sha256"],
            stored_size=record["stored_size"],
            encoding=record["encoding"],
        )


def _stranger(files: Files, path: Path) -> Damage:
    """A name in the ledger's folder that no commit has; perhaps a commit under another name."""
    problem = "no commit has this name"
    try:
        commit = decode_commit(bytes_at(files, path))
    except (OSError, DamagedCommit):
        return Damage(kind=DamageKind.FOREIGN, path=str(path), problem=problem)
    return Damage(kind=DamageKind.RENAMED, path=str(path), problem=f"{problem}, but it is commit {commit.seq}")


def _ledger_damage(path: Path, problem: str) -> Damage:
    return Damage(kind=DamageKind.LEDGER, path=str(path), problem=problem)
