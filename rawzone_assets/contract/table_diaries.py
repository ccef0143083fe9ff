"""Table diaries: what the rows of a table tell of days that are settled, as a diary (``restatement.py``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from rawzone_assets.contract.day_columns import DayColumn
from rawzone_assets.contract.forms import UNDEFINED
from rawzone_assets.contract.restatement import MOST_DAYS, Diary, Figures, diary_of, rows_of_diary
from rawzone_assets.contract.table_rules import Chunk
from rawzone_assets.contract.yearless import Days


def diary_of_table(table: Chunk, days: Days, figures: Figures, *, until: date) -> Diary | None:
    """The diary of the rows, all of which have been read, up to that day."""
    of, by = (sorted(set(names) & table.columns.keys()) for names in (figures.of, figures.by))
    dates: Sequence[date | None] = days.dates
    rows: Sequence[int]
    rows = days.rows_in_a_row(MOST_DAYS, until) if days.in_a_row else rows_of_diary(dates, until)
    if any(UNDEFINED in column for column in _cells_of(table, of, rows)):
        cells = zip(*(table.columns[name] for name in of), strict=True)
        dates = [None if UNDEFINED in row else day for day, row in zip(dates, cells, strict=True)]
        rows = rows_of_diary(dates, until)
    told_days = DayColumn.of(filter(None, map(dates.__getitem__, rows)))
    columns = _cells_of(table, (*of, *by), rows)
    return diary_of(told_days, columns[: len(of)], (*of, *by), until=until, by=columns[len(of) :])


def _cells_of(table: Chunk, names: Sequence[str], rows: Sequence[int]) -> list[list[str | None]]:
    """The cells of some columns in some rows, which ascend, column by column."""
    if rows and rows[-1] - rows[0] < len(rows):  # all that stand there, as nearly always
        return [list(table.columns[name][rows[0] : rows[-1] + 1]) for name in names]
    return [[*map(table.columns[name].__getitem__, rows)] for name in names]
