"""Digests of documents: of their content without layout, and of their structure without values."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import islice
from typing import Any

import orjson

MOST_VISITED = 500_000
"""A structure that has not shown itself in half a million members will not do so later."""

_KINDS = {str: "string", int: "number", float: "number", bool: "boolean", type(None): "null"}


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
