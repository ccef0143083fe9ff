"""Ed25519 keys of signed notes, in the text forms that Go's ``note`` package and C2SP tools use.

Public: ``name+<8 hex digits>+<base64>``. Private: the same behind ``PRIVATE+KEY+``. A private key is never
shown: neither its ``repr`` nor any message contains it. The mathematics is the ``cryptography`` package's,
imported when a key is first used.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from rawzone_assets.zone.new_files import whole_or_gone
from rawzone_assets.zone.notes import (
    Malformed,
    Signature,
    decode_base64,
    encode_base64,
    is_key_name,
    key_id,
)
from rawzone_assets.zone.setting_errors import BadKey, KeyKept, SigningUnavailable

_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_KEY_SIZE = 32
_LONGEST_KEY_FILE = 4096


@dataclass(frozen=True)
class PublicKey:
    """What others check signatures with."""

    name: str
    public: bytes

    @property
    def key_id(self) -> bytes:
        return key_id(self.name, _ED25519, self.public)

    def encode(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{encode_base64(_ED25519 + self.public)}"

    def accepts(self, text: bytes, signature: bytes) -> bool:
        """Whether this key made the signature.

        Raises:
            SigningUnavailable: The package for it is not installed.
        """
        try:
            from cryptography.exceptions import InvalidSignature  # noqa: PLC0415  an extra, and slow to import
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey  # noqa: PLC0415
        except ImportError:
            raise SigningUnavailable from None
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text)
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True)
class PrivateKey:
    """What signs. Keep it from everyone else."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def generate(cls, name: str) -> PrivateKey:
        return cls(name, os.urandom(_KEY_SIZE))

    def encode(self) -> str:
        identity = self.public.key_id.hex()
        return f"{_PRIVATE}{self.name}+{identity}+{encode_base64(_ED25519 + self.seed)}"

    @property
    def public(self) -> PublicKey:
        """The public half.

        Raises:
            SigningUnavailable: The package for it is not installed.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        except ImportError:
            raise SigningUnavailable from None
        key = Ed25519PrivateKey.from_private_bytes(self.seed)
        return PublicKey(self.name, key.public_key().public_bytes_raw())

    def sign(self, text: str) -> Signature:
        """The signature line of a note's text.

        Raises:
            SigningUnavailable: The package for it is not installed.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey  # noqa: PLC0415
        except ImportError:
            raise SigningUnavailable from None
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return Signature(name=self.name, key_id=self.public.key_id, signature=signature)


def read_public_key(text: str) -> PublicKey:
    """Read a public key's text form.

    Raises:
        Malformed: It is none, or its ID does not fit.
    """
    name, identity, material = _split(text)
    key = PublicKey(name, material)
    if key.key_id.hex() != identity:
        raise Malformed("its ID does not fit its name and key")
    return key


def read_private_key(text: str) -> PrivateKey:
    """Read a private key's text form. Messages never repeat any of it.

    Raises:
        Malformed: It is none, or its ID does not fit.
        SigningUnavailable: The package to check it with is not installed.
    """
    if not text.startswith(_PRIVATE):
        raise Malformed(f"it does not begin with {_PRIVATE}")
    name, identity, material = _split(text.removeprefix(_PRIVATE))
    key = PrivateKey(name, material)
    if key.public.key_id.hex() != identity:
        raise Malformed("its ID does not fit its name and key")
    return key


def load_private_key(path: Path) -> PrivateKey:
    """The private key in a file that others cannot read.

    Raises:
        BadKey: There is no such file, others may read or change it, or it holds no key.
        SigningUnavailable: The package to use it with is not installed.
    """
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(_LONGEST_KEY_FILE)
    except OSError as error:
        raise BadKey(path, (error.strerror or str(error)).lower()) from None
    if mode & (stat.S_IRWXO | stat.S_IWGRP):
        raise BadKey(path, "others may read or change it, so run 'chmod 600' on it")
    try:
        return read_private_key(data.decode("ascii").strip())
    except UnicodeDecodeError:
        raise BadKey(path, "it is not a key's text") from None
    except Malformed as problem:
        raise BadKey(path, str(problem)) from None


def write_private_key(path: Path, key: PrivateKey) -> None:
    """Write a key to a new file of mode 0600.

    Raises:
        KeyKept: There is a file already.
        BadKey: None can be written; no half of it stays.
    """
    text = f"{key.encode()}\n".encode()
    try:
        with whole_or_gone(path, mode=0o600) as stream:
            stream.write(text)
    except FileExistsError:
        raise KeyKept(path) from None
    except OSError as error:
        raise BadKey(path, (error.strerror or str(error)).lower()) from None


def _split(text: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    identity, _, encoded = rest.partition("+")
    if not is_key_name(name):
        raise Malformed("it has no name that a key may have")
    data = decode_base64(encoded)
    if len(data) != 1 + _KEY_SIZE or data[:1] != _ED25519:
        raise Malformed("it is not an Ed25519 key")
    return name, identity, data[1:]
