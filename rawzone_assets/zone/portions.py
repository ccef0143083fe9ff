"""Portions: many small things dealt with some at a time, a large one alone.

To hand over, and to wake whoever takes it, costs as much as to deal with a small one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

_Thing = TypeVar("_Thing")
_FILES_OF_A_COMMIT = 64
_BYTES_OF_A_COMMIT = 64 * 2**20


def portions(
    things: Iterable[_Thing], size_of: Callable[[_Thing], int], *, most: int, most_size: int
) -> Iterator[list[_Thing]]:
    """Up to ``most`` at a time, and fewer once together their sizes add up to ``most_size`` or more."""
    portion: list[_Thing] = []
    size = 0
    for thing in things:
        portion.append(thing)
        size += size_of(thing)
        if len(portion) >= most or size >= most_size:
            yield portion
            portion, size = [], 0
    if portion:
        yield portion


def parcels(
    things: Iterable[_Thing], size_of: Callable[[_Thing], int], *, most: int, most_size: int
) -> Iterator[list[_Thing]]:
    """Up to ``most`` at a time whose sizes add up to no more than ``most_size``, unless one alone is larger."""
    parcel: list[_Thing] = []
    size = 0
    for thing in things:
        size += size_of(thing)
        if parcel and (len(parcel) >= most or size > most_size):
            yield parcel
            parcel, size = [], size_of(thing)
        parcel.append(thing)
    if parcel:
        yield parcel


def commits_of(things: Iterable[_Thing], size_of: Callable[[_Thing], int]) -> Iterator[list[_Thing]]:
    """What of files that are moved or put back goes into one commit: it stays recorded if the next fails."""
    return parcels(things, size_of, most=_FILES_OF_A_COMMIT, most_size=_BYTES_OF_A_COMMIT)
