"""Wording: what sentences for people are made of, wherever they are said."""

from __future__ import annotations

from collections.abc import Sequence


def first_of(names: Sequence[str], most: int) -> str:
    """The first of them, and how many more there are: ``a, b and 3 more``."""
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def counted(count: int, one: str, many: str = "") -> str:
    """``1 file``, ``2,000 files``; ``many`` where that is not ``one`` with an s."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"


def readable_size(count: int | None) -> str:
    """``1.4 MiB``; nothing for an unknown size."""
    if count is None:
        return ""
    size, units = float(count), ["B", "KiB", "MiB", "GiB", "TiB"]
    while size >= 1024 and len(units) > 1:
        size /= 1024
        units.pop(0)
    return f"{count} B" if units[0] == "B" else f"{size:.1f} {units[0]}"


def room_of(free: int, reserve: int) -> str:
    """What is free on a disk, in bytes, and what of that stays free: ``1.4 GiB free, 64.0 MiB ...``."""
    return f"{readable_size(free)} free, {readable_size(reserve)} are kept in reserve"
