"""JSON pointers (RFC 6901): naming a member of a document, and finding it again."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

Parts = tuple[str | int, ...]
"""The way to a member: names and indexes, from the document's top."""


def pointer(parts: Iterable[str | int]) -> str:
    """The pointer that leads through ``parts``; no parts point at the whole document."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


@lru_cache(maxsize=1_024)  # rules name the same few, delivery after delivery
def parts_of(text: str) -> tuple[str, ...]:
    """The parts of a pointer, unescaped; indexes stay text."""
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:])


def resolve(document: Any, text: str) -> Any:
    """The member that the pointer names, or ``None`` when there is none."""
    for part in parts_of(text):
        if isinstance(document, dict):
            document = document.get(part)
        elif isinstance(document, list) and part.isdecimal() and int(part) < len(document):
            document = document[int(part)]
        else:
            return None
    return document
