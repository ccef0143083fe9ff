"""Reading: how the bytes of deliveries are come by, wherever they lie."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import chain
from typing import Protocol

from rawzone_assets.zone.landed import Landed
from rawzone_assets.zone.landing import HELD_IN_MEMORY


class Reading(Protocol):
    """One pass over a delivery. Iterate for its blocks; the rest is known once they have been read.

    Iterating raises ``ChangedWhileRead`` or ``Unreadable``.
    """

    def __iter__(self) -> Iterator[bytes]: ...

    def whole(self) -> bytes | None:
        """All its bytes, if the file is small; ``None`` when that does not tell how many they are."""

    @property
    def sha256(self) -> str:
        """That of exactly the bytes given out."""

    @property
    def size(self) -> int:
        """How many these were."""

    @property
    def forms(self) -> tuple[tuple[int, str], ...]:
        """Size and SHA-256 of every form in which a producer may have seen it."""

    @property
    def adopted(self) -> Mapping[str, str] | None:
        """What the receipt says of a delivery that did not come through landing."""


class Source(Protocol):
    """Where deliveries are read from: landing, or a pile that is adopted."""

    def read(self, landed: Landed) -> Reading: ...

    def read_sidecar(self, landed: Landed) -> bytes | None: ...

    def several(self) -> AbstractContextManager[None]:
        """To be entered around reading several of one folder, which need not be looked for each time."""


def begin(reading: Reading, landed: Landed) -> tuple[bytes | None, Iterable[bytes]]:
    """All bytes of a reading that fits into memory, else ``None`` and all its blocks, still to be read.

    What is packed may turn out too large only on the way. Its packing's size counts for nothing: the same bytes
    must come to the same stored form.
    """
    if landed.size > HELD_IN_MEMORY and not landed.packed:
        return None, iter(reading)
    whole = reading.whole()
    if whole is not None:
        return whole, ()
    blocks = iter(reading)
    held: list[bytes] = []
    left = HELD_IN_MEMORY
    for block in blocks:
        held.append(block)
        left -= len(block)
        if left < 0:
            return None, chain(held, blocks)
    return b"".join(held), ()
