"""Readings: a document as rules see it, of which only those parts are given out that its schema accepts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any, TypeVar

from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.feed import Capture, Feed
from rawzone_assets.contract.findings import Place
from rawzone_assets.contract.pointers import Parts, parts_of, resolve
from rawzone_assets.contract.refused_parts import NOTHING_REFUSED, PartRefusedError, RefusedParts

_SOME = 16
"""Of so many records, spread over all, at least one shows what is wrong with each."""

_Thing = TypeVar("_Thing")


@dataclass(kw_only=True)
class Reading:
    """A document as rules see it. ``place`` turns the parts of a pointer into a place in the delivery.

    Every rule about the same records asks for the same lists: they are found once. What the schema ``refused``
    is not given out.
    """

    document: Any
    feed: Feed
    capture: Capture
    place: Callable[[Parts], Place]
    refused: RefusedParts = NOTHING_REFUSED
    _rows: dict[str, list[Any]] = field(default_factory=dict, compare=False)
    _columns: dict[tuple[str, str | int], Sequence[Any]] = field(default_factory=dict, compare=False)
    _ragged: set[str] = field(default_factory=set, compare=False)
    _days: dict[tuple[str, str | int], DayColumn] = field(default_factory=dict, compare=False)

    def value(self, path: str) -> Any:
        """What stands at ``path``, ``None`` for nothing.

        Raises:
            PartRefusedError: something at, above or below it was refused.
        """
        self.refused.demand_value(parts_of(path))
        return resolve(self.document, path)

    def holds(self, path: str) -> bool:
        """Whether something stands at ``path``, if only something that was refused."""
        return resolve(self.document, path) is not None or self.refused.covers(parts_of(path))

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The list of objects at ``path``; absent or empty lists are alike here.

        Their members may have been refused: :meth:`column` and :meth:`whole_rows` give out those that were not.

        Raises:
            PartRefusedError: the list was refused, or one of the objects as a whole.
        """
        rows = self._rows.get(path)
        if rows is None:
            self.refused.demand_records(parts_of(path))
            found = resolve(self.document, path)
            rows = self._rows[path] = found if isinstance(found, list) else []
        return rows

    def whole_rows(self, path: str, *, but: Collection[str] = ()) -> list[dict[str, Any]]:
        """As :meth:`rows`, of which no member was refused either; ``but`` some that nobody looks at."""
        if self.refused.parts:
            self.refused.demand_whole_records(parts_of(path), but=but)
        return self.rows(path)

    def some_rows(self, path: str, *members: str) -> Sequence[dict[str, Any]]:
        """Up to 16 of the objects at ``path``, spread over all, for rules about what would be wrong in each.

        Raises:
            PartRefusedError: one of these members was refused in some object.
        """
        rows = self.rows(path)
        if self.refused.parts:
            for member in members:
                self.column(path, member)
        return spread(rows)

    def column(self, path: str, member: str | int) -> Sequence[Any]:
        """What each record at ``path`` has under a name or at a position; ``None`` for nothing.

        Raises:
            PartRefusedError: what some record has there was refused, or that it has nothing there.
        """
        if self.refused.parts and self.refused.in_column(parts_of(path), member):
            raise PartRefusedError
        return self._column(path, member)

    def _column(self, path: str, member: str | int) -> Sequence[Any]:
        asked = path, member
        column = self._columns.get(asked)
        if column is None and isinstance(member, int) and path not in self._ragged:
            try:
                columns = enumerate(zip(*self.rows(path), strict=True))
                self._columns.update(((path, position), column) for position, column in columns)
            except ValueError:  # rows of several lengths
                self._ragged.add(path)
            column = self._columns.get(asked)
        if column is None:
            column = self._columns[asked] = _cells(self.rows(path), member)
        return column

    def days(self, path: str, member: str | int) -> DayColumn:
        """The days that stand in a column, without those that were refused."""
        asked = path, member
        days = self._days.get(asked)
        if days is None:
            texts = self._column(path, member)
            if self.refused.parts:
                refused = self.refused.in_column(parts_of(path), member)
                texts = [None if index in refused else text for index, text in enumerate(texts)]
            days = self._days[asked] = DayColumn.read(texts)
        return days

    def at(self, path: str, *parts: str | int) -> Place:
        return self.place((*parts_of(path), *parts))


def _cells(rows: list[Any], member: str | int) -> list[Any]:
    if rows and (isinstance(member, int) or member in rows[0]):
        try:
            return list(map(itemgetter(member), rows))
        except LookupError:  # some record has none
            pass
    if isinstance(member, str):
        return [row.get(member) for row in rows]
    return [row[member] if member < len(row) else None for row in rows]


def spread(things: Sequence[_Thing]) -> Sequence[_Thing]:
    """Up to 16 of them, spread over all."""
    return things[:: -(-len(things) // _SOME) or 1]
