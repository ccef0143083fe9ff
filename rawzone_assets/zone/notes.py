"""Signed notes (c2sp.org/signed-note): a text, an empty line, and signature lines.

Read strictly: what is not exactly of the form is refused, and base64 is taken in its one canonical spelling
only, so no byte of a note can be changed without being noticed. Which keys there are is ``keys``'s.

An installation without a key must hand out notes too, so there is one line that is no signature: the
*digest*, a SHA-256 over all that stands before it under a key ID of its own. It shows that the note is whole,
not who wrote it. Others' tools pass over it as over any unknown key.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

DIGEST_TYPE = b"\xffrawzone/sha256-digest/v1"  # 0xff: a type without an assigned byte, its name follows
MOST_BYTES = 1 << 20  # a post-quantum signature has 5 kB, and a verifier must take 16 of them
_MOST_SIGNATURES = 100
_ID_SIZE = 4
_DASH = "\u2014"


class Malformed(ValueError):
    """Bytes that are not of the form they should have; the text says why."""


class Verifier(Protocol):
    """A public key: its name, its ID and what it says of a signature."""

    @property
    def name(self) -> str: ...

    @property
    def key_id(self) -> bytes: ...

    def accepts(self, text: bytes, signature: bytes) -> bool: ...


@dataclass(frozen=True, kw_only=True)
class Signature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def encode(self) -> str:
        return f"{_DASH} {self.name} {encode_base64(self.key_id + self.signature)}\n"


@dataclass(frozen=True, kw_only=True)
class Note:
    """A text, which ends with a line's end, and its signatures in their order."""

    text: str
    signatures: tuple[Signature, ...] = ()

    def encode(self) -> bytes:
        return (self.text + "\n" + "".join(line.encode() for line in self.signatures)).encode()

    def signed(self, signature: Signature) -> Note:
        return Note(text=self.text, signatures=(*self.signatures, signature))

    def with_digest(self, name: str) -> Note:
        """The note with a digest line under this name."""
        digest = hashlib.sha256(self.encode()).digest()
        return self.signed(Signature(name=name, key_id=key_id(name, DIGEST_TYPE), signature=digest))

    def is_whole(self) -> bool:
        """Whether it has a digest line and every such line is right.

        Raises:
            Malformed: A digest line does not fit what stands before it.
        """
        found = False
        for number, line in enumerate(self.signatures):
            if line.key_id == key_id(line.name, DIGEST_TYPE):
                before = Note(text=self.text, signatures=self.signatures[:number])
                if hashlib.sha256(before.encode()).digest() != line.signature:
                    raise Malformed("its text is not the one its digest was taken of")
                found = True
        return found

    def signers(self, keys: Sequence[Verifier]) -> list[Verifier]:
        """Those of ``keys`` that signed it. Signatures by other keys are passed over, as the format demands.

        Raises:
            Malformed: A signature under the name and ID of one of them is not by it.
        """
        found = []
        for key in keys:
            lines = [line for line in self.signatures if (line.name, line.key_id) == (key.name, key.key_id)]
            if not all(key.accepts(self.text.encode(), line.signature) for line in lines):
                raise Malformed(f"its signature under the name {key.name} is not by that key")
            if lines:
                found.append(key)
        return found


def read_note(data: bytes) -> Note:
    """Read a signed note.

    Raises:
        Malformed: It is none.
    """
    text, lines = _parts(data)
    if len(lines) > _MOST_SIGNATURES:
        raise Malformed(f"it has more than {_MOST_SIGNATURES} signature lines")
    return Note(text=text, signatures=tuple(_read_signature(line) for line in lines))


def read_text(data: bytes, *, most: int = MOST_BYTES) -> str:
    """Text as notes allow it: UTF-8 in lines, without any other control character.

    Raises:
        Malformed: It is none.
    """
    if not data:
        raise Malformed("it is empty")
    if len(data) > most:
        raise Malformed(f"it is larger than {most} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Malformed("it is not UTF-8 text") from None
    if any(character < " " and character != "\n" for character in text):
        raise Malformed("it contains a control character")
    if not text.endswith("\n"):
        raise Malformed("its last line has no end")
    return text


def key_id(name: str, kind: bytes, public: bytes = b"") -> bytes:
    """The ID of a key: the beginning of a SHA-256 over its name, type and public part."""
    return hashlib.sha256(name.encode() + b"\n" + kind + public).digest()[:_ID_SIZE]


def is_key_name(name: str) -> bool:
    """Whether a note allows the name: not empty, without spaces, plus and control characters."""
    return bool(name) and not any(c.isspace() or c < " " or c == "+" for c in name)


def encode_base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decode_base64(text: str) -> bytes:
    """Standard base64 in its canonical spelling.

    Raises:
        Malformed: It is none.
    """
    try:
        data = base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, ValueError):
        data = None
    if data is None or encode_base64(data) != text:
        raise Malformed("it contains something other than base64 where base64 belongs")
    return data


def read_number(text: str) -> int:
    """A decimal number without leading zeros, below 2**63.

    Raises:
        Malformed: It is none.
    """
    if not (text.isascii() and text.isdigit() and len(text) < 20) or str(int(text)) != text or int(text) >> 63:
        raise Malformed("it contains something other than a plain number where a number belongs")
    return int(text)


def _parts(data: bytes) -> tuple[str, list[str]]:
    text, separator, signatures = read_text(data).rpartition("\n\n")
    if not separator or not text:
        raise Malformed("it has no empty line between text and signatures")
    if not signatures:
        raise Malformed("it has no signature line")
    return text + "\n", signatures.removesuffix("\n").split("\n")


def _read_signature(line: str) -> Signature:
    parts = line.split(" ")
    if len(parts) != 3 or parts[0] != _DASH or not is_key_name(parts[1]):
        raise Malformed("it has a signature line that is none")
    _, name, encoded = parts
    data = decode_base64(encoded)
    if len(data) <= _ID_SIZE:
        raise Malformed("it has a signature line without a signature")
    return Signature(name=name, key_id=data[:_ID_SIZE], signature=data[_ID_SIZE:])
