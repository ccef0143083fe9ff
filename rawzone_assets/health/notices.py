"""Notices: how an incident is told. Whether there is something to tell is ``incidents``' question."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from rawzone_assets.health.alert_kinds import KINDS, Severity
from rawzone_assets.health.signs import Incident, plain
from rawzone_assets.zone.receipt import moment

_MOST_LINES = 5
_CODE = re.compile(r"\bRZ-[A-Z0-9-]+\b")


class Event(StrEnum):
    """What a notice tells."""

    OPENED = "opened"
    WORSENED = "worsened"  # a warning became an error
    REMINDED = "reminded"  # still there when its snooze ended
    REPEATED = "repeated"  # another day of it, after somebody acknowledged those before
    RESOLVED = "resolved"
    DIGEST = "digest"


_PREFIXES = {
    Event.RESOLVED: "Resolved: ",
    Event.REMINDED: "Still: ",
    Event.REPEATED: "Again: ",
    Event.WORSENED: "Worse: ",
}


@dataclass(frozen=True, kw_only=True)
class Notice:
    """Something to tell. Its id never changes, whatever is sent how often."""

    id: str
    event: Event
    at: datetime
    severity: Severity
    title: str
    text: str
    incident: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {name: plain(value) for name, value in vars(self).items()}

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Notice:
        facts = {"event": Event(record["event"]), "severity": Severity(record["severity"])}
        return cls(**{**record, **facts, "at": moment(record["at"])})


def notice_of(incident: Incident, event: Event, now: datetime) -> Notice:
    """The notice about an incident as it is."""
    return Notice(
        id=f"{incident.id}-{incident.notices}",
        event=event,
        at=now,
        severity=incident.severity,
        title=_headline(incident, event),
        text="\n".join(_lines(incident, event, now)),
        incident=incident.id,
    )


def _headline(incident: Incident, event: Event) -> str:
    return f"{_PREFIXES.get(event, '')}{incident.title}"


def _lines(incident: Incident, event: Event, now: datetime) -> Iterator[str]:
    opened = f"{incident.opened_at:%Y-%m-%d %H:%M} UTC"
    if event is Event.RESOLVED:
        yield f"It is over since {now:%Y-%m-%d %H:%M} UTC; it began {opened}."
    else:
        reasons = incident.reasons
        yield from reasons[:_MOST_LINES]
        if len(reasons) > _MOST_LINES:
            yield f"and {len(reasons) - _MOST_LINES} more"
        count = len(incident.signals)
        yield f"Since {opened}{f', {count} signs of it' if count > 1 else ''}."
        yield f"What to do: {incident.remedy}."
        codes = sorted({code for reason in reasons for code in _CODE.findall(reason)})
        if codes:
            yield f"What it means: rawzone explain {' '.join(codes[:_MOST_LINES])}"
        yield f"Runbook: {KINDS[incident.kind].runbook}"
    yield f"Incident {incident.id} ({incident.key})"
