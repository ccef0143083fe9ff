"""Tables: what those of a feed are declared to be.

Light, for every process declares formats and few judge by them: what judges, ``table_deliveries.py``, is
loaded when a first delivery comes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from rawzone_assets.contract.feed import Capture, Content, Facts, Feed
from rawzone_assets.contract.findings import Findings

if TYPE_CHECKING:  # each feed declares some of these, and loads them itself
    from rawzone_assets.contract.acquaintance import Named
    from rawzone_assets.contract.restatement import Figures
    from rawzone_assets.contract.table_rows import Dialect
    from rawzone_assets.contract.table_rules import TableRule
    from rawzone_assets.contract.table_wholes import WholeRule
    from rawzone_assets.contract.yearless import Daily


@dataclass(frozen=True, kw_only=True)
class TableFormat:
    """A table with one header line. ``day`` is the column that dates the data.

    ``even_decimals``: the last column is written with the same high number of decimals in every row, so a last
    cell with fewer, without a line end after it, was cut. ``unique``: the columns that identify a row.
    ``daily`` judges a column of days, with or without their year. ``other_dialects`` may be used instead.
    ``may_repeat``: no column identifies a row, so that rows may be alike, and only several in a row tell.
    ``figures`` of the days are compared with those that other deliveries told, and so is what ``named`` says.
    """

    kind: str
    dialect: Dialect
    day: str = ""
    daily: Daily | None = None
    figures: Figures | None = None
    named: Named | None = None
    rules: tuple[TableRule, ...] = ()
    whole_rules: tuple[WholeRule, ...] = ()
    other_dialects: tuple[Dialect, ...] = ()
    legacy_charset: str | None = None
    even_decimals: bool = False
    unique: tuple[str, ...] = ()
    may_repeat: bool = False

    def load(self) -> None:
        import rawzone_assets.contract.table_deliveries  # noqa: F401, PLC0415  see above

    def examine(self, feed: Feed, content: Content, capture: Capture, findings: Findings) -> Facts:
        from rawzone_assets.contract.table_deliveries import examine  # noqa: PLC0415  see above

        return examine(self, feed, content, capture, findings)

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        return (self.dialect, *self.other_dialects)

    def needed_whole(self) -> frozenset[str]:
        """The columns to be kept until the end."""
        needed = {column for rule in self.whole_rules for column in rule.columns}
        if self.daily:
            needed.add(self.daily.column)
        if self.figures:
            needed.update((self.day, *self.figures.of, *self.figures.by))
        if self.named:
            needed.add(self.named.by)
        return frozenset(needed)
