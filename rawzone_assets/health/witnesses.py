"""Witnesses: what somebody outside of the zone saw of the ledger, and where the ledger contradicts it.

A chain proves that nothing in it was altered on its own. It cannot prove that the whole was not rewritten, or
its end cut off: only a head that was noted elsewhere can. Where witnesses are kept is not this module's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from rawzone_assets.health.damage import Damage, DamageKind
from rawzone_assets.health.recorded import Recorded
from rawzone_assets.zone.zone import Zone


@dataclass(frozen=True, kw_only=True)
class Witness:
    """Somebody saw a commit with this hash."""

    seq: int
    head: str
    event: str  # who and when, for a person


def contradictions(zone: Zone, recorded: Recorded, witnesses: Iterable[Witness]) -> Iterator[Damage]:
    """Commits that a witness saw and that are not there, or are others now; each once, with its first witness.

    A file that is damaged in itself is named by the chain already.
    """
    first: dict[int, Witness] = {}
    counts: dict[int, int] = {}
    for witness in witnesses:
        if _is_contradicted(recorded, witness):
            first.setdefault(witness.seq, witness)
            counts[witness.seq] = counts.get(witness.seq, 0) + 1
    for seq, witness in sorted(first.items()):
        others = f" (and {counts[seq] - 1} more)" if counts[seq] > 1 else ""
        saw = f"{witness.event}{others} saw commit {seq} with the hash {witness.head}"
        if seq >= len(recorded.hashes):
            end = f"ends with commit {len(recorded.hashes) - 1}" if recorded.hashes else "is empty"
            problem = f"{saw}, but the ledger {end}: it was rolled back"
        else:
            problem = f"{saw}, but this file has {recorded.hashes[seq]}: the ledger was rewritten"
        yield Damage(kind=DamageKind.WITNESS, path=str(zone.layout.commit(seq)), problem=problem)


def _is_contradicted(recorded: Recorded, witness: Witness) -> bool:
    if witness.seq >= len(recorded.hashes):
        return True
    actual = recorded.hashes[witness.seq]
    return actual is not None and actual != witness.head
