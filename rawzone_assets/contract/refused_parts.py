"""Refused parts: where a document is not as its schema says, so that rules can go on with the rest of it.

One wrong count says nothing of the days beside it. Rules ask a document for its columns, and those that nothing
was refused in are as sound as in a document that was accepted.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from rawzone_assets.contract.pointers import Parts


class PartRefusedError(LookupError):
    """What a rule asks for was refused itself: it has nothing to judge by."""


@dataclass(frozen=True, kw_only=True)
class RefusedParts:
    """The parts of a document that its schema refuses or misses, each as the way to it."""

    parts: frozenset[Parts]

    def demand_value(self, at: Parts) -> None:
        """Raise ``PartRefusedError`` if anything at, above or below a place was refused."""
        if self.covers(at) or any(part[: len(at)] == at for part in self.parts):
            raise PartRefusedError

    def demand_records(self, at: Parts) -> None:
        """Raise ``PartRefusedError`` if a list, what it is in, or one of its records as a whole was refused."""
        if self.covers(at) or any(part[:-1] == at for part in self.parts if part):
            raise PartRefusedError

    def demand_whole_records(self, at: Parts, *, but: Collection[str] = ()) -> None:
        """As :meth:`demand_records`, of all their members but some."""
        self.demand_records(at)
        if any(part[len(at) + 1] not in but for part in self._below_records(at)):
            raise PartRefusedError

    def in_column(self, at: Parts, member: str | int) -> frozenset[int]:
        """Which records of a list have a refused value there, or miss it.

        Raises:
            PartRefusedError: the list itself or one of its records as a whole was refused.
        """
        self.demand_records(at)
        here = (part[len(at)] for part in self._below_records(at) if part[len(at) + 1] == member)
        return frozenset(index for index in here if isinstance(index, int))

    def covers(self, at: Parts) -> bool:
        """Whether the place lies in a refused part, or is one."""
        return any(at[:length] in self.parts for length in range(len(at) + 1))

    def _below_records(self, at: Parts) -> Iterator[Parts]:
        return (part for part in self.parts if len(part) > len(at) + 1 and part[: len(at)] == at)


NOTHING_REFUSED = RefusedParts(parts=frozenset())
ALL_REFUSED = RefusedParts(parts=frozenset({()}))  # of the document itself
