"""Reading: from what a person names to receipts, and from a receipt to the exact original bytes.

Bytes are given out only after they were found to be those the receipt records. Which objects exist at all is
``catalog``'s.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import BinaryIO

from rawzone_assets.access.cache import ByteCache
from rawzone_assets.access.stored_files import open_stored
from rawzone_assets.zone import codec, upkeep
from rawzone_assets.zone.custody import Whereabouts, form_of
from rawzone_assets.zone.index_custody import Erasure
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.landing import HELD_IN_MEMORY
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.object_errors import (
    AmbiguousObject,
    NotPromoted,
    ObjectDamaged,
    ObjectErased,
    UnknownObject,
)
from rawzone_assets.zone.presence import missing
from rawzone_assets.zone.receipt import Receipt, Verdict, printable_path
from rawzone_assets.zone.zone import Zone

_SHORTEST_PREFIX = 8


def resolve(zone: Zone, wanted: str, *, folder: Path | None = None) -> tuple[Entry, ...]:
    """The receipts that ``wanted`` means: a key, name, SHA-256 or prefix, landing path, or path on disk.

    Relative paths on disk start at ``folder`` (default: the working folder) or at one of the zone's roots.

    Raises:
        UnknownObject: Nothing in the ledger has that name.
    """
    label = printable_path(wanted)[0]
    for root, inner in _places(zone.layout, label, folder or Path.cwd()):
        found = _quarantined(zone, inner) if root == zone.layout.quarantine else zone.index.find(inner)
        if root == zone.layout.landing:
            found = [entry for entry in found if entry.receipt.landing_path == inner]
        if found:
            return tuple(found)
    raise UnknownObject(label)


def stored_form(entries: Sequence[Entry], wanted: str, *, refused: bool = False) -> Receipt:
    """The one receipt among ``entries`` whose stored bytes are meant; duplicates lead to the stored object.

    Raises:
        NotPromoted: It is refused or unrecognized; ``refused`` asks for the quarantined copy instead.
        AmbiguousObject: It means several objects.
    """
    verdict = Verdict.QUARANTINED if refused else Verdict.PROMOTED
    receipts = {
        (r.key or (r.quarantine or {}).get("path", "")): r
        for r in (entry.receipt for entry in entries)
        if r.verdict is verdict
    }
    if not receipts:
        raise NotPromoted(wanted, str(entries[-1].receipt.verdict))
    if len(receipts) > 1:
        raise AmbiguousObject(wanted, tuple(receipts))
    return next(iter(receipts.values()))


def with_stored_objects(zone: Zone, entries: Sequence[Entry]) -> tuple[Entry, ...]:
    """``entries`` and, for each duplicate among them, the receipt of the object that holds its bytes."""
    found = list(entries)
    for entry in entries:
        if entry.receipt.verdict is Verdict.DUPLICATE and entry.receipt.key:
            found += [
                stored
                for stored in zone.index.find(entry.receipt.key)
                if stored.receipt.key == entry.receipt.key and stored.receipt.verdict is Verdict.PROMOTED
            ]
    return tuple(found)


def path_of(zone: Zone, receipt: Receipt) -> Path | None:
    """Where the bytes of a delivery lie: the object, or the quarantined copy; ``None`` if unrecognized."""
    if receipt.quarantine:
        return zone.layout.quarantined(receipt.quarantine["path"])
    return zone.layout.object(receipt.key) if receipt.key else None


def whereabouts(zone: Zone, receipt: Receipt) -> Path | None:
    """Where the bytes lie now: as :func:`path_of` has it, or in the archive; ``None`` if unrecognized."""
    places = _candidates(zone, receipt)
    return next((place for place in places if zone.files.status(place)), _recorded_path(zone, receipt))


def original_bytes(zone: Zone, receipt: Receipt, *, cache: ByteCache | None = None) -> Iterator[bytes]:
    """The original bytes of a stored delivery, in blocks, after all of them were checked.

    What fits in memory is read once; anything larger is read twice through one descriptor, and its hash is
    taken again on the way out. An object that is not in raw, or not sound there, is read from the archive.

    Raises:
        ObjectDamaged: The stored bytes are nowhere those recorded. Nothing was given out, except when a file
            larger than memory changes between its two readings.
        ObjectAway: The disk on which they lie is not there.
        ObjectErased: They were erased by law.
    """
    _refuse_erased(zone, receipt)
    yield from _verified(zone, receipt, cache)


def contents(zone: Zone, receipts: Sequence[Receipt], *, cache: ByteCache | None = None) -> Iterator[bytes]:
    """The original bytes of each, one after the other; whether any were erased is asked once.

    Raises:
        ObjectDamaged, ObjectErased: As :func:`original_bytes` does, when the turn of such an object comes.
    """
    with zone.index.at_rest():
        erased = zone.index.custody.erased_among([receipt.sha256 or "" for receipt in receipts])
    for receipt in receipts:
        if receipt.sha256 in erased:
            _refuse_erased(zone, receipt)  # it, or the same bytes elsewhere
        yield b"".join(_verified(zone, receipt, cache))


def _verified(zone: Zone, receipt: Receipt, cache: ByteCache | None) -> Iterator[bytes]:
    key = receipt.key or (receipt.quarantine or {}).get("path", "")
    if not key or receipt.sha256 is None or receipt.size is None:
        raise ObjectDamaged(key or receipt.landing_path, "its receipt names no stored bytes")
    with ExitStack() as stack:
        try:
            blocks = _cached(zone, receipt, cache, stack) if cache else None
            yield from blocks or _from_any(zone, receipt, stack)
        except FileNotFoundError:
            zone.index.catch_up()
            _refuse_erased(zone, receipt)  # perhaps just now
            raise missing(zone.files, zone.layout, key, _recorded_path(zone, receipt)) from None
        except codec.Damaged as problem:
            raise ObjectDamaged(key, str(problem)) from problem


def place_of(receipt: Receipt) -> str | None:
    """What the ledger calls the place of a delivery's bytes; ``None`` if there never were any."""
    if receipt.quarantine:
        return f"{upkeep.QUARANTINE}/{receipt.quarantine['path']}"
    return f"{upkeep.RAW}/{receipt.key}" if receipt.key else None


def erasure_of(zone: Zone, receipt: Receipt) -> Erasure | None:
    """The erasure by law of a delivery's bytes, or ``None`` when they were not erased."""
    place = place_of(receipt)
    if place is None:
        return None
    with zone.index.at_rest():  # many threads read at once
        return next(iter(zone.index.custody.erasures(place=place)), None)


def _refuse_erased(zone: Zone, receipt: Receipt) -> None:
    erasure = erasure_of(zone, receipt)
    if erasure:
        commit = zone.ledger.commit(erasure.seq)
        day = f"{commit.at:%Y-%m-%d}" if commit else "a day that the ledger has lost"
        key = receipt.key or (receipt.quarantine or {}).get("path", "")
        raise ObjectErased(key, day, erasure.record["reason"], erasure.record["authority"])


def _recorded_path(zone: Zone, receipt: Receipt) -> Path | None:
    """Where the bytes should lie by what the ledger says."""
    if receipt.key:
        with zone.index.at_rest():
            kept = zone.index.custody.of(receipt.key).whereabouts
        if kept is Whereabouts.ARCHIVE:
            return zone.layout.archived(receipt.key)
    return path_of(zone, receipt)


def _candidates(zone: Zone, receipt: Receipt) -> Iterator[Path]:
    """Where the stored bytes may lie: retention and a restore move them while others read."""
    first = path_of(zone, receipt)
    if first:
        yield first
        if receipt.key:
            yield zone.layout.archived(receipt.key)
            yield first


def _from_any(zone: Zone, receipt: Receipt, stack: ExitStack) -> Iterator[bytes]:
    """The bytes of the first place where they are sound; if they are nowhere, what the first sighting said."""
    problem: codec.Damaged | None = None
    for place in _candidates(zone, receipt):
        with suppress(FileNotFoundError):
            try:
                return _checked(receipt, stack.enter_context(open_stored(zone.files, place)))
            except codec.Damaged as found:
                problem = problem or found
    raise problem or FileNotFoundError


def _cached(zone: Zone, receipt: Receipt, cache: ByteCache, stack: ExitStack) -> Iterator[bytes] | None:
    """The bytes from the cache, which keeps them first if need be; ``None`` when it has none that are sound."""
    digest, size = receipt.stored_sha256 or "", receipt.stored_size or 0
    copy = cache.open(digest)
    for place in () if copy else _candidates(zone, receipt):
        with suppress(FileNotFoundError, codec.Damaged), open_stored(zone.files, place) as stream:
            copy = cache.keep(digest, size, codec.blocks_of(stream))
            break
    if copy is None:
        return None
    try:
        return _checked(receipt, stack.enter_context(copy))
    except codec.Damaged:
        cache.forget(digest)
        return None


def _checked(receipt: Receipt, stream: BinaryIO) -> Iterator[bytes]:
    """The original bytes of a stored form that was found to be the one recorded."""
    if (receipt.stored_size or 0) + (receipt.size or 0) <= HELD_IN_MEMORY:
        # One byte more than recorded shows a longer file without reading all of it.
        stored = stream.read((receipt.stored_size or 0) + 1)
        content = codec.content_of(stored, **form_of(receipt))
        if content is not None:
            return _in_blocks(content)
        codec.check_stored([stored], **form_of(receipt))  # says what is wrong with it
        return _decoded(receipt, iter([stored]))
    codec.check_stored(codec.blocks_of(stream), **form_of(receipt))
    stream.seek(0)
    return _decoded(receipt, codec.blocks_of(stream))


def _in_blocks(content: bytes | bytearray) -> Iterator[bytes]:
    view = memoryview(content)
    return (bytes(view[at : at + codec.BLOCK]) for at in range(0, len(view), codec.BLOCK))


def _decoded(receipt: Receipt, stored: Iterator[bytes]) -> Iterator[bytes]:
    digest = hashlib.sha256()
    for block in codec.original_blocks(stored, receipt.encoding or "", receipt.size or 0):
        digest.update(block)
        yield block
    if digest.hexdigest() != receipt.sha256:
        raise codec.Damaged("it changed while it was read: discard what was written")


def _places(layout: Layout, wanted: str, folder: Path) -> Iterator[tuple[Path, str]]:
    """Roots and paths below them that ``wanted`` may mean, the likeliest first."""
    yield layout.raw, wanted
    named = Path(wanted)
    with suppress(RuntimeError):  # a name may begin as the home of a user who is not known
        named = named.expanduser()
    absolute = Path(os.path.normpath(folder / named))
    roots = (layout.landing, layout.raw, layout.quarantine, layout.archive)
    for path in (absolute, Path(os.path.realpath(absolute))):
        for root in roots:
            for real in dict.fromkeys((root, Path(os.path.realpath(root)))):
                with suppress(ValueError):
                    yield root, path.relative_to(real).as_posix()
    first, slash, inner = os.path.normpath(wanted).partition("/")
    for root in roots:
        if slash and root.name == first:
            yield root, inner
            yield root, f"{inner}.gz"
    yield layout.raw, f"{wanted}.gz"
    yield layout.quarantine, os.path.normpath(wanted)


def _quarantined(zone: Zone, inner: str) -> list[Entry]:
    """Receipts of the refused copy at ``inner``, its findings, or the folder of both.

    The folder's name begins the SHA-256, so the index finds them without reading every refusal.
    """
    parts = inner.split("/")
    for prefix in parts[-2:]:
        if len(prefix) < _SHORTEST_PREFIX:
            continue
        found = []
        for entry in zone.index.find(prefix):
            places = entry.receipt.quarantine or {}
            if inner in places.values() or places.get("path", "").startswith(f"{inner}/"):
                found.append(entry)
        if found:
            return found
    return []
