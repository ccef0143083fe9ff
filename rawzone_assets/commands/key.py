"""``rawzone key``: make the key that signs checkpoints, and show its public half. Never the private one."""

from __future__ import annotations

from pathlib import Path

import click

from rawzone_assets.commands.surroundings import emit, fail, home_option, json_option, note, open_settings
from rawzone_assets.zone.keys import PrivateKey, load_private_key, write_private_key
from rawzone_assets.zone.notes import is_key_name


@click.group(name="key")
def command() -> None:
    """The key that signs checkpoints."""


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@click.option("--name", help="Who signs, as in label.example/rawzone. [default: RAWZONE_ORIGIN]")
@home_option
@json_option
def generate(*, file: Path | None, name: str | None, as_json: bool) -> None:
    """Write a new private key to FILE (default: what RAWZONE_SIGNING_KEY names) and print the public key.

    FILE is readable by you alone and never overwritten. Hand the public key to whoever checks your proofs.
    """
    settings = open_settings()
    path, name = file or settings.signing_key, name or settings.origin
    if path is None:
        fail("No file is named for the key: give one, or set RAWZONE_SIGNING_KEY.")
    if name is None or not is_key_name(name):
        fail("A key needs a name without spaces and plus, such as --name label.example/rawzone.")
    key = PrivateKey.generate(name)
    public = key.public.encode()  # before anything is written: the package for it may be missing
    write_private_key(path, key)
    _print(public, path, as_json=as_json)
    if path != settings.signing_key:
        note(
            f"Set RAWZONE_SIGNING_KEY to {path} to sign with it, and keep a copy of that file in a safe place."
        )


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path), required=False)
@home_option
@json_option
def show(*, file: Path | None, as_json: bool) -> None:
    """Print the public key of the private key in FILE (default: what RAWZONE_SIGNING_KEY names)."""
    path = file or open_settings().signing_key
    if path is None:
        fail("No key is configured: set RAWZONE_SIGNING_KEY, or make one with 'rawzone key generate'.")
    _print(load_private_key(path).public.encode(), path, as_json=as_json)


def _print(public: str, path: Path, *, as_json: bool) -> None:
    if as_json:
        emit({"record": "key", "public_key": public, "file": str(path)})
    else:
        click.echo(public)
