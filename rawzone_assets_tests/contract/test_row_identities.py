"""Rows of a table that stand twice are found over all chunks of it, not only within one."""

from __future__ import annotations

import pytest

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.stamps import parse_stamp, to_utc
from rawzone_assets.contract.table_rules import Chunk, Identities
from rawzone_assets.platforms import find_feed

HEADER = (
    "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions,meta_pixel_events,is_active"
)


def judged(*rows: str, header: str = HEADER) -> Judgement:
    feed = find_feed("metaads/daily")
    local = parse_stamp("20250612_080000")
    assert feed
    assert local
    capture = Capture(
        name="metaads_campaign_daily_20250612_080000.csv", day=local.date(), captured_at=to_utc(local, "UTC")
    )
    return judge(feed, BytesContent("\n".join((header, *rows, "")).encode()), capture)


def row(day: int, campaign: str = "1", adset: str = "") -> str:
    return f"2025-06-{day:02d},{campaign},x,{adset},1.0,0.0,0.0,0,1,{{}},True"


@pytest.mark.parametrize("rows_a_chunk", [1, 2, 20_000])
def test_a_row_is_compared_with_all_before_it(monkeypatch, rows_a_chunk):
    monkeypatch.setattr(table_examination, "CHUNK_ROWS", rows_a_chunk)
    findings = judged(row(10), row(11), row(12), row(10)).findings
    assert [(f.code, f.where.line if f.where else None) for f in findings] == [("RZ-REPEATED-RECORD", 5)]
    assert "line 2" in findings[0].message


@pytest.mark.parametrize("other", [row(11), row(10, campaign="2"), row(10, adset="7")])
def test_rows_differ_when_one_of_the_identifying_columns_does(other):
    assert judged(row(10), other).findings == ()


def codes_of(judgement: Judgement) -> set[str]:
    return {finding.code for finding in judgement.findings}


def test_rows_whose_day_is_lost_are_not_taken_for_one_another():
    """Only what is wrong is said: the check that answers for identity has nothing to object to."""
    without_day = [row(day).partition(",")[2] for day in (10, 11)]
    assert codes_of(judged(*without_day, header=HEADER.partition(",")[2])) == {"RZ-MISSING-FIELD"}
    assert codes_of(judged(*("," + text for text in without_day))) == {"RZ-EMPTY-FIELD"}


def test_rows_are_compared_beside_others_whose_day_is_lost():
    blank = "," + row(10).partition(",")[2]
    found = [
        f.where.line
        for f in judged(blank, row(10), blank, row(10)).findings
        if f.where and "REPEATED" in f.code
    ]
    assert found == [5]


def test_a_column_that_may_be_absent_is_not_needed_to_tell_rows_apart():
    header, rows = HEADER.replace("adset_id,", ""), [row(day).replace(",x,,", ",x,") for day in (10, 11, 10)]
    assert codes_of(judged(*rows[:2], header=header)) == set()
    assert codes_of(judged(*rows, header=header)) == {"RZ-REPEATED-RECORD"}


@pytest.mark.parametrize(("day", "is_refused"), [(13, False), (14, True)])
def test_a_day_may_lie_one_day_after_the_capture_but_not_two(day, is_refused):
    assert judged(row(day)).refused is is_refused


@pytest.mark.parametrize(
    ("columns", "code"), [(("day",), "RZ-REPEATED-DAY"), (("day", "store"), "RZ-REPEATED-RECORD")]
)
def test_a_day_that_alone_identifies_a_row_is_told_as_a_day(columns, code):
    chunk = Chunk(columns={"day": ["2025-06-10"] * 2, "store": ["a"] * 2}, lines=[2, 3])
    (finding,) = Identities(columns=columns).repeats(chunk)
    assert finding.code == code
