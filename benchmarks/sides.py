"""Sides: who is measured against whom, and the commands that make each do its work."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import core, store
from benchmarks.measuring import Command, is_there

_OURS = (sys.executable, "-m", "benchmarks", "do")
_RAWZONE = (sys.executable, "-c", "from rawzone_assets.cli import main; main()")
_FOUND_SOMETHING = frozenset({0, 1})  # refused files are part of every corpus


def _nothing(_landing: Path, _place: Path) -> Sequence[Command]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Side:
    """One way of doing the work. Commands are made for a landing folder and a place of the side's own."""

    promote: Callable[[Path, Path], Command]
    prepare: Callable[[Path, Path], Sequence[Command]] = _nothing  # not measured
    verify: Callable[[Path, Path], Command] | None = None
    again: Callable[[Path, Path], Command] | None = None  # with nothing new in landing
    touched: Callable[[Path, Path], Command] | None = None  # with nothing new but the times of all files
    stored: str = ""  # below the place: what it stored
    verdicts: Callable[[Path, Path], Sequence[tuple[str, str]]] | None = None  # of sides that judge
    needs: str = ""  # a program that must be installed


def _own(what: str) -> Callable[[Path, Path], Command]:
    return lambda landing, place: Command(argv=(*_OURS, what, str(landing), str(place)), environment={})


def _rawzone(*arguments: str) -> Callable[[Path, Path], Command]:
    return lambda landing, place: Command(
        argv=(*_RAWZONE, "--home", str(place), *arguments),
        environment={"RAWZONE_LANDING": str(landing)},
        fine=_FOUND_SOMETHING,
    )


def _restic(*arguments: str, landing_last: bool = False) -> Callable[[Path, Path], Command]:
    return lambda landing, place: Command(
        argv=("restic", "-q", *arguments, *((str(landing),) if landing_last else ())),
        environment={
            "RESTIC_REPOSITORY": str(place / "repository"),
            "RESTIC_PASSWORD": "benchmark",
            "RESTIC_CACHE_DIR": str(place / "cache"),
        },
    )


def _borg(*arguments: str, archive: str = "", landing_last: bool = False) -> Callable[[Path, Path], Command]:
    def command(landing: Path, place: Path) -> Command:
        repository = f"{place / 'repository'}{archive}"
        return Command(
            argv=("borg", *arguments, repository, *((str(landing),) if landing_last else ())),
            environment={
                "BORG_BASE_DIR": str(place / "base"),
                "BORG_UNKNOWN_UNENCRYPTED_REPO_ACCESS_IS_OK": "yes",
            },
        )

    return command


def _plain(what: str) -> Side:
    """A side that is no product: what it stores and decides lies in a store of the benchmarks' own."""
    return Side(promote=_own(what), stored="raw", verdicts=lambda _landing, place: store.verdicts_in(place))


def _core(what: str) -> Side:
    return Side(
        promote=_own(what),
        verify=_rawzone("verify", "--no-witness"),
        again=_own(what),
        touched=_own(what),
        stored="raw",
        verdicts=core.verdicts_of,
    )


def _borg_side(compression: str) -> Side:
    return Side(
        prepare=lambda landing, place: [_borg("init", "-e", "none")(landing, place)],
        promote=_borg("create", "-C", compression, archive="::first", landing_last=True),
        verify=_borg("check", "--verify-data"),
        again=_borg("create", "-C", compression, archive="::{utcnow}", landing_last=True),
        stored="repository",
        needs="borg",
    )


_RESTIC = Side(
    prepare=lambda landing, place: [_restic("init")(landing, place)],
    promote=_restic("backup", landing_last=True),
    verify=_restic("check", "--read-data"),
    again=_restic("backup", landing_last=True),
    touched=_restic("backup", landing_last=True),
    stored="repository",
    needs="restic",
)


def _with_its_start(side: Side) -> Side:
    """The side, with what it needs before it can start measured too."""

    def promote(landing: Path, place: Path) -> Command:
        steps = [*side.prepare(landing, place), side.promote(landing, place)]
        script = " && ".join(shlex.join(step.argv) for step in steps)
        return Command(argv=("sh", "-c", script), environment=steps[-1].environment)

    return replace(side, prepare=_nothing, promote=promote)


def _sums(landing: Path, _place: Path) -> Command:
    script = f"find {shlex.quote(str(landing))} -type f -print0 | xargs -0 -n 64 -P 2 sha256sum"
    return Command(argv=("sh", "-c", script), environment={})


SIDES: Mapping[str, Side] = {
    "floor": replace(_plain("floor"), verify=_own("floor-verify")),
    "floor-fast": _plain("floor-fast"),
    "naive": _plain("naive"),
    "core": _core("core"),
    "core-fast": _core("core-fast"),
    "rawzone": Side(
        promote=_rawzone("promote", "--now"),
        verify=_rawzone("verify"),
        again=_rawzone("promote", "--now"),
        touched=_rawzone("promote", "--now"),
        stored="raw",
        verdicts=core.verdicts_of,
    ),
    "restic": _RESTIC,
    "restic-new": _with_its_start(_RESTIC),
    "borg-zlib": _borg_side("zlib,6"),
    "borg-zlib-new": _with_its_start(_borg_side("zlib,6")),
    "borg-zstd": _borg_side("zstd,3"),
    "borg-zstd-new": _with_its_start(_borg_side("zstd,3")),
    "rclone": Side(
        promote=lambda landing, place: Command(
            argv=("rclone", "copy", "--checksum", str(landing), str(place / "copy")), environment={}
        ),
        again=lambda landing, place: Command(
            argv=("rclone", "copy", str(landing), str(place / "copy")), environment={}
        ),
        touched=lambda landing, place: Command(
            argv=("rclone", "copy", "--checksum", str(landing), str(place / "copy")), environment={}
        ),
        stored="copy",
        needs="rclone",
    ),
    "sha256sum": Side(promote=_sums, touched=_sums, needs="sha256sum"),
}
"""``core`` is the library alone, ``rawzone`` the command with its Dagster runs. Only the first six judge.
``sha256sum`` stores nothing: it reads and hashes every file, two at a time.

The backup tools' repositories are made before the clock starts; of ``…-new`` after it, as our zone is.
"""


def is_installed(name: str) -> bool:
    """Whether the program that a side needs is on this machine."""
    return not SIDES[name].needs or is_there(SIDES[name].needs)
