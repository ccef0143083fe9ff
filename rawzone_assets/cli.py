"""``rawzone``: the command line's frame. Commands live in ``commands``, a module each, imported when used.

Here are the table of commands (so that ``--help`` imports none of them), ``--home``, and the one place where
errors become a sentence and an exit code.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from importlib import import_module
from io import TextIOWrapper
from pathlib import Path
from typing import Any

import click
from click.exceptions import NoArgsIsHelpError

from rawzone_assets import __version__
from rawzone_assets.commands.failure import Failure
from rawzone_assets.commands.zone_folder import ZoneFolder
from rawzone_assets.zone.errors import StorageFailed, ZoneError

_COMMANDS = {
    "demo": "See it work on samples, up to the Dagster UI.",
    "promote": "Promote what has landed, once, as the sensor does.",
    "adopt": "Take over an existing pile of files, dry run first.",
    "examine": "Judge files without writing anything.",
    "status": "What each feed holds, awaits and refused.",
    "health": "All figures, with speed, scrub and disks; also as a page.",
    "metrics": "The figures for Prometheus.",
    "consistency": "On which days a feed was missing or out of step.",
    "ls": "List the objects that can be read.",
    "show": "The receipts of an object or landed file.",
    "cat": "The exact original bytes of an object, verified.",
    "export": "Files of a feed for others to check: SHA256SUMS or a BagIt bag.",
    "sql": "Ask the zone in SQL: a view a feed, and the ledger.",
    "log": "The ledger, newest last.",
    "catalog": "The ledger's receipts as Parquet files.",
    "report": "What arrived, was refused, verified and repaired, for whoever has to show it.",
    "reindex": "Report the ledger to an empty Dagster instance.",
    "verify": "Re-read everything and compare it with the ledger.",
    "scrub": "Re-read what was unread for longest, within a time budget.",
    "repair": "Put back what is damaged or missing, from the same bytes elsewhere.",
    "checkpoint": "What the ledger is now, to be kept elsewhere.",
    "prove": "A proof of one receipt for others to check.",
    "verify-proof": "Check a proof, with nothing but its file.",
    "key": "The key that signs checkpoints.",
    "archive": "What is due for the archive, moving it there, bringing it back.",
    "hold": "Legal holds: nothing under one leaves hot storage or is erased.",
    "erase": "Remove bytes that the law wants gone, everywhere in the zone.",
    "quarantine": "What was refused, why, and its replay.",
    "backtest": "What today's contract would change of what is stored.",
    "alerts": "What is wrong, who was told, and whether it arrived.",
    "explain": "What a finding means and how to fix it.",
    "doctor": "What is wrong with this installation.",
}
_INTERRUPTED = 130
_PIPE_CLOSED = 141  # what a shell reports of a command that a closed pipe ended


class _LazyGroup(click.Group):
    """Knows its commands by name and short help; a module is imported when its command is needed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(_module_of(cmd_name)).command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in _COMMANDS and not args[0].startswith("-"):
            near = get_close_matches(args[0], _COMMANDS, n=1)
            meant = f" Did you mean {near[0]!r}?" if near else ""
            ctx.fail(f"There is no command {args[0]!r}.{meant}")
        return super().resolve_command(ctx, args)

    def make_context(self, *args: Any, **given: Any) -> click.Context:
        """Read the arguments; ``--help`` and ``--version`` write what they say meanwhile."""
        with _in_sentences():
            return super().make_context(*args, **given)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        with _in_sentences():
            return super().invoke(ctx)


@contextmanager
def _in_sentences() -> Iterator[None]:
    """What the environment refuses becomes one sentence."""
    try:
        yield
    except ZoneError as error:
        raise Failure(str(error)) from error
    except _database_errors() as error:
        raise Failure(
            f"The index in the zone's state folder cannot be used ({error}): remove its index-*.sqlite3* "
            "files, they are derived and the next command builds them again."
        ) from error
    except BrokenPipeError as error:
        # click would call this exit code 1, which here means that something was found.
        raise _PipeClosed from error
    except OSError as error:
        # What has no name is a stream, most likely that of results: `rawzone ls > FILE` on a full disk.
        doing = "go on" if error.filename else "go on, or write the output"
        raise Failure(str(StorageFailed(doing, error))) from error


def _module_of(command: str) -> str:
    return f"rawzone_assets.commands.{command.replace('-', '_')}"


class _PipeClosed(Exception):
    """Whoever read our output has seen enough."""


def _database_errors() -> tuple[type[Exception], ...]:
    """SQLite's errors, if any command imported it: ``--help`` need not."""
    sqlite3 = sys.modules.get("sqlite3")
    return (sqlite3.Error,) if sqlite3 else ()


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 fine, 1 it found something, 2 wrong usage or environment.",
)
@click.option(
    "--home",
    type=ZoneFolder(),
    help="The zone's folder. [default: RAWZONE_HOME, else ./data]",
)
@click.version_option(__version__, prog_name="rawzone")
@click.pass_context
def root(context: click.Context, home: Path | None) -> None:
    """An immutable, validated, hashed and audited raw zone."""
    context.obj = home


def _replace_closed_streams() -> None:
    """Let standard streams that the caller closed lead to the null device."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is the missing one. Left free, a file of the zone would get it next, and
            # whatever a library or child process prints would be written into that file.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open to the end)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 (open to the end)


def _begin_again_in_utf8() -> None:
    """Become the same command with names of files read as UTF-8, if the locale reads them as something else.

    A name is part of what the ledger says of a delivery for ever: it must not depend on who happened to promote
    it, from a terminal or from cron. Only the start of an interpreter decides how it reads names.
    """
    if sys.getfilesystemencoding().lower() != "utf-8" and not sys.flags.utf8_mode:
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 (ourselves, as we were called)


def _write_what_the_terminal_can_show() -> None:
    r"""Let signs that standard output has no code for be written as ``\u65e5``, as standard error does."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def main(arguments: list[str] | None = None) -> None:
    """The entry point: run a command and exit with its code."""
    if arguments is None:
        _begin_again_in_utf8()
    _replace_closed_streams()
    _write_what_the_terminal_can_show()
    code = Failure.exit_code
    with suppress(OSError):  # nobody can be told where standard error takes nothing
        code = _code_of(arguments)
    try:
        sys.stdout.flush()
    except OSError:
        # The null device takes what the interpreter would still flush to where nothing more can be written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(code)


def _code_of(arguments: list[str] | None) -> int:
    """Run a command and say with which code it ended."""
    try:
        with _in_sentences():
            result = root.main(arguments, prog_name="rawzone", standalone_mode=False)
            sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except click.UsageError as error:
        message = error.format_message()
        if not isinstance(error, NoArgsIsHelpError):  # whose message is the whole help of a group
            # click lists the values that a missing option may have on lines of their own.
            how = error.ctx.command_path if error.ctx else "rawzone"
            message = f"{' '.join(message.split())} ('{how} --help' shows the usage.)"
        click.echo(message, err=True)
    except click.ClickException as error:
        error.show()
    except click.Abort:
        return _INTERRUPTED
    except _PipeClosed:
        return _PIPE_CLOSED
    return Failure.exit_code
