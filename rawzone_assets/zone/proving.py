"""Proving: checkpoints of a zone, and proofs that a receipt is in it or that it only grew.

Whatever is handed out was checked by its own rules first: kept hashes that do not fit the ledger are thrown
away and built anew, never passed on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from rawzone_assets.zone import merkle
from rawzone_assets.zone.checkpoints import Checkpoint, Issued, issue, read_checkpoint
from rawzone_assets.zone.errors import CheckpointContradicted, LedgerDamaged
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.keys import PrivateKey, load_private_key
from rawzone_assets.zone.notes import Malformed
from rawzone_assets.zone.proofs import Consistency, Inclusion
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.record_tree import RecordTree, TreeUnsound
from rawzone_assets.zone.setting_errors import OtherOrigin
from rawzone_assets.zone.zone import Zone

_Found = TypeVar("_Found")


def take_checkpoint(zone: Zone, tree: RecordTree) -> Issued:
    """The zone's checkpoint as of now, signed when a key is configured.

    The last signed one is kept in the state folder: whoever signs must never contradict himself.

    Raises:
        LedgerDamaged: A commit is damaged or breaks the chain.
        BadKey: The configured key cannot be used.
        SigningUnavailable: The package to sign with is not installed.
        CheckpointContradicted: The zone is not the one that was signed last.
    """
    key = load_private_key(zone.settings.signing_key) if zone.settings.signing_key else None
    issued = _sound(tree, lambda: _take(zone, tree, key))
    if key is not None:
        _remember(zone, tree, issued)
    return issued


def prove_inclusion(zone: Zone, tree: RecordTree, entry: Entry, issued: Issued) -> Inclusion:
    """The proof that a receipt is in a checkpoint's tree, checked.

    Raises:
        LedgerDamaged: The ledger does not hold what the index or the tree says.
    """
    position, line = _line_of(zone, entry)

    def prove() -> Inclusion:
        index = tree.size_at(entry.seq - 1) + position
        path = merkle.inclusion_path(tree.subtree, index, issued.checkpoint.size)
        proof = Inclusion(index=index, path=tuple(path), issued=issued, record=line)
        _check(proof.check)
        return proof

    return _sound(tree, prove, zone.ledger.path(entry.seq))


def prove_consistency(zone: Zone, tree: RecordTree, old: Issued) -> Consistency:
    """The proof that the zone still begins with what ``old`` was taken of. Ask :func:`contradiction` first.

    Raises:
        OtherOrigin: The zone hands out its checkpoints under another name by now.
        ZoneError: As of :func:`take_checkpoint`.
    """
    issued = take_checkpoint(zone, tree)
    if issued.checkpoint.origin != old.checkpoint.origin:
        raise OtherOrigin(old.checkpoint.origin, issued.checkpoint.origin)

    def prove() -> Consistency:
        path = merkle.consistency_path(tree.subtree, old.checkpoint.size, issued.checkpoint.size)
        proof = Consistency(old=old.checkpoint.size, path=tuple(path), issued=issued)
        _check(lambda: proof.check(old))
        return proof

    return _sound(tree, prove, zone.ledger.folder)


def contradiction(zone: Zone, tree: RecordTree, old: Checkpoint) -> str | None:
    """How the zone contradicts an older checkpoint; ``None`` when it only grew since."""
    size = tree.size
    if old.size > size:
        return f"the ledger holds {size} records, but the checkpoint counted {old.size}"
    if _sound(tree, lambda: tree.root(old.size)) != old.root:
        return f"the ledger's first {old.size} records are not those the checkpoint was taken of"
    if old.ledger is None:
        return None
    seq, sha256 = old.ledger
    commit = zone.ledger.bytes_of(seq)
    if commit is None:
        return f"the ledger lacks commit {seq}, which the checkpoint names"
    if hashlib.sha256(commit).hexdigest() != sha256:
        return f"commit {seq} is not the one the checkpoint names"
    return None


def _take(zone: Zone, tree: RecordTree, key: PrivateKey | None) -> Issued:
    head = tree.catch_up()
    size = tree.size_at(head.seq)
    origin = zone.settings.origin or (key.name if key else None) or _own_origin(zone)
    ledger = (head.seq, head.sha256) if head.seq >= 0 else None
    return issue(origin=origin, size=size, root=tree.root(size), ledger=ledger, key=key)


def _own_origin(zone: Zone) -> str:
    """A name no other zone has: the beginning of its first commit's hash."""
    first = zone.ledger.bytes_of(0)
    return f"rawzone/{hashlib.sha256(first).hexdigest()[:16]}" if first is not None else "rawzone/empty"


def _line_of(zone: Zone, entry: Entry) -> tuple[int, bytes]:
    """Where a receipt stands in its commit, and its exact line."""
    commit = zone.ledger.commit(entry.seq)
    known = entry.receipt
    # A repair may have left the object in another form than was written, and the index knows that one.
    form = {"stored_sha256": known.stored_sha256, "stored_size": known.stored_size, "encoding": known.encoding}
    for position, record in enumerate(commit.records if commit else ()):
        if record["record"] == "receipt" and Receipt.from_record({**record, **form}) == known and commit:
            return position, commit.lines[position]
    raise LedgerDamaged(zone.ledger.path(entry.seq), "it does not hold the receipt that the index knows")


def _sound(tree: RecordTree, work: Callable[[], _Found], place: Path | None = None) -> _Found:
    """Do the work, and once more with hashes built anew when the kept ones are not sound."""
    try:
        return work()
    except TreeUnsound:
        tree.start_over()
        tree.catch_up()
    try:
        return work()
    except TreeUnsound:
        raise LedgerDamaged(place or Path("_ledger"), "it changed while it was read") from None


def _check(check: Callable[[], None]) -> None:
    try:
        check()
    except Malformed as problem:
        raise TreeUnsound from problem


def _remember(zone: Zone, tree: RecordTree, issued: Issued) -> None:
    path = (
        zone.layout.state
        / f"signed-{hashlib.sha256(str(zone.ledger.folder).encode()).hexdigest()[:12]}.checkpoint"
    )
    try:
        last = read_checkpoint(path.read_bytes()).checkpoint
    except (OSError, Malformed):
        last = None  # none was signed here, or what was kept is not to be believed
    problem = contradiction(zone, tree, last) if last else None
    if problem:
        raise CheckpointContradicted(path, problem)
    with suppress(OSError):  # a reader without write access may sign, it only cannot remember
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        draft.write_bytes(issued.data)
        draft.replace(path)
