"""Piles: an existing folder of files that is to be adopted. Read like landing, and never changed.

Its files are walked and opened by descriptors, without following a link, and take the way of landed files from
then on. What differs stands here: which file is which (ADR 47), that ``.gz`` is unpacked on the way, and that
receipts say whence a file came. Their landing path is absolute, so it meets no path in landing, nor one in
another pile.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.naming import Ignored, Recognized, Unrecognized
from rawzone_assets.contract.pile_names import is_packed, recognize_in_pile, revision_of, unpacked_name
from rawzone_assets.zone import codec
from rawzone_assets.zone.index import Index
from rawzone_assets.zone.index_seen import Standing
from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import LandedReading, Landing, Unreadable
from rawzone_assets.zone.landing_errors import PileMissing, PileNotApart
from rawzone_assets.zone.layout import Layout, nested
from rawzone_assets.zone.receipt import Verdict, printable_path, timestamp
from rawzone_assets.zone.recognizing import MOST_COPIED, recognized_as
from rawzone_assets.zone.survey import Delivery

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class NotUnpacked(Unreadable):
    """A packed file whose content cannot be had; the reason says why."""


@dataclass(frozen=True, kw_only=True)
class PileSurvey:
    """All of a pile at one moment. The labels of the parts do not overlap."""

    ready: tuple[Delivery, ...]
    decided: Mapping[str, tuple[str | None, Verdict]]  # adopted before and unchanged: label -> feed, verdict
    unrecognized: tuple[tuple[Landed, Finding], ...]
    ignored: tuple[tuple[str, str], ...]  # (label, reason)
    unreadable: tuple[str, ...]  # folders


class Pile:
    """Reads one pile."""

    def __init__(self, root: Path, layout: Layout, *, platform: str | None = None) -> None:
        """``platform``: whose files these are, where no folder says it.

        Raises:
            PileMissing: There is no such folder.
            PileNotApart: It lies in one of the zone's folders, or one of them in it.
        """
        self.root = Path(os.path.realpath(root))
        if not self.root.is_dir():
            raise PileMissing(root)
        roots = {**layout.apart, "archive": layout.archive}
        for name, folder in roots.items():
            if nested({"pile": self.root, name: folder}):
                raise PileNotApart(root, name, folder)
        self._landing = Landing(self.root)
        self._origin = f"{self.root}/".replace("//", "/")
        self._above = platform or str(self.root)

    def survey(self, index: Index, platforms: Iterable[Platform]) -> PileSurvey:
        """What each file of the pile is.

        Raises:
            StorageFailed: It cannot be listed.
        """
        known = tuple(platforms)

        def recognize(path: str, stated: datetime | None) -> Recognized | Unrecognized | Ignored:
            return recognize_in_pile(path, known, stated, above=self._above)

        scan = self._landing.scan()
        files = [replace(found, origin=self._origin, packed=is_packed(found.path)) for found in scan.files]
        seen = _seen(index, files)
        ready: list[Delivery] = []
        decided: dict[str, tuple[str | None, Verdict]] = {}
        strangers: list[tuple[Landed, Finding]] = []
        ignored = [(self._label(label), reason) for label, reason in scan.ignored]
        for landed in files:
            recognized = recognized_as(self, landed, recognize)
            if isinstance(recognized, Ignored):
                ignored.append((landed.label, recognized.reason))
            elif isinstance(recognized, Unrecognized):
                strangers.append((landed, recognized.finding))
            else:
                standing = seen.get(landed.label)
                if standing and standing.feed == recognized.feed.id:
                    decided[landed.label] = (standing.feed, standing.verdict)
                else:
                    ready.append(Delivery(landed=landed, recognized=recognized))
        ready.sort(key=_order)
        return PileSurvey(
            ready=tuple(ready),
            decided=decided,
            unrecognized=tuple(strangers),
            ignored=tuple(ignored),
            unreadable=tuple(self._label(label) for label in scan.unreadable),
        )

    def read(self, landed: Landed) -> PiledReading | UnpackingReading:
        """The bytes of a file, or what it holds when it is packed."""
        whole = self._landing.read(landed)
        return UnpackingReading(landed, whole) if landed.packed else PiledReading(landed, whole)

    def read_sidecar(self, landed: Landed) -> bytes | None:
        """The sidecar of the file as it lies there, or of what it holds.

        Raises:
            SidecarUnreadable: There is one, but it is no regular file, too large, or not ours to read.
        """
        said = self._landing.read_sidecar(landed)
        if said is None and landed.packed:
            unpacked = replace(landed, path=unpacked_name(landed.path), sidecar=True)
            said = self._landing.read_sidecar(unpacked)
        return said

    def several(self) -> AbstractContextManager[None]:
        """Keep the folder of one file open for the next while this thread reads several."""
        return self._landing.several()

    def _label(self, label: str) -> str:
        return printable_path(self._origin)[0] + label


def _seen(index: Index, files: Sequence[Landed]) -> dict[str, Standing]:
    """What became of those files that were dealt with in their present form, by label."""
    with index.usable():
        standings = index.seen.standings()
        return {
            files[place].label: standings[number]
            for found in index.seen.known([landed.label for landed in files])
            for place, entity, number in found
            if number in standings and entity == files[place].entity
        }


class PiledReading:
    """One pass over a file of a pile that is stored as it is."""

    def __init__(self, landed: Landed, whole: LandedReading) -> None:
        self._landed = landed
        self._whole = whole

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._whole)

    def whole(self) -> bytes:
        """All bytes of a file that is small enough to hold."""
        return self._whole.whole()

    @property
    def sha256(self) -> str:
        return self._whole.sha256

    @property
    def size(self) -> int:
        return self._whole.size

    @property
    def forms(self) -> tuple[tuple[int, str], ...]:
        return self._whole.forms

    @property
    def adopted(self) -> Mapping[str, str]:
        return _provenance(self._landed)


class UnpackingReading:
    """One pass over what a packed file of a pile holds; ``sha256`` and ``size`` are those of the content."""

    def __init__(self, landed: Landed, whole: LandedReading) -> None:
        self._landed = landed
        self._whole = whole
        self._digest = hashlib.sha256()
        self.size = 0

    def whole(self) -> None:
        """Only unpacking tells how much a packed file holds."""

    def __iter__(self) -> Iterator[bytes]:
        """The blocks of the content.

        Raises:
            ChangedWhileRead: The file did not keep still.
            NotUnpacked: It is no sound gzip, or holds more than may be copied.
            Unreadable: This user may not read it.
        """
        try:
            for block in codec.unpacked(self._whole):
                self.size += len(block)
                if self.size > MOST_COPIED:
                    raise NotUnpacked(self._landed.label, f"it unpacks to more than {MOST_COPIED:,} bytes")
                self._digest.update(block)
                yield block
        except codec.Damaged as problem:
            raise NotUnpacked(self._landed.label, str(problem)) from problem

    @property
    def sha256(self) -> str:
        return self._digest.hexdigest() if self._whole.sha256 else ""

    @property
    def forms(self) -> tuple[tuple[int, str], ...]:
        return ((self.size, self.sha256), *self._whole.forms)

    @property
    def adopted(self) -> Mapping[str, str]:
        packed = {"packing": "gzip", "packed_size": str(self._whole.size), "packed_sha256": self._whole.sha256}
        return {**_provenance(self._landed), **packed}


def _provenance(landed: Landed) -> dict[str, str]:
    """Whence a file was adopted. Everything as text, like the identity of a landed file."""
    return {
        "pile": printable_path(landed.origin)[0],
        "path": printable_path(landed.path)[0],
        "mtime": _time_of(landed.mtime_ns),
    }


def _time_of(nanoseconds: int) -> str:
    """A file's time; one beyond the calendar, which any file may have, as the file system counts it."""
    try:
        return timestamp(_EPOCH + timedelta(microseconds=nanoseconds // 1000))
    except OverflowError:
        return f"{nanoseconds} ns after 1970-01-01"


def _order(delivery: Delivery) -> tuple[str, datetime, int, str]:
    """Oldest capture first, and the revisions of an old zone in its order."""
    landed = delivery.landed
    captured = delivery.recognized.capture.captured_at
    return delivery.feed_id, captured, revision_of(landed.path), landed.path
