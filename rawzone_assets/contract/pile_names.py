"""Pile names: what a file of an existing pile is, whose folders and packing nobody chose for Raw Zone.

More forgiving than :mod:`naming`: the platform's folder may stand anywhere in the path, also above the pile
itself, what was packed with gzip is taken for what it holds, and an old zone's revisions for the name they
revise. Dates are read as ever. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.naming import Ignored, Owners, Recognized, Unrecognized, ignored_name

PACKED_SUFFIX = ".gz"
_REVISION = re.compile(r"\.r(\d{1,6})(?=(?:\.[^.]+)?$)")


def recognize_in_pile(
    path: str, platforms: Iterable[Platform], sidecar_time: datetime | None = None, *, above: str = ""
) -> Recognized | Unrecognized | Ignored:
    """What the file at ``path`` below the pile is; ``above`` are folders that may tell its platform.

    The first reading of its path that a feed owns counts, else what is wrong with the likeliest one.
    """
    for part in (*path.split("/"), unpacked_name(path).rpartition("/")[2]):
        reason = ignored_name(part)
        if reason:
            return Ignored(reason=reason)
    owners = Owners(platforms)
    wrong: Unrecognized | None = None
    for reading in _readings(path, above):
        found = owners.recognize(reading, sidecar_time)
        if isinstance(found, Recognized):
            return found
        if isinstance(found, Unrecognized) and (
            wrong is None or _closeness(found.finding.code) > _closeness(wrong.finding.code)
        ):
            wrong = found
    assert wrong is not None  # noqa: S101  the path itself is a reading, and no part of it is ignored
    return wrong


def is_packed(path: str) -> bool:
    """Whether a file's name says that it holds another one, packed with gzip."""
    return path.endswith(PACKED_SUFFIX)


def unpacked_name(path: str) -> str:
    """The path without what only its packing added."""
    return path.removesuffix(PACKED_SUFFIX)


def revision_of(path: str) -> int:
    """The number of the revision that an old zone gave to a file, 1 when it gave none."""
    found = _REVISION.search(unpacked_name(path).rpartition("/")[2])
    return int(found[1]) if found else 1


def _readings(path: str, above: str) -> Iterator[str]:
    """The path as it may be meant, the likeliest first: fewer folders, then those above, then no revision."""
    folder, slash, name = unpacked_name(path).rpartition("/")
    folders = [part for part in above.split("/") if part] + (folder.split("/") if slash else [])
    inside = len(folders) - (folder.count("/") + 1 if slash else 0)
    order = [*range(inside, len(folders) + 1), *reversed(range(inside))]
    for plain in dict.fromkeys((name, _REVISION.sub("", name))):
        for first in order:
            yield "/".join([*folders[first:], plain])


def _closeness(code: str) -> int:
    """How near a path came to be recognized, by what is wrong with it."""
    return {codes.NO_DATE.code: 3, codes.EXTRACTOR_LOG.code: 2, codes.UNKNOWN_NAME.code: 1}.get(code, 0)
