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


def doubt(recorded: Recorded, witnesses: Iterable[Witness], *, source: str | None) -> str | None:
    """What else the contradictions may mean than a ledger that was altered: witnesses of another zone.

    From here that looks like a ledger rewritten from its first commit on, so it takes nothing back.
    """
    against = {True: set[int](), False: set[int]()}
    for witness in witnesses:
        against[_is_contradicted(recorded, witness)].add(witness.seq)
    contradicted, confirmed = against[True], against[False]
    if contradicted and not confirmed:
        return (
            f"No event in {source} agrees with this ledger: if that is the Dagster of another zone, set "
            "DAGSTER_HOME to this zone's; if it is this one's, the whole ledger was replaced."
        )
    if contradicted & confirmed:
        return (
            f"Of the same commits, other events in {source} agree with this ledger: two zones tell one Dagster "
            "(give each a DAGSTER_HOME of its own), or the ledger was replaced and told anew."
        )
    return None


def _is_contradicted(recorded: Recorded, witness: Witness) -> bool:
    if witness.seq >= len(recorded.hashes):
        return True
    actual = recorded.hashes[witness.seq]
    return actual is not None and actual != witness.head
