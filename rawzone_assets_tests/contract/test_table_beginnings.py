"""What rows begin with is learned within bounds, whatever a table brings, and by its table alone."""

from __future__ import annotations

from dataclasses import replace

import pytest
from mutant_seeds import seeds

from rawzone_assets.contract import table_beginnings, table_examination, table_grammar, table_rows
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.table_beginnings import Beginnings

SALES = next(seed for seed in seeds("tsv") if seed.feed.id == "distrokid/sales")


@pytest.fixture
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks and pieces of few lines, and patterns from the first calm piece on."""
    monkeypatch.setattr(table_examination, "CHUNK_ROWS", 4)
    monkeypatch.setattr(table_rows, "_BLOCK", 1)
    monkeypatch.setattr(table_beginnings, "_CALM", 1)


def test_no_more_is_remembered_than_one_chunk_brings():
    begun = Beginnings(width=8)
    for chunk in range(10):
        begun.begin_chunk()
        begun.learn(b"".join(b"%08d\n" % (chunk * 1000 + row) for row in range(1000)), b"\n")
        assert len(begun.known) == 1000


def test_few_are_remembered_from_chunk_to_chunk():
    begun = Beginnings(width=8)
    for chunk in range(10):
        begun.begin_chunk()
        begun.learn(b"%08d\n" % chunk, b"\n")
    assert len(begun.known) == 10


@pytest.mark.usefixtures("eager")
def test_patterns_of_one_table_are_gone_with_it(monkeypatch: pytest.MonkeyPatch):
    made: list[str] = []
    compile_pattern = table_grammar.linear_pattern
    monkeypatch.setattr(
        table_grammar, "linear_pattern", lambda pattern: made.append(pattern) or compile_pattern(pattern)
    )
    header, *rows = SALES.data.splitlines(keepends=True)
    data = header + b"".join(rows) * 8
    kept = []
    for _ in range(2):
        assert not judge(SALES.feed, BytesContent(data), replace(SALES.capture)).refused
        kept.append(table_grammar._compiled.cache_info().currsize)
    half = len(made) // 2
    assert made[:half] == made[half:] != [], "each table makes patterns of its own"
    assert kept[0] == kept[1]
