"""Exposures: what a delivery's bytes give away that not everyone may see, secrets and personal data.

Found by form alone, in one pass of bounded memory over the bytes as they are, whatever their format. A scan
tells kinds, counts and places, never a value: nothing here returns or stores a matched byte. Bytes that are
encoded again (compressed, Base64) are not seen; a format that unpacks scans what it unpacked. Phone numbers
are not sought: no source is known to deliver them, and figures look like them. What an exposure means for a
delivery is ``judging``'s to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import BinaryIO

from rawzone_assets.contract.exposure_forms import BEHIND, FAMILIES, Probe

MOST_COUNTED = 1_000
"""Of one kind in one delivery: whoever reads the count does not care about more."""

_MOST_LOOKED_AT = 50_000  # matches of one form, before those that turn out to be harmless are trusted to be so
_BLOCK = 2**20
_LONGEST = 2_048  # no pattern looks further ahead than this
_NO_OTHERS = bytes(range(128)) + b"\x7f" * 128  # marks are ASCII, and sought in nothing else
_PACKED = (b"PK\x03\x04", b"PK\x05\x06", b"\x1f\x8b")
"""Compressed bytes are as good as random: every form turns up in them some day and means nothing."""


class Access(StrEnum):
    """Who may see a delivery, as receipts name it; the later value includes the earlier ones."""

    OPEN = "open"
    PERSONAL = "personal"
    SECRET = "secret"  # noqa: S105  the name of a class, no password


@dataclass
class Exposures:
    """The kinds found, how often, and where first (byte offset from 0)."""

    counts: dict[str, int] = field(default_factory=dict)
    first_at: dict[str, int] = field(default_factory=dict)

    @property
    def access(self) -> Access:
        return access_of(self.counts)

    def note(self, kind: str, offset: int) -> None:
        """Count one more of a kind."""
        count = self.counts.get(kind, 0)
        self.counts[kind] = min(count + 1, MOST_COUNTED)
        self.first_at[kind] = min(offset, self.first_at.get(kind, offset))


_PERSONAL = frozenset({"e-mail"})


def access_of(kinds: Mapping[str, int]) -> Access:
    """The access class of a delivery with these kinds of exposure. A kind nobody knows is a secret."""
    if not kinds:
        return Access.OPEN
    return Access.PERSONAL if _PERSONAL.issuperset(kinds) else Access.SECRET


def is_personal(kind: str) -> bool:
    """Whether the kind is personal data rather than a secret."""
    return kind in _PERSONAL


def exposes(text: str) -> bool:
    """Whether a short text, such as a message or a name, gives anything away."""
    data = text.encode(errors="replace")
    return any(probe.pattern.search(seen) for probe, seen in _announced(data))


def scan(stream: BinaryIO, *, block: int = _BLOCK) -> Exposures:
    """What the stream gives away. The result does not depend on ``block``, the bytes held at a time.

    Blocks overlap: a match counts in the block in which it starts, and every block shows ``_LONGEST`` bytes
    beyond its end and ``BEHIND`` before its start.
    """
    found = Exposures()
    searches: dict[int, _Search] = {}
    data, base, start = b"", 0, 0  # ``data`` begins at offset ``base``; up to ``start`` it was scanned before
    for index, piece in enumerate(_pieces(stream, block)):
        if index == 0 and piece.startswith(_PACKED):
            return found
        # Bytes between the characters of UTF-16 would hide everything; offsets in such text are estimates.
        data += piece.replace(b"\0", b"")
        end = len(data) - _LONGEST if piece else len(data)
        if end <= start:
            continue
        for probe, seen in _announced(data):
            search = searches.setdefault(id(probe), _Search(probe))
            search.look(found, seen, base, start, end)
        cut = max(0, end - BEHIND)
        data, base, start = data[cut:], base + cut, end - cut
    return found


def _announced(data: bytes) -> Iterator[tuple[Probe, bytes]]:
    """The probes of which a mark stands in ``data``, each with the bytes that it searches."""
    masked = data if data.isascii() else data.translate(_NO_OTHERS)
    text = masked.decode("ascii")
    folded = text.lower()
    for family in FAMILIES:
        sought_in = folded if family.folded else text
        if family.marks.are_in(sought_in):
            seen = data.lower() if family.folded else data
            yield from ((probe, seen) for probe in family.probes if probe.marks.are_in(sought_in))


def _pieces(stream: BinaryIO, block: int) -> Iterator[bytes]:
    """The stream's bytes, then an empty piece for its end."""
    while piece := stream.read(block):
        yield piece
    yield b""


@dataclass
class _Search:
    """One probe on its way through a stream."""

    probe: Probe
    resume: int = 0  # the offset where it goes on: matches of one probe do not overlap
    looked_at: int = 0

    def look(self, found: Exposures, text: bytes, base: int, start: int, end: int) -> None:
        """Note the matches that begin from ``start`` to ``end`` of ``text``, at the offset ``base``."""
        if self.looked_at >= _MOST_LOOKED_AT:
            return
        for match in self.probe.pattern.finditer(text, max(start, self.resume - base)):
            if match.start() >= end:
                break
            kind_of = self.probe.kind_of
            kind = kind_of(text, match.start()) if kind_of else self.probe.kind
            if kind:
                found.note(kind, base + match.start())
            self.looked_at += 1
            self.resume = max(self.resume, base + match.end())
            if self.looked_at >= _MOST_LOOKED_AT or (kind and found.counts[kind] >= MOST_COUNTED):
                self.looked_at = _MOST_LOOKED_AT
                break
