"""Proportions: figures of which one is part of the other, such as likes of views, in tables and documents.

Whoever listens streams, whoever clicks was shown something. One row may say otherwise, being rounded, estimated
or late; where every row does, two columns have changed places. A few rows tell that, spread over the delivery,
and of a sound one the first: this costs nothing that could be measured.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from rawzone_assets.contract import codes
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding
from rawzone_assets.contract.reading import Reading, spread
from rawzone_assets.contract.rules import Rule
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.table_wholes import WholeRule

_LEAST = 3
"""Fewer rows in which the two differ may be rounding, or an account's first days."""
_ROUNDED = 0.01  # amounts to the cent


def column_within(part: str, whole: str) -> WholeRule:
    """What a table counts in ``part`` is part of what it counts in ``whole``."""

    def judge(table: Chunk, _capture: Capture) -> Iterator[Finding]:
        parts, wholes = (spread(table.columns.get(name, ())) for name in (part, whole))
        count = _rows_above(zip(parts, wholes, strict=False))
        if count:
            yield codes.PART_ABOVE_WHOLE(_message(part, whole, count))

    return WholeRule(columns=(part, whole), judge=judge)


def members_within(path: str, *pairs: tuple[str, str]) -> Rule:
    """What records count in the first member of each pair is part of what they count in the second."""

    def rule(reading: Reading) -> Iterator[Finding]:
        rows = reading.some_rows(path, *chain(*pairs))
        for part, whole in pairs:
            count = _rows_above((row.get(part), row.get(whole)) for row in rows)
            if count:
                yield codes.PART_ABOVE_WHOLE(_message(part, whole, count), reading.at(path))

    return rule


def _message(part: str, whole: str, count: int) -> str:
    return f"{part!r} is more than {whole!r}, of which it is part, in each of {count} rows looked at"


def _rows_above(pairs: Iterable[tuple[Any, Any]]) -> int:
    """How many rows have a part above its whole; 0 unless all do that differ."""
    above = 0
    for part, whole in pairs:
        excess = _figure(part) - _figure(whole)
        if excess < 0:
            return 0
        above += excess > _ROUNDED  # what is no figure is neither
    return above if above >= _LEAST else 0


def _figure(value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")
