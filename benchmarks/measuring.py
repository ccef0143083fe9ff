"""Measuring: one command run once, with everything that the system says about it afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYNCS = ("fsync", "fdatasync", "syncfs", "sync_file_range", "msync")
_PER_SECOND = os.sysconf("SC_CLK_TCK")


class CommandFailed(Exception):
    """A measured command failed; the message holds the end of what it said."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A program with its arguments, and the variables it needs besides our own."""

    argv: Sequence[str]
    environment: Mapping[str, str]
    fine: frozenset[int] = frozenset({0})  # exit codes that mean that the work was done


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run took, children included."""

    wall: float  # seconds
    cpu: float  # seconds, user and system
    peak: float  # MiB, of the largest process
    foreign: float  # cores that other work on the machine kept busy meanwhile


def run(command: Command, log: Path) -> Measured:
    """Run the command to its end; what it says goes to ``log``.

    Raises:
        CommandFailed: It ended with an exit code that does not mean success.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    busy = _busy_seconds()
    started = time.perf_counter()
    with log.open("ab") as said:
        process = subprocess.Popen(
            list(command.argv),
            env={**os.environ, **command.environment},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        )
        _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in command.fine:
        end = log.read_bytes()[-2000:].decode(errors="replace")
        raise CommandFailed(f"{' '.join(command.argv)} ended with {process.returncode}: {end}")
    cpu = usage.ru_utime + usage.ru_stime
    foreign = max(_busy_seconds() - busy - cpu, 0) / wall
    return Measured(wall=wall, cpu=cpu, peak=usage.ru_maxrss / 1024, foreign=foreign)


def syncs(command: Command, log: Path) -> dict[str, int]:
    """How often the command, children included, asks the system to make something durable; by strace.

    Raises:
        CommandFailed: It failed.
    """
    with tempfile.NamedTemporaryFile("r", suffix=".strace") as counted:
        traced = ("strace", "-f", "-qq", "-c", "-e", f"trace={','.join(_SYNCS)}", "-o", counted.name)
        run(
            Command(argv=(*traced, *command.argv), environment=command.environment, fine=command.fine),
            log,
        )
        rows = [line.split() for line in counted.read().splitlines()]
    return {row[-1]: int(row[3]) for row in rows if len(row) >= 5 and row[-1] in _SYNCS}


def cpu_seconds(work: Callable[[], object], *, times: int) -> list[float]:
    """What each of so many calls in this process takes of a processor."""
    taken = []
    for _ in range(times):
        started = time.process_time()
        work()
        taken.append(time.process_time() - started)
    return taken


def is_there(program: str) -> bool:
    return shutil.which(program) is not None


def bytes_below(folder: Path) -> int:
    """The sizes of all files below a folder."""
    return sum(
        os.lstat(os.path.join(base, name)).st_size for base, _, names in os.walk(folder) for name in names
    )


def _busy_seconds() -> float:
    """Processor seconds that the whole machine has worked."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _wait, irq, softirq, *_ = map(int, file.readline().split()[1:])
    return (user + nice + system + irq + softirq) / _PER_SECOND
