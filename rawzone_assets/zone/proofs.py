"""Proof files that can be checked with nothing else at hand. Pure.

An inclusion proof is a ``c2sp.org/tlog-proof@v1``; its extra data is the record itself, the exact line of the
ledger, and is believed only because its hash leads to the root. A consistency proof has the form in which
C2SP witnesses take it (c2sp.org/tlog-witness, ``add-checkpoint``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rawzone_assets.zone.checkpoints import Issued, read_checkpoint
from rawzone_assets.zone.keys import PublicKey
from rawzone_assets.zone.merkle import HASH_SIZE, leaf_hash, proves_consistency, proves_inclusion
from rawzone_assets.zone.notes import Malformed, decode_base64, encode_base64, read_number, read_text

INCLUSION = "c2sp.org/tlog-proof@v1"
MOST_PROOF_BYTES = 64 << 20  # the receipt of a file with thousands of findings is long
_MOST_HASHES = 63


@dataclass(frozen=True, kw_only=True)
class Inclusion:
    """That the record with this number is in the checkpoint's tree."""

    index: int
    path: tuple[bytes, ...]
    issued: Issued
    record: bytes | None  # the ledger's line without its end; absent when the file does not carry it

    def encode(self) -> bytes:
        lines = [INCLUSION]
        if self.record is not None:
            lines.append(f"extra {encode_base64(self.record)}")
        lines += [f"index {self.index}", *map(encode_base64, self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.issued.data

    def check(self) -> None:
        """Follow the path.

        Raises:
            Malformed: The record is missing, or the path does not lead from it to the root.
        """
        if self.record is None:
            raise Malformed("it does not carry the record it is about: give that with --record")
        checkpoint = self.issued.checkpoint
        if not proves_inclusion(
            leaf_hash(self.record),
            index=self.index,
            size=checkpoint.size,
            path=self.path,
            root=checkpoint.root,
        ):
            raise Malformed("its path does not lead from its record to its checkpoint's root")


@dataclass(frozen=True, kw_only=True)
class Consistency:
    """That the checkpoint's tree begins with the tree of ``old`` records."""

    old: int
    path: tuple[bytes, ...]
    issued: Issued

    def encode(self) -> bytes:
        lines = [f"old {self.old}", *map(encode_base64, self.path), ""]
        return "".join(f"{line}\n" for line in lines).encode() + self.issued.data

    def check(self, old: Issued) -> None:
        """Follow the path from the older checkpoint, which the file does not carry.

        Raises:
            Malformed: It is about another checkpoint, or does not lead from it to the root.
        """
        checkpoint, before = self.issued.checkpoint, old.checkpoint
        if before.origin != checkpoint.origin:
            raise Malformed(f"it is about {checkpoint.origin}, the older checkpoint about {before.origin}")
        if before.size != self.old:
            raise Malformed(f"it starts from {self.old} records, the older checkpoint from {before.size}")
        if not proves_consistency(
            old=before.size,
            old_root=before.root,
            size=checkpoint.size,
            root=checkpoint.root,
            path=self.path,
        ):
            raise Malformed("its checkpoint's tree does not begin with the older checkpoint's")


Proof = Inclusion | Consistency


def read_proof(data: bytes, *, trusted: Sequence[PublicKey] = ()) -> Proof:
    """Read either kind and check its checkpoint; the proof itself is checked by its ``check``.

    Raises:
        Malformed: It is no proof, or its checkpoint is not to be believed.
        SigningUnavailable: It is signed, but the package to check that is not installed.
    """
    read_text(data, most=MOST_PROOF_BYTES)
    head, separator, note = data.partition(b"\n\n")
    if not separator:
        raise Malformed("it has no checkpoint")
    lines = head.decode().split("\n")
    if lines[0].startswith("old "):
        return _read_consistency(lines, read_checkpoint(note, trusted=trusted))
    if lines.pop(0) != INCLUSION:
        raise Malformed(f"its first line is not {INCLUSION}")
    record = None
    if lines and lines[0].startswith("extra "):
        record = decode_base64(lines.pop(0).removeprefix("extra "))
    if not lines or not lines[0].startswith("index "):
        raise Malformed("it has no index")
    index = read_number(lines.pop(0).removeprefix("index "))
    issued = read_checkpoint(note, trusted=trusted)
    return Inclusion(index=index, path=_read_path(lines), issued=issued, record=record)


def _read_consistency(lines: list[str], issued: Issued) -> Consistency:
    old = read_number(lines[0].removeprefix("old "))
    return Consistency(old=old, path=_read_path(lines[1:]), issued=issued)


def _read_path(lines: Sequence[str]) -> tuple[bytes, ...]:
    if len(lines) > _MOST_HASHES:
        raise Malformed(f"it has more than {_MOST_HASHES} hashes")
    path = tuple(map(decode_base64, lines))
    if any(len(entry) != HASH_SIZE for entry in path):
        raise Malformed("it has a hash that is no SHA-256")
    return path
