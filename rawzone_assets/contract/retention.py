"""Retention: for how long a feed's objects stay in hot storage, as a value. Pure arithmetic over days.

Three ages, counted from the newest capture time under which an object can be read: *recent* objects never
leave, *medium* ones stay, and what is older is *due* for the archive. Which clock tells the age, and what
moves, is said elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from enum import StrEnum

RECENT_DAYS = 90
HOT_DAYS = 730
_MOST_DAYS = 36_500


class Age(StrEnum):
    RECENT = "recent"
    MEDIUM = "medium"
    DUE = "due"


@dataclass(frozen=True, kw_only=True)
class Retention:
    """The ages of one feed, in days."""

    recent_days: int = RECENT_DAYS
    hot_days: int = HOT_DAYS
    minimum_age_days: int = 0

    @property
    def floor_days(self) -> int:
        """Below this age nothing leaves hot storage, whoever asks."""
        return max(self.recent_days, self.minimum_age_days)

    @property
    def due_days(self) -> int:
        """From this age on an object is due."""
        return max(self.hot_days, self.floor_days)

    def age(self, since: datetime, now: datetime) -> Age:
        """How an object counts whose age began at ``since``."""
        if now - since < timedelta(days=self.floor_days):
            return Age.RECENT
        return Age.DUE if now - since >= timedelta(days=self.due_days) else Age.MEDIUM


@dataclass(frozen=True, kw_only=True)
class RetentionRule:
    """What a policy says of retention for all feeds, a platform or a feed. ``None``: as the wider one says."""

    recent_days: int | None = None
    hot_days: int | None = None
    minimum_age_days: int | None = None

    def over(self, wider: Retention) -> Retention:
        """``wider`` with what this rule says in its place."""
        said = {name: value for name, value in vars(self).items() if value is not None}
        return Retention(**{**vars(wider), **said})

    @classmethod
    def of(cls, table: dict[str, object]) -> RetentionRule:
        """The rule that a table of a policy states.

        Raises:
            ValueError: It holds something that is no rule; the text says what.
        """
        known = tuple(field.name for field in fields(cls))
        days: dict[str, int] = {}
        for name, value in table.items():
            if name not in known:
                raise ValueError(f"{name!r} of 'retention' is not {', '.join(known[:-1])} or {known[-1]}")
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_DAYS:
                raise ValueError(f"'{name}' of 'retention' must be whole days from 0 to {_MOST_DAYS}")
            days[name] = value
        return cls(**days)
