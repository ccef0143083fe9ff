"""Digests of documents: of their content without layout, and of their structure without values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from itertools import chain, islice
from operator import itemgetter
from typing import Any

import orjson

MOST_VISITED = 500_000
"""A structure that has not shown itself in half a million members will not do so later."""

_KINDS = {
    str: "string",
    int: "number",
    float: "number",
    bool: "boolean",
    type(None): "null",
    dict: "object",
    list: "array",
}


def canonical(document: Any) -> bytes | None:
    """The document with sorted members and no blanks; ``None`` when it nests too deeply (254 levels)."""
    try:
        return orjson.dumps(document, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return None


def substance(document: Any) -> str | None:
    """SHA-256 of the content, the same however the document was laid out."""
    form = canonical(document)
    return hashlib.sha256(form).hexdigest() if form is not None else None


def structure(document: Any) -> str:
    """SHA-256 over the sorted paths and their types; list positions do not count."""
    return digest_of_names(paths_of(document))


def paths_of(document: Any) -> list[str]:
    """The sorted paths of a document, each with its type: what :func:`structure` digests."""
    found: set[str] = set()
    waiting: list[tuple[str, Sequence[Any]]] = [("", [document])]  # all values that have the same path at once
    visited = 0
    while waiting:
        path, values = waiting.pop()
        visited += len(values)
        if visited > MOST_VISITED:
            return _first_paths_of(document)
        kinds = set(map(type, values))
        for kind in kinds:
            found.add(f"{path} {_KINDS.get(kind, 'other')}")
        if dict in kinds:
            objects = values if len(kinds) == 1 else [value for value in values if type(value) is dict]
            for name, members in _members(objects):
                waiting.append((f"{path}/{name}", members))
        if list in kinds:
            items = chain.from_iterable(value for value in values if type(value) is list)
            held = list(islice(items, MOST_VISITED + 1))
            if held:
                waiting.append((f"{path}/*", held))
    return sorted(found)


def _members(objects: Sequence[dict[str, Any]]) -> Iterable[tuple[str, Sequence[Any]]]:
    """Every name in the objects with all that stands under it, the names of like objects at once."""
    first = objects[0]
    if len(objects) == 1:
        return zip(first, zip(first.values(), strict=True), strict=True)
    if sum(map(len, objects)) == len(first) * len(objects):
        try:
            return [(name, list(map(itemgetter(name), objects))) for name in first]
        except KeyError:
            pass  # as many names, but not the same
    alike: dict[tuple[str, ...], list[dict[str, Any]]] = {}
    for value in objects:
        alike.setdefault(tuple(value), []).append(value)
    found: dict[str, list[Any]] = {}
    for names, group in alike.items():
        for name, column in zip(names, zip(*map(dict.values, group), strict=True), strict=True):
            found.setdefault(name, []).extend(column)
    return found.items()


def _first_paths_of(document: Any) -> list[str]:
    """The same of a document so large that only its first values are looked at, one by one."""
    found: set[str] = set()
    waiting: list[tuple[str, Any]] = [("", document)]
    visited = 0
    while waiting and visited < MOST_VISITED:
        path, value = waiting.pop()
        visited += 1
        if isinstance(value, dict):
            found.add(f"{path} object")
            members = islice(value.items(), MOST_VISITED)
            waiting.extend((f"{path}/{name}", member) for name, member in members)
        elif isinstance(value, list):
            found.add(f"{path} array")
            waiting.extend((f"{path}/*", member) for member in islice(value, MOST_VISITED))
        else:
            found.add(f"{path} {_KINDS.get(type(value), 'other')}")
    return sorted(found)


def digest_of_names(names: Iterable[str]) -> str:
    """SHA-256 over names in the order given."""
    return hashlib.sha256(orjson.dumps(list(names))).hexdigest()
