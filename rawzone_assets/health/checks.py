"""Checks: one thing looked at, what was seen, and what to do when it is not well."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Health(StrEnum):
    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True)
class Check:
    """One thing looked at, what was seen, and what to do when it is not well."""

    name: str
    health: Health
    seen: str
    remedy: str = ""


def ok(name: str, seen: str) -> Check:
    return Check(name=name, health=Health.OK, seen=seen)


def warn(name: str, seen: str, remedy: str) -> Check:
    return Check(name=name, health=Health.WARN, seen=seen, remedy=remedy)


def failed(name: str, seen: str, remedy: str) -> Check:
    return Check(name=name, health=Health.FAIL, seen=seen, remedy=remedy)
