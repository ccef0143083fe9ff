"""Checkpoints (c2sp.org/tlog-checkpoint): how many records the ledger had and the root of the tree over them.

Two extension lines are ours. ``rawzone-ledger`` names the newest commit, so that commits' headers, which are
no leaves, are held fast too. ``rawzone-key`` is the public key of the signature, so that whoever has nothing
but the file can see that it is as it was signed; by whom, only a key from elsewhere can tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rawzone_assets.zone.keys import PrivateKey, PublicKey, read_public_key
from rawzone_assets.zone.merkle import HASH_SIZE
from rawzone_assets.zone.notes import Malformed, Note, decode_base64, encode_base64, read_note, read_number

_LEDGER = "rawzone-ledger"
_KEY = "rawzone-key"
_HEAD = re.compile(r"(0|[1-9][0-9]{0,18}) ([0-9a-f]{64})")


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """The note's text, read. ``ledger`` is the newest commit's number and SHA-256, if it tells them."""

    origin: str
    size: int  # records
    root: bytes
    ledger: tuple[int, str] | None = None
    key: PublicKey | None = None

    def text(self) -> str:
        """The note's text."""
        lines = [self.origin, str(self.size), encode_base64(self.root)]
        if self.ledger:
            lines.append(f"{_LEDGER} {self.ledger[0]} {self.ledger[1]}")
        if self.key:
            lines.append(f"{_KEY} {self.key.encode()}")
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, kw_only=True)
class Issued:
    """A checkpoint as it was handed out, byte for byte, and who vouches for it."""

    checkpoint: Checkpoint
    note: Note
    signers: tuple[PublicKey, ...] = ()  # of the keys trusted, or else the one the checkpoint names itself

    @property
    def data(self) -> bytes:
        return self.note.encode()


def issue(
    *, origin: str, size: int, root: bytes, ledger: tuple[int, str] | None, key: PrivateKey | None
) -> Issued:
    """Make a checkpoint, signed when there is a key.

    Raises:
        SigningUnavailable: There is a key, but not the package to use it with.
    """
    public = key.public if key else None
    checkpoint = Checkpoint(origin=origin, size=size, root=root, ledger=ledger, key=public)
    note = Note(text=checkpoint.text())
    if key and public:
        return Issued(checkpoint=checkpoint, note=note.signed(key.sign(note.text)), signers=(public,))
    return Issued(checkpoint=checkpoint, note=note.with_digest(origin))


def read_checkpoint(data: bytes, *, trusted: Sequence[PublicKey] = ()) -> Issued:
    """Read a checkpoint that one of ``trusted`` signed; without them, one that is whole by what it says itself.

    Raises:
        Malformed: It is no checkpoint, it was altered, or none of the keys signed it.
        SigningUnavailable: It is signed, but the package to check that is not installed.
    """
    note = read_note(data)
    checkpoint = _read_text(note.text)
    whole = note.is_whole()
    known = [*trusted, *([checkpoint.key] if checkpoint.key and checkpoint.key not in trusted else [])]
    signers = [key for key in known if key in note.signers(known)]
    if trusted:
        signers = [key for key in signers if key in trusted]
        if not signers:
            names = ", ".join(key.name for key in trusted)
            raise Malformed(f"it carries no signature by the key of {names}")
    elif not signers and not whole:
        names = ", ".join(sorted({line.name for line in note.signatures}))
        raise Malformed(
            f"nothing shows that it is unaltered without the public key of {names}: give it with --key"
        )
    return Issued(checkpoint=checkpoint, note=note, signers=tuple(signers))


def _read_text(text: str) -> Checkpoint:
    lines = text.removesuffix("\n").split("\n")
    if len(lines) < 3 or not all(lines):
        raise Malformed("its checkpoint has not the three lines it must have")
    origin, size, root, *extensions = lines
    decoded = decode_base64(root)
    if len(decoded) != HASH_SIZE:
        raise Malformed("its checkpoint's root is no SHA-256")
    ledger, key = None, None
    for line in extensions:
        word, _, value = line.partition(" ")
        if word == _LEDGER and (match := _HEAD.fullmatch(value)):
            ledger = (int(match[1]), match[2])
        elif word == _KEY:
            key = read_public_key(value)
    return Checkpoint(origin=origin, size=read_number(size), root=decoded, ledger=ledger, key=key)
