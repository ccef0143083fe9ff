"""What is delivered: one module a platform, each a ``PLATFORM`` value built from contract's parts.

A module that appears here is a platform; there is no list to add it to. Data only: what a rule or format
does is contract's.
"""

from __future__ import annotations

import pkgutil
import sys
from collections.abc import Iterable
from functools import cache
from importlib import import_module
from itertools import chain
from pathlib import Path

from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.findings import Role

ADDRESS = f"{__name__}:all_platforms"
"""Where judging processes, which load their platforms themselves, find them."""


@cache
def all_platforms(*, having: str | None = None) -> tuple[Platform, ...]:
    """Every platform of this package, by id, checked for contradictions; or only the one that has this feed.

    That one is looked for first in the module that is named as part of the feed's id, as modules mostly are:
    then no other is loaded.
    """
    names = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
    if having is None:
        return checked(map(_declared, names))
    for platform in map(_declared, filter(set(names).__contains__, having.split("/"))):
        if _has(platform, having):
            return (platform,)
    return tuple(platform for platform in all_platforms() if _has(platform, having))


def _declared(module: str) -> Platform:
    platform: Platform = import_module(f"{__name__}.{module}").PLATFORM
    return platform


def _has(platform: Platform, feed_id: str) -> bool:
    return any(feed.id == feed_id for feed in platform.feeds)


def declared_in(platform: Platform) -> Path | None:
    """The file that declares a platform; ``None`` for one that was made up elsewhere."""
    likely = f"{__name__}.{platform.id.rpartition('/')[2]}"  # as modules are mostly named
    others = (name for name in list(sys.modules) if name.startswith(f"{__name__}."))
    for module in map(sys.modules.get, chain([likely], others)):
        if getattr(module, "PLATFORM", None) is platform and module and module.__file__:
            return Path(module.__file__)
    return None


def all_feeds() -> tuple[Feed, ...]:
    """Every feed of every platform, by id."""
    return tuple(sorted((feed for p in all_platforms() for feed in p.feeds), key=lambda feed: feed.id))


def find_feed(feed_id: str) -> Feed | None:
    """The feed of that id, or ``None``."""
    feeds = (feed for platform in all_platforms(having=feed_id) for feed in platform.feeds)
    return next((feed for feed in feeds if feed.id == feed_id), None)


def checked(platforms: Iterable[Platform]) -> tuple[Platform, ...]:
    """The platforms by id; two that would claim the same files or ids are a mistake of the declaration."""
    ordered = tuple(sorted(platforms, key=lambda platform: platform.id))
    _refuse_twice("platform id", (platform.id for platform in ordered))
    _refuse_twice("landing folder", (folder for p in ordered for folder in {p.id, *p.folders}))
    _refuse_twice("feed id", (feed.id for platform in ordered for feed in platform.feeds))
    for platform in ordered:
        claimed = (
            name for feed in platform.feeds for name in {*feed.all_names, *feed.all_stamped_folder_names}
        )
        _refuse_twice(f"file name of {platform.id}", claimed)
        for feed in platform.feeds:
            if feed.id != platform.id and not feed.id.startswith(f"{platform.id}/"):
                raise ValueError(f"the feed {feed.id} does not belong to the platform {platform.id}")
            missing = set(Role) - {Role.INTEGRITY} - set(feed.checks)
            if missing:
                raise ValueError(f"the feed {feed.id} names no check for {', '.join(sorted(missing))}")
    return ordered


def _refuse_twice(what: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise ValueError(f"{what} {value!r} is declared twice")
        seen.add(value)
