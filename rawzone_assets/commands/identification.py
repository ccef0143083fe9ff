"""Identification: which feed's contract a file on any disk falls under, landed or not.

Promotion knows only paths below landing; a person who examines a file may have it anywhere. What a path below
landing means is ``contract.naming``'s to say.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Feed, Platform
from rawzone_assets.contract.naming import Ignored, Recognized, Unrecognized, ignored_name, recognize
from rawzone_assets.contract.stamps import as_stamped, parse_stamp, to_utc
from rawzone_assets.zone.receipt import printable_path

_STAMP = re.compile(r"(?<!\d)\d{8}(?:_\d{6})?(?!\d)", re.ASCII)
_Meaning = Recognized | Unrecognized | Ignored


@dataclass(frozen=True, kw_only=True)
class Identified:
    """What a path means, and on what grounds when they are weaker than a landing path."""

    meaning: _Meaning
    grounds: str = ""


class Ambiguous(Exception):
    """Several feeds deliver files of this name."""

    def __init__(self, feeds: Sequence[str]) -> None:
        super().__init__(", ".join(feeds))
        self.feeds = tuple(feeds)


def identify(
    path: Path, platforms: Sequence[Platform], *, landing: Path, stated: datetime | None = None
) -> Identified:
    """The delivery that ``path`` is: by its place in landing, its folders, or its name alone.

    ``stated`` is the capture time of its sidecar, if it has one.

    Raises:
        Ambiguous: The name alone would fit feeds of several platforms.
    """
    absolute = Path(os.path.abspath(path))
    if absolute.is_relative_to(landing):
        inner = absolute.relative_to(landing).as_posix()
        return Identified(meaning=recognize(_label(inner), platforms, stated))
    reason = ignored_name(absolute.name)
    if reason:
        return Identified(meaning=Ignored(reason=reason))
    return _by_folders(absolute, platforms, stated) or _by_name(absolute, platforms, stated)


def claimed_by(
    path: Path, platform: Platform, feed: Feed, *, now: datetime, stated: datetime | None = None
) -> Identified:
    """``path`` as a delivery of ``feed``, whatever it is called; what nothing dates counts as captured now."""
    narrowed = replace(platform, feeds=(feed,), extractor_logs=())
    label = f"{platform.id}/{_label(path.absolute().parent.name)}/{_label(path.name)}"
    meaning = recognize(label, [narrowed], stated)
    if isinstance(meaning, Recognized):
        return Identified(meaning=meaning)
    zone = platform.timezone_of(feed)
    told = as_stamped(stated, zone) if stated else None
    stamp = next((local for text in _STAMP.findall(path.name) if (local := parse_stamp(text))), told)
    captured_at = to_utc(stamp, zone) if stamp else now.astimezone(UTC)
    day = stamp.date() if stamp else captured_at.date()
    undated = "" if stamp else " and tells no capture time, so it is judged as captured now"
    return Identified(
        meaning=Recognized(
            platform=platform,
            feed=feed,
            capture=Capture(name=_label(path.name), day=day, captured_at=captured_at),
        ),
        grounds=f"its name is none of {feed.id}{undated}",
    )


def _by_folders(path: Path, platforms: Sequence[Platform], stated: datetime | None) -> Identified | None:
    """A platform's folder somewhere in the path: the first below which a feed owns the file, else the last."""
    parts = [_label(part) for part in path.parts[1:]]
    best: Identified | None = None
    for start in range(len(parts) - 1):
        meaning = recognize("/".join(parts[start:]), platforms, stated)
        known = isinstance(meaning, Recognized)
        if known or (isinstance(meaning, Unrecognized) and meaning.finding.code != codes.UNKNOWN_PLATFORM.code):
            best = Identified(meaning=meaning)
        if known:
            break
    return best


def _by_name(path: Path, platforms: Sequence[Platform], stated: datetime | None) -> Identified:
    folder, name = _label(path.parent.name), _label(path.name)
    found = [
        meaning
        for platform in platforms
        for meaning in (recognize(f"{platform.id}/{folder}/{name}", [platform], stated),)
        if isinstance(meaning, Recognized)
    ]
    if len(found) > 1:
        raise Ambiguous([meaning.feed.id for meaning in found])
    if found:
        grounds = f"taken for {found[0].feed.id} by its name alone: no folder of its path is a platform's"
        return Identified(meaning=found[0], grounds=grounds)
    return Identified(
        meaning=Unrecognized(
            finding=codes.UNKNOWN_PLATFORM("neither its folders nor its name tell the feed; --feed sets it")
        )
    )


def _label(text: str) -> str:
    return printable_path(text)[0]
