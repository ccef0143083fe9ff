"""The installation: which Python and packages run here, against what the package's metadata asks for."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, requires, version

from rawzone_assets import __version__
from rawzone_assets.health.checks import Check, failed, ok, warn

_DISTRIBUTION = "rawzone"
_LOWEST, _BELOW = (3, 11), (3, 14)
_REQUIREMENT = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?P<bounds>[^;]*)(?P<marker>;.*)?")
_BOUND = re.compile(r"(>=|<)\s*([0-9.]+)")


def examine_installation() -> Iterator[Check]:
    """Python, this package, and one line for all its dependencies."""
    here = ".".join(map(str, sys.version_info[:3]))
    if _LOWEST <= sys.version_info[:2] < _BELOW:
        yield ok("Python", here)
    else:
        yield failed("Python", here, "use Python 3.11, 3.12 or 3.13")
    try:
        wanted = requires(_DISTRIBUTION) or []
    except PackageNotFoundError:
        remedy = "install it with 'pip install -e .', so that its dependencies are known"
        yield warn("packages", f"rawzone {__version__} runs without being installed", remedy)
        return
    problems, seen = [], [f"rawzone {__version__}"]
    for name, bounds in _dependencies(wanted):
        try:
            installed = version(name)
        except PackageNotFoundError:
            problems.append(f"{name} is missing")
            continue
        seen.append(f"{name} {installed}")
        if not _within(installed, bounds):
            problems.append(f"{name} is {installed}, not {bounds}")
    if problems:
        yield failed("packages", "; ".join(problems), "install the versions of the lock file again")
    else:
        yield ok("packages", ", ".join(seen))


def _dependencies(wanted: list[str]) -> Iterator[tuple[str, str]]:
    for requirement in wanted:
        match = _REQUIREMENT.fullmatch(requirement)
        if match and not match["marker"]:  # markers are the extras' here
            yield match["name"], match["bounds"].strip()


def _within(installed: str, bounds: str) -> bool:
    """Enough of PEP 440 for the ``>=a,<b`` that pyproject.toml writes."""
    here = _numbers(installed)
    for operator, limit in _BOUND.findall(bounds):
        there = _numbers(limit)
        width = max(len(here), len(there))
        left, right = (numbers + (0,) * (width - len(numbers)) for numbers in (here, there))
        if (operator == ">=" and left < right) or (operator == "<" and left >= right):
            return False
    return True


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.match(r"[0-9.]*", text)[0].strip(".").split(".") if part)  # type: ignore[index]
