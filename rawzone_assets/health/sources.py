"""Sources: where else the bytes of a damaged or missing file may still lie, and whether they really are those.

A source is only a place to look. What it holds counts when it hashes to what the receipt says, in the stored
form or in the original one; nothing about its name, size or time is trusted.
"""

from __future__ import annotations

import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from rawzone_assets.health.items import Item
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.errors import StorageFailed
from rawzone_assets.zone.files import Files
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import ChangedWhileRead, Unreadable
from rawzone_assets.zone.landing_errors import LandingMissing
from rawzone_assets.zone.layout import LEDGER_FOLDER
from rawzone_assets.zone.ledger import bytes_at
from rawzone_assets.zone.zone import Zone

Blocks = Callable[[], Iterator[bytes]]


@dataclass(frozen=True, kw_only=True)
class Source:
    """A file that may hold wanted bytes."""

    kind: str  # landing, quarantine, raw, archive, zone, renamed
    path: str
    blocks: Blocks


@dataclass(frozen=True, kw_only=True)
class Found:
    """A source that holds the wanted bytes. ``encoding`` is ``None`` when it holds them as they are stored."""

    source: Source
    encoding: str | None

    def original(self, size: int) -> Iterator[bytes]:
        """The original bytes, of a source that does not hold the stored form."""
        return codec.original_blocks(self.source.blocks(), self.encoding or "", size)


class Sources:
    """All places in which files of one zone may be found again."""

    def __init__(
        self, zone: Zone, recorded: Recorded, *, renamed: Sequence[Path] = (), others: Sequence[Path] = ()
    ) -> None:
        """``renamed`` are files that no receipt knows, ``others`` are folders of other zones or copies."""
        self._zone = zone
        self._renamed = renamed
        self._others = others
        self._same: dict[str, list[Item]] = {}
        for item in recorded.items.values():
            self._same.setdefault(item.sha256, []).append(item)

    def find(self, item: Item) -> Found | None:
        """The first source that holds the item's bytes."""
        for source in self._candidates(item):
            found = _examined(source, item)
            if found:
                return found
        return None

    def commits(self, name: str) -> Iterator[Source]:
        """Files that may be the ledger file of this name."""
        for path in self._renamed:
            if path.parent == self._zone.layout.ledger:
                yield self._commit("renamed", path)
        for other in self._others:
            for folder in (other / "raw" / LEDGER_FOLDER, other / LEDGER_FOLDER, other):
                yield self._commit("zone", folder / name)

    def _candidates(self, item: Item) -> Iterator[Source]:
        layout = self._zone.layout
        yield from (self._file("renamed", path) for path in self._renamed if path.parent != layout.ledger)
        for twin in self._same.get(item.sha256, ()):
            if twin.place != item.place:
                yield self._file(twin.place.partition("/")[0], twin.path)
        root, _, inner = item.place.partition("/")
        if root == upkeep.ARCHIVE:
            yield self._file("raw", layout.raw / inner)  # a hot copy that was not released yet
        else:
            yield self._file("archive", layout.archive / inner)
            yield self._file("archive", layout.archive / item.place)
        for other in self._others:
            yield self._file("zone", other / item.place)
            yield self._file("zone", other / inner)
            if root in (upkeep.RAW, upkeep.ARCHIVE):
                yield self._file("zone", other / "raw" / inner)
                yield self._file("zone", other / "archive" / inner)
        yield from self._landing(item)

    def _commit(self, kind: str, path: Path) -> Source:
        return Source(kind=kind, path=str(path), blocks=lambda: iter([bytes_at(self._zone.files, path)]))

    def _file(self, kind: str, path: Path) -> Source:
        return Source(kind=kind, path=str(path), blocks=lambda: _file_blocks(self._zone.files, path))

    def _landing(self, item: Item) -> Iterator[Source]:
        """The file as it landed, then whatever of the same size lies in landing: it may have been moved."""
        if item.is_document:
            return
        paths = {twin.landing_path for twin in self._same.get(item.sha256, ())} | {item.landing_path}
        likely = [landed for path in sorted(paths) if (landed := self._landed.get(path))]
        others = [landed for landed in self._landed_by_size.get(item.size, ()) if landed.label not in paths]
        for landed in (*likely, *others):
            yield Source(kind="landing", path=landed.label, blocks=partial(self._read_landed, landed))

    @cached_property
    def _landed(self) -> dict[str, Landed]:
        """What lies in landing, by label. Where that cannot be told it is no source, and others may be."""
        try:
            return {landed.label: landed for landed in self._zone.landing.scan().files if landed.regular}
        except (LandingMissing, StorageFailed):
            return {}

    @cached_property
    def _landed_by_size(self) -> dict[int, list[Landed]]:
        found: dict[int, list[Landed]] = {}
        for landed in self._landed.values():
            found.setdefault(landed.size, []).append(landed)
        return found

    def _read_landed(self, landed: Landed) -> Iterator[bytes]:
        return iter(self._zone.landing.read(landed))


def _file_blocks(files: Files, path: Path) -> Iterator[bytes]:
    with files.open(path) as stream:
        yield from codec.blocks_of(stream)


def _examined(source: Source, item: Item) -> Found | None:
    """Read a source through and say in which form it holds the item's bytes, if it does."""
    try:
        digest = codec.digest_of(codec.up_to(source.blocks(), max(item.size, item.stored_size)))
        if digest == item.stored_sha256:
            return Found(source=source, encoding=None)
        if digest == item.sha256:
            return Found(source=source, encoding="identity")
        unpacked = codec.digest_of(codec.original_blocks(source.blocks(), "gzip", item.size))
    except (OSError, ChangedWhileRead, Unreadable, codec.Damaged):
        return None
    return Found(source=source, encoding="gzip") if unpacked == item.sha256 else None


def way_is_free(zone: Zone, path: Path) -> bool:
    """Whether no folder on the way from the root to ``path`` is a link that would lead out of the zone."""
    layout = zone.layout
    roots = (layout.raw, layout.quarantine, layout.archive)
    root = next(root for root in roots if path.is_relative_to(root))
    inside = [parent for parent in path.parents if parent.is_relative_to(root) and parent != root]
    statuses = [zone.files.status(parent) for parent in inside]
    return not any(status is not None and stat.S_ISLNK(status.st_mode) for status in statuses)
