"""Pieces: rows of one table on their way from a delivery's bytes to typed columns, and why there are none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from rawzone_assets.access.projected_tables import Table

PIECE_ROWS = 20_000
PIECE_CHARACTERS = 8 * 2**20


class NotProjectable(Exception):
    """Why a delivery, or the rest of it, has no rows. The reason is a clause and names no value."""


@dataclass(kw_only=True)
class Piece:
    """Some rows of one table, as columns of source values.

    ``places`` say where in the delivery each row stands; ``others`` what stands in it beside the columns;
    ``parents`` are the row numbers of the records that hold them.
    """

    table: Table
    places: list[str] = field(default_factory=list)
    columns: dict[str, list[Any]] = field(default_factory=dict)
    others: list[dict[str, Any] | None] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
