"""Timelines: what was accepted of one form before any moment, in the ledger and earlier in the batch.

Deliveries of a batch come mostly in order of capture, and one after another has the same stretch of the ledger
before it. That is read once, as far back as somebody looks, and kept until a delivery has another one.
"""

from __future__ import annotations

from bisect import bisect_right, insort_right
from collections.abc import Iterator
from functools import partial
from heapq import merge
from itertools import chain, islice
from operator import attrgetter

from rawzone_assets.zone.past_lookups import Accepted, PastLookups

_AT_FIRST = 24
"""Entries read before it is known how far back somebody looks; each further reading doubles them."""

_captured_at = attrgetter("captured_at")


class Timeline:
    """The accepted deliveries of one form, while one batch is decided."""

    def __init__(self, lookups: PastLookups, form: int) -> None:
        self._lookups = lookups
        self._form = form
        self._joined: list[Accepted] = []  # of this batch, by capture time
        self._stretch: _Stretch | None = None

    def add(self, accepted: Accepted) -> None:
        """Let a delivery of the batch join, decided after all others so far."""
        joined = self._joined
        if not joined or joined[-1].captured_at <= accepted.captured_at:  # as nearly always
            joined.append(accepted)
        else:
            insort_right(joined, accepted, key=_captured_at)

    def before(self, captured_at: str) -> Iterator[Accepted]:
        """What was captured by then, newest first; of two at once, the later decided."""
        if self._stretch is None or not self._stretch.reaches(captured_at):
            self._stretch = _Stretch(self._lookups, self._form, captured_at)
        joined = self._joined
        later = len(joined) - bisect_right(joined, captured_at, key=_captured_at)
        newest_first = islice(reversed(joined), later, None)
        if not joined or self._stretch.since <= joined[0].captured_at:  # as nearly always
            return chain(newest_first, self._stretch)
        return merge(newest_first, self._stretch, key=_captured_at, reverse=True)


class _Stretch:
    """What the ledger tells before any moment between two captures of a form that follow one another."""

    def __init__(self, lookups: PastLookups, form: int, captured_at: str) -> None:
        self._read = partial(lookups.accepted_before, form, captured_at)
        self._entries = self._read(most=_AT_FIRST)  # newest first
        self._is_whole = len(self._entries) < _AT_FIRST
        self.since = self._entries[0].captured_at if self._entries else ""
        self._until = lookups.next_capture(form, captured_at)

    def reaches(self, captured_at: str) -> bool:
        """Whether the same was accepted before this moment, as far as the ledger tells."""
        return self.since <= captured_at and (self._until is None or captured_at < self._until)

    def __iter__(self) -> Iterator[Accepted]:
        yield from self._entries
        while not self._is_whole:
            known = len(self._entries)
            more = self._read(most=known, passing_over=known)
            self._is_whole = len(more) < known
            self._entries += more
            yield from more
