"""Names: from a path below landing to platform, feed, stored name and capture time.

Platform from the folders, feed from the file's name, date from the name, the parent folder or the sidecar
(FORMATS section 1). File times are never consulted: copying changes them. Everything here is pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from rawzone_assets import __version__
from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Feed, Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.name_templates import (
    any_of,
    grammar,
    pattern_of,
    undated_patterns,
)
from rawzone_assets.contract.stamps import as_stamped, parse_stamp, stamp_of, to_utc

SIDECAR_SUFFIX = ".meta.json"
DONE_SUFFIX = ".done"
UNFINISHED_ENDS = (".part", ".tmp", ".crdownload")
"""In small letters: whoever writes ``.PART`` means the same."""
IGNORED_BEGINNINGS = (".", "~$")
ACCOMPANYING_ENDS = (DONE_SUFFIX, SIDECAR_SUFFIX)
"""To the letter, as they are looked for beside their delivery."""

_A_DAY = timedelta(days=1)
_STAMP_FOLDER = re.compile(rf"(?:[A-Za-z][A-Za-z0-9_]*_)?{pattern_of('<ts>').pattern}", re.ASCII)


@dataclass(frozen=True, kw_only=True, slots=True)
class Recognized:
    """A path that is a delivery of ``feed``, to be stored as ``capture.name``."""

    platform: Platform
    feed: Feed
    capture: Capture


@dataclass(frozen=True, kw_only=True)
class Unrecognized:
    """A path whose platform, feed or date cannot be read; the finding says which."""

    finding: Finding


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A path that is not meant as data: unfinished, hidden, a marker or a sidecar."""

    reason: str


def ignored_name(name: str) -> str | None:
    """Why a file or folder of this name is passed over, or ``None`` when it is not.

    It is if and only if it has one of the ``IGNORED_BEGINNINGS``, the ``ACCOMPANYING_ENDS`` or, whatever their
    case, the ``UNFINISHED_ENDS``.
    """
    if name.startswith(IGNORED_BEGINNINGS):
        return "hidden" if name.startswith(".") else "office lock file"
    if name.endswith(ACCOMPANYING_ENDS):
        return "done marker" if name.endswith(DONE_SUFFIX) else "sidecar"
    return "unfinished" if name.lower().endswith(UNFINISHED_ENDS) else None


def recognize(
    path: str, platforms: Iterable[Platform], sidecar_time: datetime | None = None
) -> Recognized | Unrecognized | Ignored:
    """What the landed file at ``path`` (relative, ``/`` between parts) is.

    ``sidecar_time`` dates a delivery whose name and folder carry no stamp; naive, it is
    local time as stamps are.
    """
    return Owners(platforms).recognize(path, sidecar_time)


def names_digest(platforms: Iterable[Platform]) -> str:
    """A digest of all that decides which feed a path belongs to, and so of what :func:`recognize` answers."""
    declared = [
        (
            *(platform.id, platform.folders, platform.extractor_logs),
            *((feed.id, feed.all_names, feed.all_stamped_folder_names) for feed in platform.feeds),
        )
        for platform in platforms
    ]
    told = repr((__version__, grammar(), _STAMP_FOLDER.pattern, declared))
    return hashlib.sha256(told.encode()).hexdigest()[:16]


class Owners:
    """Whose the files below landing are. What a folder tells is found out once for all that lie in it."""

    def __init__(self, platforms: Iterable[Platform]) -> None:
        self._platforms = tuple(platforms)
        self._folders: dict[str, _Folder] = {}
        self._names: dict[int, _Names] = {}  # by the platform's identity: its modes have no hash

    def recognize(self, path: str, sidecar_time: datetime | None = None) -> Recognized | Unrecognized | Ignored:
        """As :func:`recognize`, for many paths."""
        folder_path, _, name = path.rpartition("/")
        folder = self._folder(folder_path)
        reason = folder.ignored or ignored_name(name)
        if reason:
            return Ignored(reason=reason)
        if folder.names is None:
            known = ", ".join(sorted(platform.id for platform in self._platforms))
            return Unrecognized(
                finding=codes.UNKNOWN_PLATFORM(f"no platform owns this folder; known platforms are {known}")
            )
        platform = folder.names.platform
        if folder.names.is_log(name):
            return Unrecognized(
                finding=codes.EXTRACTOR_LOG("the extractor's own log or failure report, not data")
            )
        claim = folder.names.claim(name, folder.stamp)
        if claim is None:
            return Unrecognized(
                finding=codes.UNKNOWN_NAME(f"no feed of {platform.id} delivers a file of this name")
            )
        return _dated(platform, claim, sidecar_time)

    def feed_of(self, path: str) -> str | None:
        """The id of the feed that a path with a readable date is a delivery of; ``None`` when unsure.

        Cheaper than :meth:`recognize`, for paths recognized before. It says nothing about dates, and nothing at
        all for names that only their folder or sidecar dates.
        """
        folder_path, _, name = path.rpartition("/")
        folder = self._folder(folder_path)
        if folder.ignored or folder.names is None or folder.names.is_log(name):
            return None
        for feed, any_name, _ in folder.names.dated:
            if any_name.fullmatch(name):
                return feed.id
        return None

    def _folder(self, path: str) -> _Folder:
        known = self._folders.get(path)
        if known is None:
            known = self._folders[path] = self._looked_at(path.split("/") if path else [])
        return known

    def _looked_at(self, parts: list[str]) -> _Folder:
        reason = next(filter(None, map(ignored_name, parts)), None)
        platform = None if reason else _platform_of(parts, self._platforms)
        if platform is None:
            return _Folder(ignored=reason)
        names = self._names.get(id(platform))
        if names is None:
            names = self._names[id(platform)] = _Names.of(platform)
        stamped = _STAMP_FOLDER.fullmatch(parts[-1])
        return _Folder(names=names, stamp=stamped["ts"] if stamped else None)


@dataclass(frozen=True, kw_only=True)
class _Folder:
    """What a folder tells of the files in it; without names it is no platform's."""

    ignored: str | None = None  # why
    names: _Names | None = None
    stamp: str | None = None  # of the folder's own name


@dataclass(frozen=True, kw_only=True)
class _Names:
    """What the files of a platform are called, feed by feed, as patterns."""

    platform: Platform
    logs: re.Pattern[str] | None
    dated: tuple[tuple[Feed, re.Pattern[str], tuple[re.Pattern[str], ...]], ...]  # any name, and one by one
    dateless: tuple[tuple[Feed, frozenset[str], tuple[re.Pattern[str], ...]], ...]  # dated by folder or sidecar

    @classmethod
    def of(cls, platform: Platform) -> _Names:
        named = [(feed, feed.all_names) for feed in platform.feeds]
        return cls(
            platform=platform,
            logs=any_of(platform.extractor_logs) if platform.extractor_logs else None,
            dated=tuple((feed, any_of(names), tuple(map(pattern_of, names))) for feed, names in named if names),
            dateless=tuple(
                (feed, frozenset(feed.all_stamped_folder_names), undated_patterns(names))
                for feed, names in named
            ),
        )

    def is_log(self, name: str) -> bool:
        return self.logs is not None and self.logs.fullmatch(name) is not None

    def claim(self, name: str, folder_stamp: str | None) -> _Claim | None:
        """The first feed that owns the name; a stamped name or folder goes before a name without a date."""
        for feed, any_name, patterns in self.dated:
            if any_name.fullmatch(name):
                match = next(filter(None, (pattern.fullmatch(name) for pattern in patterns)))
                return _Claim(feed=feed, name=name, stamp=stamp_of(match), dated_by_name=True)
        for feed, stamped_names, undated in self.dateless:
            if name in stamped_names or any(pattern.fullmatch(name) for pattern in undated):
                stamp = parse_stamp(folder_stamp) if folder_stamp else None
                if folder_stamp and stamp:
                    return _Claim(feed=feed, name=_with_stamp(name, folder_stamp), stamp=stamp)
                return _Claim(feed=feed, name=name)
        return None


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """A feed that owns a name, the name to store, and the stamp if name or folder carry one."""

    feed: Feed
    name: str
    stamp: datetime | None = None
    dated_by_name: bool = False


def _dated(platform: Platform, claim: _Claim, sidecar_time: datetime | None) -> Recognized | Unrecognized:
    """The claim with its date: from name or folder, else from the sidecar."""
    if claim.stamp is not None:
        return _recognized(platform, claim.feed, claim.name, claim.stamp)
    if claim.dated_by_name:
        return Unrecognized(finding=codes.NO_DATE("the stamp in the name is no date of the calendar"))
    if sidecar_time is None:
        return Unrecognized(finding=codes.NO_DATE("neither name, folder nor sidecar tells the capture date"))
    local = as_stamped(sidecar_time, platform.timezone_of(claim.feed))
    return _recognized(platform, claim.feed, _with_stamp(claim.name, f"{local:%Y%m%d_%H%M%S}"), local)


def is_in_the_future(capture: Capture, now: datetime) -> bool:
    """Whether the capture claims a time more than a day ahead of ``now``."""
    return capture.captured_at - now > _A_DAY


def _recognized(platform: Platform, feed: Feed, name: str, stamp: datetime) -> Recognized:
    day: date = stamp.date()
    captured_at = stamp if stamp.tzinfo else to_utc(stamp, platform.timezone_of(feed))
    return Recognized(
        platform=platform, feed=feed, capture=Capture(name=name, day=day, captured_at=captured_at)
    )


def _platform_of(folders: list[str], platforms: Iterable[Platform]) -> Platform | None:
    """The platform with the longest landing folder that the path starts with."""
    best: tuple[int, Platform] | None = None
    for platform in platforms:
        for owned in (platform.id, *platform.folders):
            prefix = owned.split("/")
            if _is_below(folders, prefix) and (best is None or len(prefix) > best[0]):
                best = (len(prefix), platform)
    return best[1] if best else None


def _is_below(folders: list[str], owned: list[str]) -> bool:
    """Whether a path's folders begin with the owned ones, which may be templates (``meta_ads_dump_<ts>``)."""
    return len(folders) >= len(owned) and all(
        folder == part or ("<" in part and pattern_of(part).fullmatch(folder) is not None)
        for folder, part in zip(folders, owned, strict=False)
    )


def _with_stamp(name: str, stamp: str) -> str:
    stem, dot, extension = name.rpartition(".")
    return f"{stem}_{stamp}{dot}{extension}" if dot else f"{name}_{stamp}"
