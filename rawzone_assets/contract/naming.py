"""Names: from a path below landing to platform, feed, stored name and capture time.

Platform from the folders, feed from the file's name, date from the name, the parent folder or the sidecar
(FORMATS section 1). File times are never consulted: copying changes them. Everything here is pure.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from rawzone_assets import __version__
from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture, Feed, Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.name_templates import (
    any_of,
    grammar,
    is_dated,
    is_undated,
    pattern_of,
    subject_patterns,
)
from rawzone_assets.contract.stamps import parse_stamp, stamp_of, to_utc

SIDECAR_SUFFIX = ".meta.json"
DONE_SUFFIX = ".done"
_UNFINISHED = (".part", ".tmp", ".crdownload")
IGNORED_BEGINNINGS = (".", "~$")
IGNORED_ENDS = (*_UNFINISHED, DONE_SUFFIX, SIDECAR_SUFFIX)

_NUMBER = re.compile(r"(?<![^\W_])\d+(?![^\W_])")  # by itself: the digits of an id or a handle are its own
_STAMP_FOLDER = re.compile(r"(?:[A-Za-z][A-Za-z0-9_]*_)?(?P<ts>\d{8}_\d{6})")


@dataclass(frozen=True, kw_only=True)
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

    It is if and only if it has one of the ``IGNORED_BEGINNINGS`` or ``IGNORED_ENDS``.
    """
    if not name.startswith(IGNORED_BEGINNINGS) and not name.endswith(IGNORED_ENDS):
        return None
    if name.startswith("."):
        return "hidden"
    if name.startswith("~$"):
        return "office lock file"
    if name.endswith(_UNFINISHED):
        return "unfinished"
    if name.endswith(DONE_SUFFIX):
        return "done marker"
    return "sidecar"


def recognize(
    path: str, platforms: Iterable[Platform], sidecar_time: datetime | None = None
) -> Recognized | Unrecognized | Ignored:
    """What the landed file at ``path`` (relative, ``/`` between parts) is.

    ``sidecar_time`` (aware) dates a delivery whose name and folder carry no stamp.
    """
    parts = path.split("/")
    for part in parts:
        reason = ignored_name(part)
        if reason:
            return Ignored(reason=reason)
    platform = _platform_of(parts[:-1], platforms)
    if platform is None:
        known = ", ".join(sorted(p.id for p in platforms))
        return Unrecognized(
            finding=codes.UNKNOWN_PLATFORM(f"no platform owns this folder; known platforms are {known}")
        )
    name, folder = parts[-1], parts[-2]
    if any(pattern_of(template).fullmatch(name) for template in platform.extractor_logs):
        return Unrecognized(finding=codes.EXTRACTOR_LOG("the extractor's own log or failure report, not data"))
    claim = _claim(platform, name, folder)
    if claim is None:
        return Unrecognized(
            finding=codes.UNKNOWN_NAME(f"no feed of {platform.id} delivers a file of this name")
        )
    return _dated(platform, claim, sidecar_time)


def names_digest(platforms: Iterable[Platform]) -> str:
    """A digest of all that decides which feed a path belongs to, and so of what :func:`recognize` answers."""
    declared = [
        (
            *(platform.id, platform.folders, platform.extractor_logs),
            *((feed.id, feed.all_names, feed.all_stamped_folder_names) for feed in platform.feeds),
        )
        for platform in platforms
    ]
    return hashlib.sha256(repr((__version__, grammar(), declared)).encode()).hexdigest()[:16]


class Owners:
    """Which feed's names a path bears: ten times cheaper than :func:`recognize`, for paths recognized before.

    It says nothing about dates, and nothing at all for names that only their folder or sidecar dates.
    """

    def __init__(self, platforms: Iterable[Platform]) -> None:
        self._platforms = tuple(platforms)
        self._folders: dict[str, tuple[re.Pattern[str] | None, list[tuple[str, re.Pattern[str]]]]] = {}

    def feed_of(self, path: str) -> str | None:
        """The id of the feed that a path with a readable date is a delivery of; ``None`` when unsure."""
        folder, _, name = path.rpartition("/")
        known = self._folders.get(folder)
        if known is None:
            known = self._folders[folder] = self._names_in(folder)
        logs, feeds = known
        if logs and logs.fullmatch(name):
            return None
        for feed_id, names in feeds:
            if names.fullmatch(name):
                return feed_id
        return None

    def _names_in(self, folder: str) -> tuple[re.Pattern[str] | None, list[tuple[str, re.Pattern[str]]]]:
        parts = folder.split("/") if folder else []
        platform = None if any(map(ignored_name, parts)) else _platform_of(parts, self._platforms)
        if platform is None:
            return None, []
        logs = any_of(platform.extractor_logs) if platform.extractor_logs else None
        return logs, [(feed.id, any_of(feed.all_names)) for feed in platform.feeds if feed.all_names]


@dataclass(frozen=True, kw_only=True)
class _Claim:
    """A feed that owns a name, the name to store, and the stamp if name or folder carry one."""

    feed: Feed
    name: str
    stamp: datetime | None = None
    dated_by_name: bool = False


def _claim(platform: Platform, name: str, folder: str) -> _Claim | None:
    """The first feed that owns the name; a stamped name or folder goes before a name without a date."""
    in_folder = _STAMP_FOLDER.fullmatch(folder)
    of_folder = parse_stamp(in_folder["ts"]) if in_folder else None
    dateless: _Claim | None = None
    for feed in platform.feeds:
        for template in feed.all_names:
            match = pattern_of(template).fullmatch(name)
            if match:
                return _Claim(feed=feed, name=name, stamp=stamp_of(match), dated_by_name=True)
        if name in feed.all_stamped_folder_names or any(is_undated(name, of) for of in feed.all_names):
            dateless = dateless or _Claim(feed=feed, name=name)
    if dateless and in_folder and of_folder:
        return _Claim(feed=dateless.feed, name=_with_stamp(name, in_folder["ts"]), stamp=of_folder)
    return dateless


def _dated(platform: Platform, claim: _Claim, sidecar_time: datetime | None) -> Recognized | Unrecognized:
    """The claim with its date: from name or folder, else from the sidecar."""
    if claim.stamp is not None:
        return _recognized(platform, claim.feed, claim.name, claim.stamp)
    if claim.dated_by_name:
        return Unrecognized(finding=codes.NO_DATE("the stamp in the name is no date of the calendar"))
    if sidecar_time is None:
        return Unrecognized(finding=codes.NO_DATE("neither name, folder nor sidecar tells the capture date"))
    local = sidecar_time.astimezone(ZoneInfo(platform.timezone_of(claim.feed))).replace(tzinfo=None)
    return _recognized(platform, claim.feed, _with_stamp(claim.name, f"{local:%Y%m%d_%H%M%S}"), local)


def as_delivered(feed: Feed, name: str) -> Feed:
    """The feed with the format and schema of the form that a stored name belongs to."""
    for fits in (is_dated, is_undated):
        for variant in feed.variants:
            if any(fits(name, template) for template in variant.names):
                return replace(feed, format=variant.format, schema=variant.schema, variants=())
        if any(fits(name, template) for template in feed.names):
            break
    return feed


def subject_of(feed: Feed, name: str) -> str:
    """What a stored name tells beside its stamp, such as an account's handle; mostly nothing.

    Deliveries of one subject follow one another; those of two accounts have nothing in common but the feed.
    """
    for pattern in subject_patterns(feed.all_names):
        found = pattern.fullmatch(name)
        if found:
            parts = (part for group, part in found.groupdict().items() if group.startswith("subject"))
            return "/".join(_NUMBER.sub("#", part) for part in parts)
    return ""


def is_in_the_future(capture: Capture, now: datetime) -> bool:
    """Whether the capture claims a time more than a day ahead of ``now``."""
    return capture.captured_at > now + timedelta(days=1)


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
