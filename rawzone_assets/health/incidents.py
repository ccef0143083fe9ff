"""Incidents: what is wrong, from when to when, and what of it is to be told. Pure: values in, values out.

A *sign* says that one thing is bad or good again. Signs of one kind and subject make one *incident*, however
many days or checks speak of it: it opens with the first bad sign, and is resolved when none is left. What is to
be told becomes a *notice*. Who sends notices, and whether they arrive, is ``outbox``'s question.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from rawzone_assets.contract.plain_text import printable
from rawzone_assets.health.notices import Event, Notice, notice_of
from rawzone_assets.health.signs import Incident, Sign, Signal
from rawzone_assets.zone.receipt import timestamp

KEPT = timedelta(days=90)
"""How long a resolved incident can be looked up."""

MOST_KEPT = 1000
"""Resolved ones: what comes and goes each minute would make a book of many megabytes, written at each look."""

_LONGEST_TEXT = 500


@dataclass(kw_only=True)
class Incidents:
    """All incidents by id, and what they give to tell."""

    by_id: dict[str, Incident] = field(default_factory=dict)

    def open_one(self, key: str) -> Incident | None:
        return next((incident for incident in self.open if incident.key == key), None)

    @property
    def open(self) -> list[Incident]:
        return [incident for incident in self.by_id.values() if incident.is_open]

    def find(self, wanted: str) -> list[Incident]:
        """Those whose id begins so, or the newest of this key."""
        if ":" in wanted:
            of_key = [incident for incident in self.by_id.values() if incident.key == wanted]
            return sorted(of_key, key=lambda incident: incident.opened_at)[-1:]
        return [incident for incident in self.by_id.values() if wanted and incident.id.startswith(wanted)]

    # --- what happens to them ---------------------------------------------------------------------

    def take(self, signs: Iterable[Sign], now: datetime) -> list[Notice]:
        """Take in signs in their order; what is to be told of them."""
        return [notice for sign in signs for notice in (self._bad if sign.bad else self._good)(sign, now)]

    def take_back(
        self, source: str, seen: Iterable[Sign], *, now: datetime, unsure: Collection[str] = ()
    ) -> list[Notice]:
        """Take in all bad signs that ``source`` sees now; what it saw before and no longer sees is good again.

        ``unsure`` are keys of which it cannot tell this time: those stay as they are.
        """
        bad = [replace(sign, counts=False) for sign in seen]
        still = {(sign.key, sign.name) for sign in bad}
        gone = [
            Sign(kind=incident.kind, subject=incident.subject, name=name, bad=False, at=now, source=source)
            for incident in self.open
            if incident.key not in unsure
            for name, signal in incident.signals.items()
            if signal.source == source and (incident.key, name) not in still
        ]
        return self.take([*gone, *bad], now)

    def wake(self, now: datetime) -> list[Notice]:
        """What is to be told of incidents whose snooze has ended."""
        notices = []
        for incident in self.open:
            if incident.snoozed_until and now >= incident.snoozed_until:
                awake = replace(incident, snoozed_until=None)
                event = Event.OPENED if incident.told is None else Event.REMINDED
                notices.append(self._tell(awake, event, now))
        return notices

    def acknowledge(self, incident: Incident, now: datetime) -> Incident:
        return self._keep(replace(incident, acknowledged_at=now))

    def snooze(self, incident: Incident, until: datetime) -> Incident:
        return self._keep(replace(incident, snoozed_until=until))

    def forget(self, now: datetime) -> None:
        """Drop what was resolved long ago, or before many others."""
        over = [
            (i.resolved_at, i.id) for i in self.by_id.values() if i.resolved_at and now - i.resolved_at < KEPT
        ]
        kept = {id_ for _, id_ in sorted(over)[-MOST_KEPT:]}
        self.by_id = {key: one for key, one in self.by_id.items() if one.is_open or key in kept}

    def _bad(self, sign: Sign, now: datetime) -> Iterator[Notice]:
        incident, is_repeated = self.open_one(sign.key), False
        signal = Signal(
            since=sign.at,
            text=printable(sign.text)[:_LONGEST_TEXT],
            severity=sign.severity,
            source=sign.source,
            day=sign.day,
        )
        if incident is None:
            incident = Incident(
                id=_id(sign.key, now, self.by_id),
                kind=sign.kind,
                subject=sign.subject,
                opened_at=now,
                severity=sign.severity,
                signals={sign.name: signal},
                snoozed_until=self._inherited_snooze(sign.key, now),
            )
        else:
            before = incident.signals.get(sign.name)
            if before:
                older = bool(before.day and sign.day and sign.day < before.day)
                signal = before if older else replace(signal, since=before.since)
            if signal == before and not sign.counts:
                return  # a look that sees what it saw
            signals = {**incident.signals, sign.name: signal}
            # Whoever acknowledged it knew of the days so far: it may stay open for good, and another is news.
            is_repeated = bool(incident.acknowledged_at and before is None and sign.day)
            incident = replace(
                incident,
                signals=signals,
                acknowledged_at=None if is_repeated else incident.acknowledged_at,
                severity=max(one.severity for one in signals.values()),
                signs=incident.signs + (before is None or sign.counts),
            )
        self._keep(incident)
        if incident.is_snoozed(now):
            return
        awake = replace(incident, snoozed_until=None)  # what is told now need not be reminded of as well
        if incident.told is None:
            yield self._tell(awake, Event.OPENED, now)
        elif incident.severity > incident.told:
            yield self._tell(awake, Event.WORSENED, now)
        elif is_repeated:
            yield self._tell(awake, Event.REPEATED, now)

    def _good(self, sign: Sign, now: datetime) -> Iterator[Notice]:
        incident = self.open_one(sign.key)
        if incident is None:
            return
        left = {
            name: signal for name, signal in incident.signals.items() if not _takes_back(sign, name, signal)
        }
        if len(left) == len(incident.signals):
            return
        if left:
            worst = max(signal.severity for signal in left.values())
            self._keep(replace(incident, signals=left, severity=worst))
            return
        resolved = self._keep(replace(incident, resolved_at=now))
        if resolved.told is not None:
            yield self._tell(resolved, Event.RESOLVED, now)

    def _inherited_snooze(self, key: str, now: datetime) -> datetime | None:
        """Whoever snoozed a flapping thing does not want to be told when it opens again meanwhile."""
        ends = [
            incident.snoozed_until
            for incident in self.by_id.values()
            if incident.key == key and incident.snoozed_until and incident.snoozed_until > now
        ]
        return max(ends, default=None)

    def _tell(self, incident: Incident, event: Event, now: datetime) -> Notice:
        number = incident.notices + 1
        kept = self._keep(replace(incident, notices=number, told=incident.severity))
        return notice_of(kept, event, now)

    def _keep(self, incident: Incident) -> Incident:
        self.by_id[incident.id] = incident
        return incident


def _takes_back(sign: Sign, name: str, signal: Signal) -> bool:
    if sign.sweeps:
        return True
    if name != sign.name:
        return False
    return sign.day is None or signal.day is None or sign.day >= signal.day


def _id(key: str, now: datetime, taken: Collection[str]) -> str:
    """Eight digits of when and what: also after its state was lost, nothing new gets an old id."""
    for attempt in range(1 << 16):
        digest = hashlib.sha256(f"{key} {timestamp(now)} {attempt}".encode()).hexdigest()[:8]
        if digest not in taken:
            return digest
    raise AssertionError("65,536 incidents of one kind at one moment")  # pragma: no cover
