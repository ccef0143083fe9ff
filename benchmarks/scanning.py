"""Scanning: a landing folder as the yardsticks see it, each file with its feed and when it was captured."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.platforms import all_platforms

_DIGITS = re.compile(r"[0-9]+")
_STAMP = re.compile(r"(?<![0-9])(20[0-9]{6})_[0-9]{6}(?![0-9])")
MOST_FILES = 256
MOST_BYTES = 24 * 2**20


@dataclass(frozen=True, kw_only=True)
class Found:
    """One landed file."""

    path: str  # below landing
    size: int
    feed: str


@dataclass(frozen=True, kw_only=True)
class About:
    """What a path tells of its file."""

    feed: Feed  # as delivered under this name
    day: date
    name: str  # as it is stored


def scan(landing: Path) -> list[Found]:
    """Every file, with one look at each. A name is recognized once for all that differ in digits only."""
    feeds: dict[str, str] = {}
    found = []
    for path, size in _walk(str(landing), ""):
        shape = _DIGITS.sub("#", path)
        feed = feeds.get(shape)
        if feed is None:
            recognized = recognize(path, all_platforms())
            feed = feeds[shape] = recognized.feed.id if isinstance(recognized, Recognized) else ""
        if feed:
            found.append(Found(path=path, size=size, feed=feed))
    return found


def _walk(folder: str, below: str) -> Iterator[tuple[str, int]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, f"{below}{entry.name}/")
            else:
                yield f"{below}{entry.name}", entry.stat(follow_symlinks=False).st_size


def batches(found: list[Found]) -> list[list[Found]]:
    """At most so many files or bytes of one feed each, the largest batches first."""
    made: list[list[Found]] = []
    size = 0
    for file in sorted(found, key=lambda file: (file.feed, file.path)):
        fits = made and made[-1][0].feed == file.feed and len(made[-1]) < MOST_FILES
        if not fits or size + file.size > MOST_BYTES:
            made.append([])
            size = 0
        made[-1].append(file)
        size += file.size
    return sorted(made, key=lambda batch: -sum(file.size for file in batch))


class Guide:
    """What a path tells. Asked in full once for all names that differ in digits only: then a date is enough."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Feed, bool]] = {}

    def about(self, path: str) -> About:
        """Feed, capture day and stored name of a path that :func:`scan` found."""
        shape = _DIGITS.sub("#", path)
        known = self._known.get(shape)
        stamp = _STAMP.search(path)
        if known and known[1] and stamp:
            feed, _ = known
            folder, _, name = path.rpartition("/")
            if not _STAMP.search(name):
                stem, _, extension = name.rpartition(".")
                name = f"{stem}_{folder[-15:]}.{extension}"
            return About(feed=feed, day=_day(stamp[1]), name=name)
        found = recognize(path, all_platforms())
        if not isinstance(found, Recognized):
            raise TypeError(f"{path} is of no feed")
        capture = found.capture
        feed = as_delivered(found.feed, capture.name)
        self._known[shape] = feed, stamp is not None and _day(stamp[1]) == capture.day
        return About(feed=feed, day=capture.day, name=capture.name)


def _day(stamp: str) -> date:
    return date(int(stamp[:4]), int(stamp[4:6]), int(stamp[6:]))


def key_of(about: About) -> str:
    """Where the object goes below the store's root."""
    day = about.day
    folder = f"{about.feed.id}/{day:%Y}/{day:%m}" if about.feed.by_month else f"{about.feed.id}/{day:%Y}"
    return f"{folder}/{about.name}.gz"
