"""Reference engines: judging with every fast path closed, so that what it decides can be compared.

Beautiful Soup reads each page, pandera judges each cell, every form of exposure is sought everywhere, and
documents are walked value by value.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from rawzone_assets.contract import (
    diary_digests,
    digests,
    page_markup,
    record_rules,
    result_tables,
    schemas,
    structures,
    table_cells,
    table_examination,
    yearless,
)
from rawzone_assets.contract.feed import Capture, Content, Feed, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.marks import Marks


def judged_by_reference(feed: Feed, content: Content, capture: Capture) -> Judgement:
    """The judgement without any fast path."""
    with _closed():
        return judge(feed, content, capture)


@contextmanager
def _closed() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(page_markup, "plain_markup", lambda _data: None)
        patch.setattr(table_cells, "SMALL", -1)
        patch.setattr(table_cells, "refused_texts", lambda _shape, chunk, column: chunk.distinct(column))
        patch.setattr(table_cells, "MOST_ROWS", 10**9)
        patch.setattr(table_cells, "are_surely_usual", lambda *_: False)
        patch.setattr(diary_digests, "_column_as_texts", lambda column: map(diary_digests._plain, column))
        patch.setattr(table_examination.TableExamination, "_read_chunks", lambda *_: None)
        patch.setattr(yearless, "_dates_in_a_row", lambda *_: ())
        patch.setattr(Marks, "are_in", lambda *_: True)
        patch.setattr(schemas, "proving_engine", lambda _name: None)
        patch.setattr(structures, "recognized", lambda *_: None)
        patch.setattr(record_rules, "_clearly_differ", lambda *_: False)
        patch.setattr(result_tables, "_are_as_headed", lambda *_: False)
        patch.setattr(result_tables, "_are_all_different", lambda *_: False)
        patch.setattr(digests, "paths_of", digests._first_paths_of)
        yield
