"""Day columns: the days of a series' records, and what rules and diaries ask of all of them.

Days are kept as ordinals, as ``date.toordinal`` counts them: numbers are compared, told apart and looked up in
half the time that dates take.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from rawzone_assets.contract.forms import day_of

_MOST_KNOWN = 20_000


@dataclass(kw_only=True)
class DayColumn:
    """The day of each record that has one, in the records' order, and where these records stand."""

    ordinals: Sequence[int]
    indexes: Sequence[int]
    extent: tuple[date, date] | None = field(init=False)  # the first and the last day
    _position_of: Mapping[int, int] | None = None

    def __post_init__(self) -> None:
        days = self.ordinals
        self.extent = (date.fromordinal(min(days)), date.fromordinal(max(days))) if days else None

    @classmethod
    def of(cls, days: Iterable[date]) -> DayColumn:
        """Of records that all have one."""
        ordinals = [day.toordinal() for day in days]
        return cls(ordinals=ordinals, indexes=range(len(ordinals)))

    @classmethod
    def read(cls, texts: Sequence[Any]) -> DayColumn:
        """Of records of which some may have ``None``, or a value that is no day."""
        try:
            found = list(map(_known.get, texts))
        except TypeError:  # some value is a list or an object
            found = [None] * len(texts)
        if None in found:
            found = [day or _learned(text) for day, text in zip(found, texts, strict=True)]
        ordinals = [day for day in found if day is not None]
        all_have_one = len(ordinals) == len(found)
        indexes = range(len(found)) if all_have_one else [index for index, day in enumerate(found) if day]
        return cls(ordinals=ordinals, indexes=indexes)

    @property
    def dates(self) -> Iterable[date]:
        return map(date.fromordinal, self.ordinals)

    @property
    def position_of(self) -> Mapping[int, int]:
        """Where in the column each different day stands, or stands last."""
        if self._position_of is None:
            self._position_of = dict(zip(self.ordinals, range(len(self.ordinals)), strict=True))
        return self._position_of

    @property
    def has_repeats(self) -> bool:
        return len(self.position_of) < len(self.ordinals)


def _learned(value: Any) -> int | None:
    day = day_of(value) if isinstance(value, str) else None
    if day is None:
        return None
    if len(_known) < _MOST_KNOWN:
        _known[value] = day.toordinal()
    return day.toordinal()


_known: dict[str, int] = {}  # captures tell the same days again and again
