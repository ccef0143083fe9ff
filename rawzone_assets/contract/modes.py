"""Modes: how strictly a feed applies the codes of its contract, and what it does with exposures.

A mode never changes what is found, only what a finding does: a rule can be tried on real deliveries before it
refuses any. Which modes are in force is declared by the feed and by ``policy``.
"""

from __future__ import annotations

from enum import StrEnum


class Mode(StrEnum):
    """What a finding does."""

    SHADOW = "shadow"  # kept on the receipt, apart from the others: it neither refuses nor warns
    WARN = "warn"  # warns, also where its code would refuse
    ENFORCE = "enforce"  # does what its code says


class Secrets(StrEnum):
    """What becomes of a delivery that exposes secrets or personal data."""

    FLAG = "flag"  # its receipt says so
    QUARANTINE = "quarantine"  # it is refused as well


ALWAYS_ENFORCED = frozenset(
    {"RZ-EMPTY-FILE", "RZ-TOO-LARGE", "RZ-BEYOND-LIMITS", "RZ-BEFORE-START", "RZ-CAPTURED-IN-FUTURE"}
)
"""These have no mode: what they refuse was never judged, or has no partition to be promoted into."""
