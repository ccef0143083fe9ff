"""What the ledger tells of damage, commit by commit, as signs: found, and repaired, sound again or gone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from rawzone_assets.health.alert_kinds import ZONE
from rawzone_assets.health.incidents import Incidents
from rawzone_assets.health.signs import Sign
from rawzone_assets.zone import upkeep
from rawzone_assets.zone.ledger import Commit
from rawzone_assets.zone.zone import Zone

_MOST_AT_ONCE = 300  # commits: reading them must not take a tick's whole time
_DAMAGE = "damage"


def read_damage(
    zone: Zone, position: Mapping[str, Any] | None, incidents: Incidents
) -> tuple[list[Sign], dict[str, Any]]:
    """The signs of the commits after ``position``, and the new position.

    Without a position, or with one of another ledger, reading starts at the head: what is damaged already is
    told by the next scrub, which re-reads known damage first.
    """
    head = zone.index.head
    seq = int(position["seq"]) if position else head.seq
    if seq > head.seq or (position and not _is_of(zone, seq, str(position["sha256"]))):
        seq = head.seq
    signs: list[Sign] = []
    upto = min(head.seq, seq + _MOST_AT_ONCE)
    for number in range(seq + 1, upto + 1):
        commit = zone.ledger.commit(number)
        if commit is not None:
            signs += _signs(commit, incidents, signs)
    if upto == head.seq:
        return signs, {"seq": upto, "sha256": head.sha256}
    reached = zone.ledger.commit(upto)
    return signs, {"seq": upto, "sha256": reached.sha256 if reached else ""}


def _is_of(zone: Zone, seq: int, sha256: str) -> bool:
    if seq < 0:
        return True
    commit = zone.ledger.commit(seq)
    return commit is not None and commit.sha256 == sha256


def _signs(commit: Commit, incidents: Incidents, before: list[Sign]) -> Iterator[Sign]:
    for record in commit.records:
        if record.get("record") == upkeep.DAMAGED:
            yield Sign(
                kind=_DAMAGE,
                subject=record.get("feed") or ZONE,
                name=record["place"],
                bad=True,
                at=commit.at,
                text=f"{record['place']}: {record['problem']}",
                source="ledger",
            )
        else:
            for place in upkeep.no_longer_damaged(record):
                yield from _sound(place, commit.at, incidents, before)


def _sound(place: str, at: datetime, incidents: Incidents, before: list[Sign]) -> Iterator[Sign]:
    """Good signs for whichever incidents speak of the place: a record of soundness does not name its feed."""
    subjects = {i.subject for i in incidents.open if i.kind == _DAMAGE and place in i.signals}
    subjects |= {sign.subject for sign in before if sign.bad and sign.name == place}
    for subject in sorted(subjects):
        yield Sign(kind=_DAMAGE, subject=subject, name=place, bad=False, at=at, source="ledger")
