"""The machine and the versions that figures belong to."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.measuring import is_there

_PACKAGES = (
    *("dagster", "deflate", "isal", "jsonschema-rs", "orjson", "pyarrow", "selectolax"),
    *("beautifulsoup4", "jsonschema", "pandas"),
)
_PROGRAMS = {"restic": ("restic", "version"), "borg": ("borg", "--version"), "rclone": ("rclone", "version")}


def described() -> dict[str, str]:
    """What there is to know about where a measurement was taken."""
    return dict(_facts())


def _facts() -> Iterator[tuple[str, str]]:
    yield "processor", _first_value(Path("/proc/cpuinfo"), "model name")
    yield "cores", str(os.cpu_count())
    yield "memory", _first_value(Path("/proc/meminfo"), "MemTotal")
    yield "system", f"{platform.system()} {platform.release()}"
    yield "python", platform.python_version()
    yield "commit", _said("git", "rev-parse", "--short", "HEAD")
    for package in _PACKAGES:
        try:
            yield package, version(package)
        except PackageNotFoundError:
            continue
    for name, command in _PROGRAMS.items():
        if is_there(name):
            yield name, _said(*command)


def _first_value(path: Path, label: str) -> str:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(label)), "unknown")


def _said(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=Path(__file__).parent)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.partition("\n")[0].strip()
