"""What the commands about proofs share: reading their files, trusted keys, and writing results."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.pages import fail_as_it_exists
from rawzone_assets.commands.surroundings import fail
from rawzone_assets.zone.checkpoints import Issued, read_checkpoint
from rawzone_assets.zone.keys import PublicKey, read_public_key
from rawzone_assets.zone.new_files import whole_or_gone
from rawzone_assets.zone.notes import Malformed
from rawzone_assets.zone.proofs import MOST_PROOF_BYTES

_MOST_KEY_BYTES = 4096


class Refused(Exception):
    """A file is not what it should be. A finding: the command ends with exit code 1."""


def key_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--key``: public keys that are trusted."""
    return click.option(
        "--key",
        "keys",
        multiple=True,
        metavar="KEY|FILE",
        help="A public key you trust (name+id+base64), or a file with it: it must have signed.",
    )(function)


def output_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--output``: a new file for the result."""
    return click.option(
        "-o",
        "--output",
        "--out",
        "output",
        type=click.Path(dir_okay=False, path_type=Path),
        help="Write to this new file instead of standard output.",
    )(function)


def trusted_keys(keys: tuple[str, ...]) -> list[PublicKey]:
    """Read what ``--key`` named; a key or file that cannot be used ends the command with exit code 2."""
    return [_trusted_key(key) for key in keys]


def read_evidence(path: Path) -> bytes:
    """A proof's or checkpoint's bytes; one more than any may have shows that it is too large."""
    try:
        if str(path) == "-":
            return sys.stdin.buffer.read(MOST_PROOF_BYTES + 1)
        with path.open("rb") as stream:
            return stream.read(MOST_PROOF_BYTES + 1)
    except OSError as error:
        fail(f"{path} cannot be read ({(error.strerror or str(error)).lower()}): give the path of a file.")


def checkpoint_in(path: Path, trusted: list[PublicKey]) -> Issued:
    """The checkpoint in a file.

    Raises:
        Refused: It is none, was altered, or is not by a trusted key.
    """
    try:
        return read_checkpoint(read_evidence(path), trusted=trusted)
    except Malformed as problem:
        raise Refused(f"The checkpoint {path} is refused: {problem}.") from None


def deliver(data: bytes, output: Path | None) -> None:
    """Write a result to a new file, or to standard output; a file that cannot be written whole is none."""
    if output is None:
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
        return
    try:
        with whole_or_gone(output, mode=0o666) as stream:
            stream.write(data)
    except FileExistsError:
        fail_as_it_exists(output)
    except OSError as error:
        fail(f"{output} cannot be written ({(error.strerror or str(error)).lower()}): name another file.")


def _trusted_key(text: str) -> PublicKey:
    where = "The key"
    if "+" not in text:
        where = f"The key in {text}"
        try:
            with Path(text).open(encoding="utf-8") as stream:
                text = stream.read(_MOST_KEY_BYTES)
        except (OSError, ValueError) as error:
            fail(f"{where} cannot be read ({error}): give a public key or a file with one.")
    try:
        return read_public_key(text.strip())
    except Malformed as problem:
        fail(f"{where} cannot be used ({problem}): give what 'rawzone key show' prints.")
