"""Fast engines decide, reference engines explain, and both say the same of every delivery.

Held against each other are whole judgements, of every sample of every feed and of thousands of mutants: each
finding with its place and words, and every fact that a receipt keeps.
"""

from __future__ import annotations

import csv
import re
from collections import Counter
from collections.abc import Callable
from functools import cache

import pytest
from hypothesis import given, settings
from mutant_seeds import FORMATS, SAME_EVERY_TIME, Seed, mutants_of, seeds
from reference_engines import judged_by_reference

from rawzone_assets.contract import (
    judging,
    page_markup,
    table_beginnings,
    table_deliveries,
    table_examination,
    table_rows,
)
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples
from rawzone_assets.samples.sample import Sample

BOUNDED, WHOLE = 60, 10_000


def delivered() -> list[Sample]:
    return [s for s in samples() if isinstance(recognize(s.path, all_platforms()), Recognized)]


@pytest.mark.parametrize("feed", sorted({sample.feed for sample in delivered()}))
def test_the_engines_agree_about_every_sample(feed: str):
    for sample in delivered():
        found = recognize(sample.path, all_platforms())
        if sample.feed == feed and isinstance(found, Recognized):
            delivery = (found.feed, BytesContent(sample.data), found.capture)
            assert judge(*delivery) == judged_by_reference(*delivery), sample.title


def campaign(kind: str, examples: int) -> Counter[str]:
    met: Counter[str] = Counter()

    @settings(SAME_EVERY_TIME, max_examples=examples)
    @given(mutants_of(kind))
    def tried(mutant: tuple[Seed, bytes]) -> None:
        seed, data = mutant
        delivery = (seed.feed, BytesContent(data), seed.capture)
        judgement = judge(*delivery)
        assert judgement == judged_by_reference(*delivery), seed.title
        met["refused" if judgement.refused else "accepted"] += 1

    tried()
    return met


@pytest.mark.parametrize("kind", FORMATS)
def test_the_engines_agree_about_mutants(kind: str, tell: Callable[[str], None]):
    met = campaign(kind, BOUNDED)
    assert len(met) == 2, "mutants that are all refused, or all accepted, compare little"
    tell(f"judgements of {kind} mutants by both engines: {dict(met)}")


@pytest.mark.parametrize("kind", ["csv", "tsv"])
def test_the_engines_agree_about_tables_of_many_chunks(kind: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(table_examination, "CHUNK_ROWS", 4)
    monkeypatch.setattr(
        table_rows, "_BLOCK", 1
    )  # each line is looked at alone: what the first ones tell is used
    monkeypatch.setattr(table_beginnings, "_CALM", 1)
    assert campaign(kind, BOUNDED // 3)["accepted"]


ODD_CELLS = (
    "",
    " ",
    "\u00a0",
    "\u200b",
    "-",
    "~",
    "0",
    "-1",
    "1.5",
    "1E+5",
    "True",
    "23:00",
    "é",
    "x" * 9,
    "a;b",
    "a,b",
)


def plain_rows(seed: Seed) -> tuple[str, list[list[str]]]:
    """The delimiter of a table and its rows, of cells that nobody needs to quote."""
    text = seed.data.decode("utf-8-sig")
    delimiter = "\t" if seed.feed.format.kind == "tsv" else ","
    rows = [*csv.reader(text.splitlines(), delimiter=delimiter)]
    return delimiter, [[re.sub(r'[";,{}\t]', "", cell) for cell in row] for row in rows[:6]]


TABLES = [
    (seed, quote)
    for kind, quotes in (("csv", ("", '"')), ("tsv", ("",)))
    for seed in {seed.feed.schema: seed for seed in reversed(seeds(kind))}.values()
    for quote in quotes
]


@cache
def first_of_each_kind() -> set[tuple[str, str, str, int]]:
    """A column of each kind, in each form of table: what is declared alike is of a kind. Narrow ones first."""
    first: dict[tuple[str, str, str], tuple[str, str, str, int]] = {}
    for seed, quote in sorted(TABLES, key=lambda table: len(plain_rows(table[0])[1][0])):
        declared = load_schema(seed.feed.schema).document["properties"]
        for column, name in enumerate(plain_rows(seed)[1][0]):
            kind = str({**declared.get(name, {"name": name}), "description": ""})
            table = seed.feed.schema, seed.feed.format.kind, quote
            first.setdefault((*table[1:], kind), (*table, column))
    return {*first.values()}


tables = pytest.mark.parametrize(
    ("seed", "quote"),
    TABLES,
    ids=[f"{seed.feed.schema} {seed.feed.format.kind}{' quoted' if quote else ''}" for seed, quote in TABLES],
)


def judged_with(seed: Seed, quote: str, column: int, odd: str) -> None:
    """What a pattern of whole rows proves, a cell at a time has to say as well."""
    delimiter, rows = plain_rows(seed)
    changed = list(rows[2])
    changed[column] = odd
    lines = (delimiter.join(f"{quote}{cell}{quote}" for cell in row) for row in (*rows[:2], changed, *rows[3:]))
    delivery = (seed.feed, BytesContent("\n".join((*lines, "")).encode()), seed.capture)
    assert judge(*delivery) == judged_by_reference(*delivery), (rows[0][column], odd)


@tables
def test_the_engines_agree_about_an_odd_cell_in_each_column(seed: Seed, quote: str):
    """The first column of a kind is tried with every odd cell, the others with one in eight, in turn."""
    for column in range(len(plain_rows(seed)[1][0])):
        is_first = (seed.feed.schema, seed.feed.format.kind, quote, column) in first_of_each_kind()
        for number, odd in enumerate(ODD_CELLS):
            if is_first or number % 8 == column % 8:
                judged_with(seed, quote, column, odd)


@pytest.mark.parametrize(("kind", "feed"), [("tsv", "distrokid/sales"), ("csv", "tiktok/audience")])
def test_good_rows_of_cells_that_are_all_quoted_or_none_are_proven_as_they_stand(
    kind: str, feed: str, monkeypatch: pytest.MonkeyPatch
):
    def parsed(*_: object) -> None:
        raise AssertionError("rows were parsed")

    monkeypatch.setattr(table_examination.TableExamination, "_judge_rows", parsed)
    good = next(seed for seed in seeds(kind) if seed.feed.id == feed)
    assert not judge(good.feed, BytesContent(good.data), good.capture).refused


def test_exposures_are_not_sought_again_in_rows_that_were_seen_to_have_none(monkeypatch: pytest.MonkeyPatch):
    def sought(_: object) -> None:
        raise AssertionError("the bytes were looked through once more")

    monkeypatch.setattr(judging, "scan", sought)
    good = next(seed for seed in seeds("tsv") if seed.feed.id == "distrokid/sales")
    assert judge(good.feed, BytesContent(good.data), good.capture).facts.access_reasons == {}


def test_a_header_that_stands_again_is_told_even_where_any_text_is_a_row():
    """Where its known columns hold any text, nothing but its being the header tells it from rows."""
    good = next(seed for seed in seeds("csv") if seed.feed.id == "toolost/sales")
    part = b"who\tchannel\tthese\n" + b"a\tSpotify\tc\n" * 30
    delivery = (good.feed, BytesContent(part * 2), good.capture)
    found = judge(*delivery)
    assert "RZ-TABLE-SYNTAX" in {finding.code for finding in found.findings}
    assert found == judged_by_reference(*delivery)


def test_garbled_letters_are_not_sought_again_in_rows_that_were_seen_to_have_none(
    monkeypatch: pytest.MonkeyPatch,
):
    def sought(_: object) -> None:
        raise AssertionError("the bytes were looked through once more")

    monkeypatch.setattr(table_deliveries, "garbled_table", sought)
    good = next(seed for seed in seeds("tsv") if seed.feed.id == "distrokid/sales")
    assert not good.data.isascii()
    assert not judge(good.feed, BytesContent(good.data), good.capture).refused


def test_a_second_page_is_sought_only_where_another_one_may_begin(monkeypatch: pytest.MonkeyPatch):
    """The pattern that looks for it takes a tenth of judging a page."""
    monkeypatch.setattr(page_markup, "_SECOND_PAGE", None)
    for seed in seeds("html"):
        assert not judge(seed.feed, BytesContent(seed.data), seed.capture).refused


@pytest.mark.campaign
@pytest.mark.parametrize("kind", FORMATS)
def test_the_engines_agree_about_ten_thousand_mutants(kind: str, tell: Callable[[str], None]):
    tell(f"judgements of {kind} mutants by both engines: {dict(campaign(kind, WHOLE))}")


@pytest.mark.campaign
@tables
def test_the_engines_agree_about_every_odd_cell_in_every_column(seed: Seed, quote: str):
    for column in range(len(plain_rows(seed)[1][0])):
        for odd in ODD_CELLS:
            judged_with(seed, quote, column, odd)
