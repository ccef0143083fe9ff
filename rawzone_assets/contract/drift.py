"""Drift: what has appeared, vanished or changed its type in the structure of a delivery. Pure.

A structure is an outline: lines of a path and a kind (``/streams/*/date string``). Normal variation is no
drift: ``null`` is of every type, whole numbers and fractions are numbers, a list may be empty, and members
named by data (days, ids) count as one. A member counts as vanished only if every recent delivery had it where
it could, and as appeared only if none had: so an optional member is told once and not every day.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from rawzone_assets.contract import codes
from rawzone_assets.contract.exposures import exposes
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.wording import first_of

Outline = tuple[str, ...]

MOST_LINES = 400
LONGEST_NAME = 60
_MOST_KEPT = 2**14  # characters of a structure that is remembered
_MOST_NAMED = 5

# Names that are data: days, numbers, ids in hexadecimal, addresses. They would be news in every delivery.
_DATA = re.compile(r"[\W\d_]*\d[\W\d_]*|[0-9a-fA-F-]{16,}|.*@.*")
_ANY = "#"
_ITEMS = "*"
_NULL = "null"

Kinds = Mapping[str, frozenset[str]]


@dataclass(frozen=True, kw_only=True)
class Drift:
    """How one structure differs from those before it."""

    appeared: tuple[str, ...]
    vanished: tuple[str, ...]
    changed: tuple[str, ...]  # with the kinds, now and before

    def __bool__(self) -> bool:
        return bool(self.appeared or self.vanished or self.changed)


def outline_of(lines: Iterable[str]) -> Outline:
    """The structure that ``lines`` list, without names that are data; nothing when it is too large to keep."""
    listed = tuple(lines)
    # Captures of a feed have one structure, again and again; those whose names are data never have it twice.
    is_kept = len(listed) <= MOST_LINES and sum(map(len, listed)) <= _MOST_KEPT
    return (_known_outline if is_kept else _outline)(listed)


def _outline(lines: tuple[str, ...]) -> Outline:
    found: set[str] = set()
    for line in lines:
        path, _, kind = line.rpartition(" ")
        shown = "/".join(_named(name) for name in path.split("/"))
        found.add(f"{_ANY if exposes(shown) else shown} {kind}")
        if len(found) > MOST_LINES:
            return ()
    return tuple(sorted(found))


_known_outline = lru_cache(maxsize=256)(_outline)


def outline_of_columns(names: Iterable[str]) -> Outline:
    """The structure of a table: its columns, in any order."""
    return outline_of([" object", *(f"/{name.replace('/', '|')} column" for name in names)])


def drift(now: Outline, past: Sequence[Outline]) -> Drift:
    """How ``now`` differs from the structures before it."""
    here, before = _kinds(now), [_kinds(outline) for outline in past]
    ever: dict[str, frozenset[str]] = {}
    for kinds in before:
        for path, found in kinds.items():
            ever[path] = ever.get(path, frozenset()) | found
    return Drift(
        appeared=tuple(path for path in here if path not in ever and _is_member_of(path, ever)),
        vanished=tuple(
            path
            for path in ever
            if path not in here
            and _is_member_of(path, here)
            and all(path in kinds for kinds in before if _is_member_of(path, kinds))
        ),
        changed=tuple(
            f"{path or '/'} ({_words(here[path])}, before {_words(ever[path])})"
            for path in here
            if path in ever and _news(here[path], ever[path])
        ),
    )


def drift_findings(now: Outline, past: Sequence[Outline], *, files: int) -> Iterator[Finding]:
    """The advisory finding that the structure differs from that of the last ``files`` deliveries."""
    found = drift(now, past) if now and past and all(past) else None
    if found:
        parts = [
            f"{word} {_listed(paths)}"
            for word, paths in (
                ("appeared", found.appeared),
                ("vanished", found.vanished),
                ("changed type", found.changed),
            )
            if paths
        ]
        since = "delivery" if files == 1 else f"{files} deliveries"
        yield codes.SCHEMA_DRIFT(f"since the last {since}: {'; '.join(parts)}")


def _named(name: str) -> str:
    # Names are the source's: one that holds a token must not stand in a receipt for ever.
    return _ANY if len(name) > LONGEST_NAME or _DATA.fullmatch(name) or exposes(name) else name


def _kinds(outline: Outline) -> Kinds:
    found: dict[str, set[str]] = {}
    for line in outline:
        path, _, kind = line.rpartition(" ")
        found.setdefault(path, set()).add(kind)
    return {path: frozenset(kinds) for path, kinds in found.items()}


def _is_member_of(path: str, kinds: Kinds) -> bool:
    """Whether a structure has the object in which the path would stand. Lists may be empty: no items count."""
    parent, _, name = path.rpartition("/")
    return bool(path) and name not in {_ITEMS, _ANY} and "object" in kinds.get(parent, ())


def _news(now: frozenset[str], ever: frozenset[str]) -> bool:
    """Whether a value has a type that it never had, and had one."""
    return bool(now - ever - {_NULL}) and bool(ever - {_NULL})


def _words(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds - {_NULL}))


def _listed(paths: Sequence[str]) -> str:
    return first_of([path if len(path) <= 200 else f"{path[:200]}…" for path in paths], _MOST_NAMED)
