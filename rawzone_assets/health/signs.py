"""Signs, and the incident that signs of one kind and subject make: values, and how they are kept as JSON.

What signs do to incidents is ``incidents``' question, what is told of them that of ``notices``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rawzone_assets.contract.plain_text import printable
from rawzone_assets.health.alert_kinds import KINDS, Severity
from rawzone_assets.zone.receipt import moment, timestamp


@dataclass(frozen=True, kw_only=True)
class Sign:
    """One thing that is bad, or good again. ``name`` tells signs of one incident apart."""

    kind: str
    subject: str
    name: str
    bad: bool
    at: datetime
    severity: Severity = Severity.ERROR
    text: str = ""
    day: str | None = None  # a good sign of a day takes back none of a later day
    source: str = "events"  # who gave it: a look at the whole state takes back what it no longer sees
    sweeps: bool = False  # a good one takes back every sign of the incident
    counts: bool = True  # whether it happened anew, or is only still seen

    @property
    def key(self) -> str:
        return key_of(self.kind, self.subject)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """A bad sign that was not taken back."""

    since: datetime
    text: str
    severity: Severity
    source: str
    day: str | None = None


@dataclass(frozen=True, kw_only=True)
class Incident:
    """One thing that is or was wrong. Resolved when ``resolved_at`` is set."""

    id: str
    kind: str
    subject: str
    opened_at: datetime
    severity: Severity
    signals: Mapping[str, Signal]
    signs: int = 1  # bad signs so far
    told: Severity | None = None  # as what it was announced last; None: not yet
    acknowledged_at: datetime | None = None
    snoozed_until: datetime | None = None
    resolved_at: datetime | None = None
    notices: int = 0

    @property
    def key(self) -> str:
        return key_of(self.kind, self.subject)

    @property
    def is_open(self) -> bool:
        return self.resolved_at is None

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and now < self.snoozed_until

    def state(self, now: datetime) -> str:
        if not self.is_open:
            return "resolved"
        if self.is_snoozed(now):
            return "snoozed"
        return "acknowledged" if self.acknowledged_at else "open"

    @property
    def title(self) -> str:
        return printable(KINDS[self.kind].title.format(subject=self.subject))

    @property
    def remedy(self) -> str:
        return printable(KINDS[self.kind].remedy.format(subject=self.subject))

    @property
    def reasons(self) -> list[str]:
        """What the signs say, the gravest and newest first, each sentence once."""
        ordered = sorted(self.signals.values(), key=lambda s: (s.severity, s.day or "", s.since), reverse=True)
        return list(dict.fromkeys(signal.text for signal in ordered if signal.text))

    def as_json(self) -> dict[str, Any]:
        return {
            **{name: plain(value) for name, value in vars(self).items() if name != "signals"},
            "signals": {
                name: {part: plain(value) for part, value in vars(signal).items()}
                for name, signal in self.signals.items()
            },
        }

    @classmethod
    def from_json(cls, record: Mapping[str, Any]) -> Incident:
        """Read back what :meth:`as_json` wrote."""
        facts = dict(record)
        for name in ("opened_at", "acknowledged_at", "snoozed_until", "resolved_at"):
            facts[name] = moment(facts[name]) if facts[name] else None
        told = facts["told"]
        facts |= {
            "severity": Severity(facts["severity"]),
            "told": None if told is None else Severity(told),
            "signals": {name: _signal(signal) for name, signal in facts["signals"].items()},
        }
        return cls(**facts)


def key_of(kind: str, subject: str) -> str:
    return f"{kind}:{subject}"


def _signal(record: Mapping[str, Any]) -> Signal:
    return Signal(**{**record, "since": moment(record["since"]), "severity": Severity(record["severity"])})


def plain(value: Any) -> Any:
    """A field's value as JSON keeps it."""
    if isinstance(value, datetime):
        return timestamp(value)
    return int(value) if isinstance(value, Severity) else value
