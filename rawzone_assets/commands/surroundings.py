"""What every command stands in: its settings, its zone, its two output streams and its exit codes.

Standard output carries results only (with ``--json`` nothing but JSON lines), standard error everything said
to a person. Tables and option types are elsewhere; nothing here knows a single command.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NoReturn

import click
import orjson

from rawzone_assets.access.opening import open_zone as open_zone  # noqa: PLC0414  commands take both from here
from rawzone_assets.access.opening import recorded_feeds as recorded_feeds  # noqa: PLC0414
from rawzone_assets.access.opening import zone_without_index_file as zone_without_index_file  # noqa: PLC0414
from rawzone_assets.commands.failure import Failure
from rawzone_assets.commands.zone_folder import ZoneFolder
from rawzone_assets.contract.plain_text import printable as printable  # noqa: PLC0414  commands take it from here
from rawzone_assets.contract.plain_text import printable_json
from rawzone_assets.zone.settings import Settings

FINE = 0
FOUND = 1
"""Refused files, damage, stale feeds: the command worked and there is something to look at."""
FAILED = Failure.exit_code
"""Wrong usage, or an environment that keeps the command from working."""


def fail(sentence: str) -> NoReturn:
    """End the command with one sentence on standard error and exit code 2."""
    raise Failure(sentence)


def fail_unwritten(what: str, path: Path, error: OSError) -> NoReturn:
    """End the command, because a file that was asked for cannot be written."""
    reason = (error.strerror or str(error)).lower()
    fail(
        f"{what} cannot be written to {path} ({reason}): give a file in a folder that exists and that this "
        "user may write to."
    )


def open_settings(home: Path | None = None) -> Settings:
    """The settings of this call: ``home``, else ``rawzone --home``, else the environment.

    Raises:
        ZoneError: An environment variable has a value that cannot be used.
    """
    if home is None:
        context = click.get_current_context(silent=True)
        home = context.find_object(Path) if context else None
    return Settings.from_environment(os.environ, home=home)


def open_settings_of_a_zone() -> Settings:
    """The same, for a command that asks a zone: nothing is to be said of a folder that was mistyped.

    Raises:
        Failure: Neither the zone's folder nor its raw root exists.
        ZoneError: An environment variable has a value that cannot be used.
    """
    settings = open_settings()
    if not settings.home.is_dir() and not settings.layout.raw.is_dir():
        fail(f"There is no zone in {settings.home}: name the zone's folder with --home.")
    return settings


def emit(record: Mapping[str, Any]) -> None:
    """Write one record as a JSON line on standard output, at once, so that a reader can follow."""
    stream = sys.stdout.buffer
    try:
        line = orjson.dumps(record, default=str, option=orjson.OPT_APPEND_NEWLINE)
    except orjson.JSONEncodeError:
        # A path that somebody named need not be UTF-8.
        line = orjson.dumps(_in_utf8(record), default=str, option=orjson.OPT_APPEND_NEWLINE)
    stream.write(printable_json(line))
    stream.flush()


def _in_utf8(value: Any) -> Any:
    r"""The same, where bytes of paths that are no UTF-8 are written as receipts write them: ``\xff``."""
    if isinstance(value, str | Path):
        return str(value).encode(errors="surrogateescape").decode(errors="backslashreplace")
    if isinstance(value, Mapping):
        return {name: _in_utf8(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_in_utf8(part) for part in value]
    return value


def note(sentence: str) -> None:
    """Say something to the person at the terminal without touching the results."""
    click.echo(printable(sentence), err=True)


def json_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--json``, which every command takes."""
    return click.option("--json", "as_json", is_flag=True, help="JSON lines on standard output.")(function)


def home_option(function: Callable[..., Any]) -> Callable[..., Any]:
    """``--home`` after the command's name too; :func:`open_settings` finds it."""
    return click.option(
        "--home",
        type=ZoneFolder(),
        expose_value=False,
        callback=_note_home,
        help="The zone's folder. [default: RAWZONE_HOME, else ./data]",
    )(function)


def _note_home(context: click.Context, _: click.Parameter, home: Path | None) -> None:
    if home is not None:
        context.obj = home


def leave(code: int) -> None:
    """End the command with this exit code, after all its output."""
    if code != FINE:
        click.get_current_context().exit(code)
