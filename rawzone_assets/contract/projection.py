"""Projections: what a platform says about the columns and rows drawn from its deliveries. Data only.

Nearly everything follows from the feed's schemas, so most feeds say nothing here. What is drawn, and how, is
``access``'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Projection:
    """How a feed's projection differs from what its schemas say by themselves.

    ``omitted`` are members on the way to the data that tables and columns are not named after. ``rows`` points
    at a list of lists of cells, to which the list at ``headers`` gives names; ``columns`` says of those names
    what they are, as JSON Schema would, since no schema can.
    """

    omitted: tuple[str, ...] = ()
    rows: str = ""
    headers: str = ""
    columns: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
