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
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from rawzone_assets.contract.content import SMALL, pieces
from rawzone_assets.contract.exposure_forms import BEHIND, FAMILIES, FOLDED_MARKS, Family, Probe
from rawzone_assets.contract.marks import ascii_text, folded_text

if TYPE_CHECKING:
    from rawzone_assets.contract.feed import Content

MOST_COUNTED = 1_000
"""Of one kind in one delivery: whoever reads the count does not care about more."""

_MOST_LOOKED_AT = 50_000  # matches of one form, before those that turn out to be harmless are trusted to be so
_LONGEST = 2_048  # no pattern looks further ahead than this
_WINDOW = 2**13
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
    return any(
        probe.pattern.search(data.lower() if family.folded else data)
        for family, sought_in in _announced(ascii_text(data), folded_text(data))
        for probe in family.probes
        if probe.marks.are_in(sought_in)
    )


def may_expose(text: str) -> bool:
    """Whether a mark of any form stands in a text, of which bytes that are not ASCII may have been masked.

    Marks hold no line ends: what has none in any of its lines gives nothing away.
    """
    return any(True for _ in _announced(text, text.lower()))


def scan(content: Content, *, block: int | None = None) -> Exposures:
    """What the content gives away. The result does not depend on ``block``, the bytes held at a time.

    Blocks overlap: a match counts in the block in which it starts, and every block shows ``_LONGEST`` bytes
    beyond its end and ``BEHIND`` before its start.
    """
    found = Exposures()
    if block is None and _has_no_mark(content):
        return found
    searches: dict[int, _Search] = {}
    data, base, start = b"", 0, 0  # ``data`` begins at offset ``base``; up to ``start`` it was scanned before
    following = chain(pieces(content, block), (b"",))
    piece = next(following)
    if piece.startswith(_PACKED):
        return found
    for after in following:
        # Bytes between the characters of UTF-16 would hide everything; offsets in such text are estimates.
        data += piece.replace(b"\0", b"")
        piece, end = after, len(data) - _LONGEST if after else len(data)
        if end <= start:
            continue
        for family, sought_in in _announced(ascii_text(data), folded_text(data)):
            windows = [*_windows(family, sought_in, data, start, end)]
            for probe in family.probes:
                search = searches.setdefault(id(probe), _Search(probe))
                for window in windows:
                    search.look(found, window, base)
        cut = max(0, end - BEHIND)
        data, base, start = data[cut:], base + cut, end - cut
    return found


def _has_no_mark(content: Content) -> bool:
    """Whether that is certain, as of nearly every delivery that is looked at as a whole."""
    if content.size > SMALL:
        return False
    data = content.read()
    return b"\0" not in data and not any(True for _ in _announced(ascii_text(data), folded_text(data)))


def _announced(text: str, folded: str) -> Iterator[tuple[Family, str]]:
    """The families of which a mark stands in ``text``, each with the form in which its marks are sought."""
    are_some_folded = FOLDED_MARKS.are_in(folded)
    for family in FAMILIES:
        sought_in = folded if family.folded else text
        if (are_some_folded or not family.folded) and family.marks.are_in(sought_in):
            yield family, sought_in


class _Window(NamedTuple):
    """A piece of the bytes, from ``offset`` on, in which matches begin from ``start`` to ``end``."""

    data: bytes
    sought_in: str
    offset: int
    start: int
    end: int


def _windows(family: Family, sought_in: str, data: bytes, start: int, end: int) -> Iterator[_Window]:
    """Where matches of the family may begin between ``start`` and ``end``, and all that is needed to tell them.

    A page has one session, and patterns are a tenth as fast as marks: they are not tried on the whole of it.
    """
    near = family.marks.stretches(sought_in, start, end, length=_WINDOW, before=BEHIND, beyond=_LONGEST)
    for begin, stop in near:
        first, last = max(0, begin - BEHIND), stop + _LONGEST
        seen = data[first:last]
        yield _Window(
            data=seen.lower() if family.folded else seen,
            sought_in=sought_in[first:last],
            offset=first,
            start=begin - first,
            end=stop - first,
        )


@dataclass
class _Search:
    """One probe on its way through a stream."""

    probe: Probe
    resume: int = 0  # the offset where it goes on: matches of one probe do not overlap
    looked_at: int = 0

    def look(self, found: Exposures, window: _Window, base: int) -> None:
        """Note the matches that begin in the window; what it was cut out of begins at the offset ``base``."""
        if self.looked_at >= _MOST_LOOKED_AT or not self.probe.marks.are_in(window.sought_in):
            return
        text, base = window.data, base + window.offset
        for match in self.probe.pattern.finditer(text, max(window.start, self.resume - base)):
            if match.start() >= window.end:
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
