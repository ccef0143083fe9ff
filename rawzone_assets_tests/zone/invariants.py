"""The oracle: the invariants of DESIGN section 5, checked on a zone's files alone.

It shares no code with the zone. It knows the formats as DESIGN sections 4 to 6 describe them, and reads them
with the standard library and an independent RFC 8785 encoder, as a stranger with a copy of the disk would.
"""

from __future__ import annotations

import contextlib
import gzip
import hashlib
import json
import os
import re
import stat
import zlib
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path, PurePosixPath
from typing import Any

import rfc8785

STATES = {"waiting", "promoted", "duplicate", "quarantined", "unrecognized", "ignored"}
_RECEIPT_FIELDS = {
    "record", "verdict", "feed", "partition", "key", "revision", "name", "landing_path", "captured_at",
    "validated_at", "promoted_at", "source_system", "extractor", "contract", "sha256", "size", "stored_sha256",
    "stored_size", "encoding", "records", "data_min", "data_max", "fingerprint", "substance", "duplicate_of",
    "revises", "findings",
}  # fmt: skip


@dataclass(frozen=True)
class Entry:
    """One thing on a disk."""

    kind: str  # file, folder, link, other
    mode: int = 0
    data: bytes = b""


Tree = Mapping[str, Entry]
"""Everything below a root, by its path relative to it."""


def read_tree(root: Path) -> dict[str, Entry]:
    """What lies below a folder of a real disk; empty when there is none."""
    tree: dict[str, Entry] = {}
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder, name)
            status = path.lstat()
            mode = stat.S_IMODE(status.st_mode)
            relative = path.relative_to(root).as_posix()
            if stat.S_ISREG(status.st_mode):
                tree[relative] = Entry("file", mode, path.read_bytes())
            elif stat.S_ISDIR(status.st_mode):
                tree[relative] = Entry("folder", mode)
            else:
                tree[relative] = Entry("link" if stat.S_ISLNK(status.st_mode) else "other", mode)
    return tree


def read_landing(root: Path) -> dict[str, tuple[object, ...]]:
    """Everything about landing that the zone could have changed. Reading changes the access time only."""
    seen: dict[str, tuple[object, ...]] = {}
    for folder, folders, names in os.walk(root):
        for name in (*folders, *names):
            path = Path(folder, name)
            status = path.lstat()
            data = path.read_bytes() if stat.S_ISREG(status.st_mode) else None
            kept = (status.st_mode, status.st_ino, status.st_uid, status.st_nlink, status.st_size)
            seen[path.relative_to(root).as_posix()] = (*kept, status.st_mtime_ns, status.st_ctime_ns, data)
    return seen


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def receipts_of(raw: Tree) -> list[dict[str, Any]]:
    """The receipts of a ledger that is taken to be sound, in order."""
    commits = sorted(path for path, e in raw.items() if path.startswith("_ledger/") and e.kind == "file")
    return [r for path in commits for r in _parsed(raw[path].data)[1:] if r["record"] == "receipt"]


@dataclass
class Oracle:
    """Remembers what it saw, so that it notices what must never change. Each check returns its objections."""

    _ledger: dict[str, bytes] = field(default_factory=dict)
    _objects: dict[str, str] = field(default_factory=dict)

    def copy(self) -> Oracle:
        return Oracle(dict(self._ledger), dict(self._objects))

    def state(self) -> Hashable:
        """All that tells this one from another: two of the same state object to the same."""
        return frozenset(self._ledger.items()), frozenset(self._objects.items())

    def acknowledge(self, raw: Tree) -> None:
        """From here on, every commit that is there now must be there (I9), with what it names (I1)."""
        self._ledger.update({p: e.data for p, e in raw.items() if p.startswith("_ledger/")})

    def check(
        self, raw: Tree, quarantine: Tree, archive: Tree | None = None, *, recovered: bool = True
    ) -> list[str]:
        """Every objection to a zone at rest. ``recovered`` false: a crash's remains may still lie about."""
        archive = archive or {}
        records: list[dict[str, Any]] = []
        problems = list(self._chain(raw, records))
        receipts = [_as_repaired(r, records) for r in records if r["record"] == "receipt"]
        promoted = [r for r in receipts if r["verdict"] == "promoted"]
        refused = [r for r in receipts if r["verdict"] == "quarantined"]
        erased = {r["place"]: r for r in records if r["record"] == "erased"}
        promoted = [r for r in promoted if f"raw/{r['key']}" not in erased]
        moved = {key: kind for key, kind in _moved(records).items() if f"raw/{key}" not in erased}
        problems += self._objects_exist(raw, archive, promoted, moved)
        problems += _holds_are_kept(records)
        problems += _refusals_exist(quarantine, refused, erased)
        problems += _receipts_agree(receipts)
        problems += _replays_agree(records)
        if recovered:
            hot = {r["key"] for r in promoted if moved.get(r["key"]) != "archived"}
            problems += _nothing_foreign(raw, hot, "raw")
            problems += _nothing_foreign(archive, set(moved), "archive")
            kept = {r["quarantine"]["findings"] for r in refused}
            kept |= {path for r in refused if f"quarantine/{(path := r['quarantine']['path'])}" not in erased}
            gone = {r["sha256"] for r in erased.values()}
            repairs = [r for r in _repairs(records) if r["sha256"] not in gone]
            kept |= {str(r["evidence"]).removeprefix("quarantine/") for r in repairs}
            for name, tree in (("raw", raw), ("quarantine", quarantine), ("archive", archive)):
                problems += _nothing_erased(tree, gone, name)
            problems += _nothing_foreign(quarantine, kept, "quarantine")
        return problems

    def _chain(self, raw: Tree, records: list[dict[str, Any]]) -> Iterator[str]:
        commits = {p: e for p, e in raw.items() if p.startswith("_ledger/")}
        for path, data in self._ledger.items():
            if path not in commits or commits[path].data != data:
                yield f"I9: the acknowledged commit {path} is {'changed' if path in commits else 'gone'}"
        previous, last_time = "0" * 64, ""
        for seq, path in enumerate(sorted(commits)):
            entry = commits[path]
            if path != f"_ledger/{seq:020d}.jsonl" or entry.kind != "file":
                yield f"I5: {path} stands where commit {seq} must"
                return
            if entry.mode != 0o444:
                yield f"I5: {path} has mode {entry.mode:o}"
            problem = _commit_problem(entry.data, seq, previous, last_time)
            if problem:
                yield f"I5: {path} {problem}"
                return
            last_time = _parsed(entry.data)[0]["at"]
            previous = sha256(entry.data)
            records += _parsed(entry.data)[1:]

    def _objects_exist(
        self, raw: Tree, archive: Tree, promoted: list[dict[str, Any]], moved: Mapping[str, str]
    ) -> Iterator[str]:
        """Each is where the ledger has it now; what was ever archived is in the archive for good."""
        for receipt in promoted:
            key = receipt["key"]
            if moved.get(key) != "archived":
                for problem in _stored_problems(raw.get(key), receipt):
                    yield f"I1: {key} {problem}"
            if key in moved:
                for problem in _stored_problems(archive.get(key), receipt):
                    yield f"I1: {key} in the archive {problem}"
            first = self._objects.setdefault(key, receipt["sha256"])
            if first != receipt["sha256"]:
                yield f"I3: {key} is claimed for other bytes"


def _moved(records: list[dict[str, Any]]) -> dict[str, str]:
    """Key to its newest record of custody."""
    return {r["key"]: r["record"] for r in records if r["record"] in ("archived", "restored")}


def _holds_are_kept(records: list[dict[str, Any]]) -> Iterator[str]:
    """Nothing is archived under a hold, whichever of its deliveries the hold is over."""
    holds: dict[str, dict[str, Any]] = {}
    days: dict[str, set[str]] = {}
    for record in records:
        kind = record["record"]
        if kind == "receipt" and record["verdict"] in ("promoted", "duplicate"):
            days.setdefault(record["key"], set()).add(record["partition"])
        elif kind == "hold_added":
            holds[record["hold"]] = record
        elif kind == "hold_released":
            del holds[record["hold"]]
        elif kind in ("archived", "erased") and record["key"]:
            feed = record["feed"]
            for name, hold in holds.items():
                is_meant = hold["feed"] in (None, feed) and hold["platform"] in (None, feed.split("/")[0])
                first, last = hold["since"] or "", hold["until"] or "9999"
                if is_meant and any(first <= day <= last for day in days[record["key"]]):
                    yield f"{record['key']} was {kind} under {name}"


def _repairs(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [record for record in records if record["record"] == "repaired"]


def _as_repaired(receipt: dict[str, Any], records: list[dict[str, Any]]) -> dict[str, Any]:
    """The receipt with the stored form that the newest repair of its file left."""
    place = f"raw/{receipt['key']}" if receipt["verdict"] == "promoted" else None
    if receipt["quarantine"]:
        place = f"quarantine/{receipt['quarantine']['path']}"
    for repair in _repairs(records):
        if repair["place"] == place:
            receipt = {**receipt, **{name: repair[name] for name in ("stored_sha256", "stored_size")}}
    return receipt


def check_states(
    states: Mapping[str, str], landing: Mapping[str, tuple[Any, ...]], receipts: list[dict[str, Any]]
) -> list[str]:
    """I6: each landed file is in exactly one state, and in that which its receipts give its present bytes."""
    problems = [f"I6: {path} has a state but is not there" for path in states.keys() - landing.keys()]
    problems += [
        f"I6: {path} is {state}, which is no state" for path, state in states.items() if state not in STATES
    ]
    for path, (mode, *_, data) in landing.items():
        if stat.S_ISDIR(mode):
            continue
        covered = [p for p in (path, *(str(parent) for parent in PurePosixPath(path).parents)) if p in states]
        if len(covered) != 1:
            problems.append(f"I6: {path} has {len(covered)} states")
            continue
        state = states[covered[0]]
        if data is None or state in ("ignored", "waiting", "unrecognized"):
            continue
        verdicts = [r["verdict"] for r in receipts if (r["landing_path"], r["sha256"]) == (path, sha256(data))]
        if not verdicts or verdicts[-1] != state:
            problems.append(f"I6: {path} is said to be {state}, but its receipts say {verdicts}")
    return problems


@lru_cache(maxsize=4096)
def _parsed(commit: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in commit.split(b"\n")[:-1]]


@lru_cache(maxsize=4096)
def _commit_problem(data: bytes, seq: int, previous: str, last_time: str) -> str | None:
    if not data.endswith(b"\n"):
        return "is cut"
    lines = data.split(b"\n")[:-1]
    try:
        parsed = [json.loads(line) for line in lines]
        if any(rfc8785.dumps(record) != line for record, line in zip(parsed, lines, strict=True)):
            return "is not canonical JSON"
    except (ValueError, rfc8785.CanonicalizationError) as error:
        return f"is not canonical JSON ({error!r})"
    header = parsed[0]
    body = b"".join(line + b"\n" for line in lines[1:])
    expected = {
        "ledger": 1,
        "seq": seq,
        "prev": previous,
        "body_sha256": sha256(body),
        "records": len(lines) - 1,
    }
    for name, value in expected.items():
        if header.get(name) != value:
            return f"has {name} {header.get(name)!r} instead of {value!r}"
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", header["at"]) or header["at"] < last_time:
        return f"was written at {header['at']}, before its predecessor"
    rest = {name: value for name, value in header.items() if name != "header_sha256"}
    if header.get("header_sha256") != sha256(rfc8785.dumps(rest)):
        return "has an altered header"
    missing = {"run_id", "writer", "code_version"} - header.keys()
    return f"lacks {missing}" if missing else None


def _stored_problems(entry: Entry | None, receipt: Mapping[str, Any]) -> Iterator[str]:
    if entry is None:
        yield "is missing"
        return
    if (entry.kind, entry.mode) != ("file", 0o444):
        yield f"is a {entry.kind} of mode {entry.mode:o}"
    if (len(entry.data), sha256(entry.data)) != (receipt["stored_size"], receipt["stored_sha256"]):
        yield "does not hold the recorded stored bytes"
        return
    original = entry.data if receipt["encoding"] == "identity" else gzip.decompress(entry.data)
    if (len(original), sha256(original)) != (receipt["size"], receipt["sha256"]):
        yield "does not decompress to the recorded bytes (I8)"


def _nothing_erased(tree: Tree, gone: set[str], root: str) -> Iterator[str]:
    """No file holds bytes that were erased by law, packed or not."""
    for path, entry in tree.items() if gone else ():
        held = {sha256(entry.data)}
        with contextlib.suppress(OSError, EOFError, zlib.error):
            held.add(sha256(gzip.decompress(entry.data)))
        if entry.kind == "file" and held & gone:
            yield f"erased bytes still lie at {root}/{path}"


def _refusals_exist(
    quarantine: Tree, refused: list[dict[str, Any]], erased: Mapping[str, Any]
) -> Iterator[str]:
    for receipt in refused:
        places = receipt["quarantine"]
        is_there = f"quarantine/{places['path']}" not in erased
        for problem in _stored_problems(quarantine.get(places["path"]), receipt) if is_there else ():
            yield f"I1: quarantine/{places['path']} {problem}"
        findings = quarantine.get(places["findings"])
        if findings is None or findings.kind != "file":
            yield f"I1: quarantine/{places['findings']} is missing"
            continue
        try:
            said = json.loads(findings.data)
        except ValueError:
            yield f"I1: quarantine/{places['findings']} is no JSON"
            continue
        if any(said[name] != receipt[name] for name in ("landing_path", "sha256", "size", "feed", "findings")):
            yield f"I1: quarantine/{places['findings']} does not say what its receipt says"


def _receipts_agree(records: list[dict[str, Any]]) -> Iterator[str]:
    """What receipts say about each other: one a delivery, duplicates and revisions of what there is."""
    deliveries: set[tuple[object, ...]] = set()
    promoted: dict[str, dict[str, Any]] = {}
    stored: set[tuple[str, str]] = set()
    newest: dict[tuple[str, str], dict[str, Any]] = {}
    places: set[str] = set()
    for receipt in records:
        label = f"the receipt of {receipt['landing_path']}"
        if not receipt.keys() >= _RECEIPT_FIELDS:
            yield f"{label} lacks {_RECEIPT_FIELDS - receipt.keys()}"
            continue
        delivery = tuple(receipt[name] for name in ("feed", "name", "sha256", "landing_path"))
        if receipt["replays"]:  # a delivery's second receipt, see _replays_agree
            delivery = (*delivery, receipt["replays"]["path"])
        if receipt["verdict"] != "unrecognized" and delivery in deliveries:
            yield f"I7: {label} is there twice"
        deliveries.add(delivery)
        name = (receipt["feed"], receipt["name"])
        if receipt["verdict"] == "promoted":
            if receipt["key"] in promoted:
                yield f"I3: two receipts claim {receipt['key']}"
            if (receipt["feed"], receipt["sha256"]) in stored:
                yield f"{label} stores bytes that were stored already"
            before = newest.get(name)
            if receipt["revises"] != (before["key"] if before else None):
                yield f"{label} revises {receipt['revises']}"
            if before and receipt["revision"] <= before["revision"]:
                yield f"{label} is revision {receipt['revision']} again"
            promoted[receipt["key"]] = newest[name] = receipt
            stored.add((receipt["feed"], receipt["sha256"]))
        elif receipt["verdict"] == "duplicate":
            original = promoted.get(receipt["duplicate_of"])
            if original is None or (original["feed"], original["sha256"]) != (
                receipt["feed"],
                receipt["sha256"],
            ):
                yield f"{label} is a duplicate of {receipt['duplicate_of']}, which does not hold its bytes"
        elif receipt["verdict"] == "quarantined":
            if not any(finding["blocking"] for finding in receipt["findings"]):
                yield f"{label} was refused without a reason"
            for place in receipt["quarantine"].values():
                if place in places:
                    yield f"I3: two receipts claim quarantine/{place}"
                places.add(place)
        elif receipt["verdict"] != "unrecognized":
            yield f"{label} has the verdict {receipt['verdict']}"


def _replays_agree(records: list[dict[str, Any]]) -> Iterator[str]:
    """A replay takes back one refusal that came before it, once, and its record follows its receipt."""
    open_refusals: dict[str, dict[str, Any]] = {}
    for number, record in enumerate(records):
        following = records[number + 1] if number + 1 < len(records) else {"record": None}
        if record["record"] == "receipt" and record["verdict"] == "quarantined":
            open_refusals[record["quarantine"]["path"]] = record
        elif record["record"] == "receipt" and record["replays"]:
            label = f"the replay of {record['replays']['path']}"
            refusal = open_refusals.pop(record["replays"]["path"], None)
            if refusal is None:
                yield f"I7: {label} takes back what is no open refusal"
            elif any(refusal[name] != record[name] for name in ("feed", "name", "sha256", "landing_path")):
                yield f"{label} is of another delivery"
            if following["record"] != "replayed" or following["refused"] != record["replays"]:
                yield f"{label} is not recorded as a replay"
        elif record["record"] == "replayed":
            before = records[number - 1]
            if before["record"] != "receipt" or before.get("replays") != record["refused"]:
                yield f"the record of the replay of {record['refused']['path']} has no receipt"


def _nothing_foreign(tree: Tree, known: set[str], name: str) -> Iterator[str]:
    for path, entry in tree.items():
        if path == "_staging/lock" or entry.kind == "folder":
            if path.startswith("_staging/") and entry.kind == "folder":
                yield f"I2: the batch {name}/{path} was left behind"
            continue
        if path not in known and not path.startswith("_ledger/"):
            yield f"I2: no receipt knows {name}/{path}"
