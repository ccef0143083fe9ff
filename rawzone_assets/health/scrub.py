"""Scrub: re-read every stored byte and every commit, and name each file that is not what was recorded.

The scrub shares no path with the code that writes: it reads the ledger's files themselves, never the index,
and trusts neither size nor time. It goes on after damage, because an auditor wants the whole list.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import orjson

from rawzone_assets.zone import codec
from rawzone_assets.zone.drafts import findings_document
from rawzone_assets.zone.layout import LEDGER_FOLDER, STAGING_FOLDER
from rawzone_assets.zone.ledger import EMPTY, DamagedCommit, Head, decode_commit
from rawzone_assets.zone.receipt import Receipt, Record, Verdict
from rawzone_assets.zone.staging import Batch, leftovers
from rawzone_assets.zone.zone import Zone

_RECEIPT_FIELDS = Receipt(verdict=Verdict.PROMOTED, landing_path="").as_record().keys()
_LEDGER_NAME = re.compile(r"\d{20}\.jsonl")

Progress = Callable[[int, int], None]
"""Called with (bytes read so far, bytes to read)."""


class DamageKind(StrEnum):
    DAMAGED = "damaged"  # bytes are not those recorded
    MISSING = "missing"
    FOREIGN = "foreign"  # no receipt knows the file
    LEDGER = "ledger"  # a commit is damaged, missing, or out of the chain


@dataclass(frozen=True, kw_only=True)
class Damage:
    """One file that is not what the ledger says."""

    kind: DamageKind
    path: str
    problem: str
    feed: str | None = None
    partition: str | None = None
    key: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScrubReport:
    """What a scrub read and what it found."""

    damages: tuple[Damage, ...]
    objects: int  # in raw
    refused: int  # copies in quarantine
    bytes: int  # stored bytes read
    commits: int
    head: Head
    interrupted: int  # batches in flight or left by a crash; the next promotion finishes them


@dataclass(frozen=True, kw_only=True)
class _Stored:
    """A file that a receipt says exists."""

    path: Path
    record: Record
    key: str | None


@dataclass
class _Ledger:
    """What the ledger's own files say."""

    records: list[Record] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    commits: int = 0
    head: Head = EMPTY


def scrub(
    zone: Zone,
    *,
    feeds: Sequence[str] = (),
    since: str | None = None,
    until: str | None = None,
    progress: Progress | None = None,
) -> ScrubReport:
    """Check chain, objects and quarantine; ``feeds`` and partitions narrow the objects, never the chain.

    The tree is listed before the ledger is read, so a promotion that runs meanwhile is no finding.
    """
    present = {root: set(_walk(root)) for root in (zone.layout.raw, zone.layout.quarantine)}
    ledger = _read_ledger(zone.layout.ledger)
    expected = list(_expected(zone, ledger.records))
    wanted = [item for item in expected if _is_wanted(item.record, feeds, since, until)]
    damages = ledger.damages + _clashes(expected)
    total = sum(item.record["stored_size"] or 0 for item in wanted)
    done = 0
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        for item, problem in zip(wanted, pool.map(lambda item: _check(zone, item), wanted), strict=True):
            done += item.record["stored_size"] or 0
            if problem:
                damages.append(problem)
            if progress:
                progress(done, total)
    interrupted = leftovers(zone.files, zone.layout)
    known = {item.path for item in expected} | _in_flight(zone, interrupted)
    known |= {zone.layout.quarantined(r["quarantine"]["findings"]) for r in _refusals(ledger.records)}
    damages += _foreign(zone, present, known, feeds)
    return ScrubReport(
        damages=tuple(damages),
        objects=sum(item.key is not None for item in wanted),
        refused=sum(item.key is None for item in wanted),
        bytes=done,
        commits=ledger.commits,
        head=ledger.head,
        interrupted=len(interrupted),
    )


# --- the chain -----------------------------------------------------------------------------------


def _read_ledger(folder: Path) -> _Ledger:
    ledger = _Ledger()
    names = sorted(os.listdir(folder)) if folder.is_dir() else []
    chain = [name for name in names if _LEDGER_NAME.fullmatch(name)]
    for name in names:
        if name not in chain:
            ledger.damages.append(_damage(DamageKind.FOREIGN, folder / name, "no commit has this name"))
    for seq in range(int(chain[-1].split(".")[0]) + 1 if chain else 0):
        path = folder / f"{seq:020d}.jsonl"
        try:
            data = path.read_bytes() if path.is_file() and not path.is_symlink() else None
        except OSError as error:
            data = None
            ledger.damages.append(_damage(DamageKind.LEDGER, path, f"it cannot be read ({error.strerror})"))
        if data is None:
            ledger.damages.append(_damage(DamageKind.LEDGER, path, f"commit {seq} is missing"))
            ledger.head = Head(seq=seq, sha256="", at=None)
            continue
        ledger.commits += 1
        _read_commit(ledger, path, seq, data)
    return ledger


def _read_commit(ledger: _Ledger, path: Path, seq: int, data: bytes) -> None:
    before = ledger.head
    ledger.head = Head(seq=seq, sha256=hashlib.sha256(data).hexdigest(), at=before.at)
    try:
        commit = decode_commit(data)
    except DamagedCommit as error:
        ledger.damages.append(_damage(DamageKind.LEDGER, path, str(error)))
        ledger.records += _legible(data)
        ledger.head = Head(seq=seq, sha256="", at=before.at)  # its successor cannot be blamed
        return
    ledger.records += commit.records
    ledger.head = commit.head
    if commit.seq != seq:
        ledger.damages.append(_damage(DamageKind.LEDGER, path, f"it says it is number {commit.seq}"))
    if before.sha256 and commit.prev != before.sha256:
        problem = "it does not follow the commit before it: one of the two was replaced or altered"
        ledger.damages.append(_damage(DamageKind.LEDGER, path, problem))
    if before.at and commit.at < before.at:
        ledger.damages.append(_damage(DamageKind.LEDGER, path, "its time is before that of its predecessor"))


def _legible(data: bytes) -> list[Record]:
    """The receipts of a damaged commit that can still be read, so that their objects are not called foreign."""
    records: list[Record] = []
    for line in data.splitlines()[1:]:
        try:
            record: Any = orjson.loads(line)
        except orjson.JSONDecodeError:
            continue
        if isinstance(record, dict) and record.keys() == _RECEIPT_FIELDS and _is_usable(record):
            records.append(record)
    return records


def _is_usable(record: Record) -> bool:
    """Whether a receipt from a damaged commit still has the form of one; its values may be wrong."""
    places = record["quarantine"]
    texts = [record[name] for name in ("verdict", "partition", "encoding", "sha256", "stored_sha256")]
    sizes = [record[name] for name in ("size", "stored_size")]
    if record["verdict"] == Verdict.QUARANTINED:
        texts += [places.get("path"), places.get("findings")] if isinstance(places, dict) else [None]
    elif record["verdict"] == Verdict.PROMOTED:
        texts.append(record["key"])
    else:
        return False
    return all(isinstance(text, str) for text in texts) and all(type(size) is int for size in sizes)


# --- objects and refused copies ------------------------------------------------------------------


def _expected(zone: Zone, records: Iterable[Record]) -> Iterator[_Stored]:
    for record in records:
        if record["record"] != "receipt":
            continue
        if record["verdict"] == Verdict.PROMOTED:
            yield _Stored(path=zone.layout.object(record["key"]), record=record, key=record["key"])
        elif record["verdict"] == Verdict.QUARANTINED:
            yield _Stored(path=zone.layout.quarantined(record["quarantine"]["path"]), record=record, key=None)


def _refusals(records: Iterable[Record]) -> Iterator[Record]:
    return (record for record in records if record.get("verdict") == Verdict.QUARANTINED)


def _is_wanted(record: Record, feeds: Sequence[str], since: str | None, until: str | None) -> bool:
    day = record["partition"] or ""
    return (not feeds or record["feed"] in feeds) and (since or "") <= day and (not until or day <= until)


def _check(zone: Zone, item: _Stored) -> Damage | None:
    record = item.record
    status = zone.files.status(item.path)
    if status is None:
        return _damage(DamageKind.MISSING, item.path, "its receipt says it exists", item)
    try:
        with zone.files.open(item.path) as stream:
            codec.check_stored(
                codec.blocks_of(stream),
                encoding=record["encoding"],
                size=record["size"],
                sha256=record["sha256"],
                stored_size=record["stored_size"],
                stored_sha256=record["stored_sha256"],
            )
    except codec.Damaged as problem:
        return _damage(DamageKind.DAMAGED, item.path, str(problem), item)
    except OSError as error:
        return _damage(DamageKind.DAMAGED, item.path, f"it cannot be read ({error.strerror})", item)
    if item.key is None:
        return _check_findings(zone, item)
    return None


def _check_findings(zone: Zone, item: _Stored) -> Damage | None:
    """``findings.json`` repeats what the receipt says, so the receipt can tell whether it was altered."""
    path = zone.layout.quarantined(item.record["quarantine"]["findings"])
    if zone.files.status(path) is None:
        return _damage(DamageKind.MISSING, path, "its receipt says it exists", item)
    try:
        with zone.files.open(path) as stream:
            written = stream.read()
    except OSError as error:
        return _damage(DamageKind.DAMAGED, path, f"it cannot be read ({error.strerror})", item)
    if written != findings_document(item.record):
        return _damage(DamageKind.DAMAGED, path, "it does not say what its receipt says", item)
    return None


def _clashes(expected: Iterable[_Stored]) -> list[Damage]:
    """Keys that two receipts claim for different bytes (invariant I3)."""
    claimed: dict[str, str] = {}
    return [
        _damage(DamageKind.LEDGER, item.path, "two receipts claim it for other bytes", item)
        for item in expected
        if item.key and claimed.setdefault(item.key, item.record["sha256"]) != item.record["sha256"]
    ]


# --- files that no receipt knows -----------------------------------------------------------------


def _walk(root: Path) -> Iterator[Path]:
    """Every file, link or other thing below a root but for ledger and staging."""
    for folder, folders, names in os.walk(root):
        if Path(folder) == root:
            folders[:] = [name for name in folders if name not in (LEDGER_FOLDER, STAGING_FOLDER)]
        links = [name for name in folders if Path(folder, name).is_symlink()]
        yield from (Path(folder, name) for name in (*names, *links))


def _in_flight(zone: Zone, batches: Iterable[str]) -> set[Path]:
    """Places that a batch in staging is about to fill, or filled before it crashed."""
    places: set[Path] = set()
    for name in batches:
        batch = Batch(zone.files, zone.layout, name)
        try:
            for path in batch.commits():
                for record in decode_commit(path.read_bytes()).records:
                    places |= {placement.target for placement in batch.placements(record)}
        except (OSError, DamagedCommit):
            continue  # it was finished or dropped meanwhile
    return places


def _foreign(
    zone: Zone, present: dict[Path, set[Path]], known: set[Path], feeds: Sequence[str]
) -> list[Damage]:
    def concerns(path: Path, root: Path) -> bool:
        inside = path.relative_to(root).as_posix()
        return not feeds or any(inside.startswith(f"{feed}/") for feed in feeds)

    return [
        _damage(DamageKind.FOREIGN, path, "no receipt knows it")
        for root, paths in present.items()
        for path in sorted(paths - known)
        if concerns(path, root) and zone.files.status(path) is not None
    ]


def _damage(kind: DamageKind, path: Path, problem: str, item: _Stored | None = None) -> Damage:
    record = item.record if item else {}
    return Damage(
        kind=kind,
        path=str(path),
        problem=problem,
        feed=record.get("feed"),
        partition=record.get("partition"),
        key=item.key if item else None,
    )
