"""Table beginnings: the different cells of a table's first columns, learned without cutting every row.

Most rows begin as others before them do: with a day of the report, say, and its month. Once no new beginning
was met for a while, the known ones become part of the pattern by which rows are proven sound
(``table_grammar.py``): what still matches has no others.
"""

from __future__ import annotations

import jsonschema_rs

from rawzone_assets.contract.marks import escaped

_CALM = 4  # pieces without a new beginning, after which more are not expected
_MOST = 500  # beginnings in a pattern


class Beginnings:
    """What the rows of a table begin with, as far as it was read; a ``pattern`` of it when that is of use."""

    def __init__(self, width: int) -> None:
        """``width``: how many bytes of each row, all of them ASCII."""
        self.known: set[bytes] = set()
        self.pattern: str | None = None
        # Made of the pattern, by what the last cell of a row must match.
        self.engines: dict[str, jsonschema_rs.Draft202012Validator] = {}
        self._width = width
        self._calm = 0

    def begin_chunk(self) -> None:
        """Forget what is too much to be of use: a table of any length takes no more memory than a chunk."""
        if len(self.known) > _MOST:
            self.known, self.pattern, self._calm = set(), None, 0

    def learn(self, piece: bytes, end: bytes) -> None:
        """Take in the beginnings of whole rows, each of which ends with ``end``."""
        new = {line[: self._width] for line in piece.split(end)} - self.known - {b""}
        self.known |= new
        self._calm = 0 if new else self._calm + 1
        if new:
            self.pattern = None
        elif self._calm == _CALM and len(self.known) <= _MOST:
            self.pattern = "|".join(map(escaped, sorted(self.known)))
            self.engines.clear()
