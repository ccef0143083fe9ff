"""Rows of a table that stand twice are found over all chunks of it, not only within one."""

from __future__ import annotations

import pytest

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture, Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.stamps import parse_stamp, to_utc
from rawzone_assets.platforms import find_feed

HEADER = (
    "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions,meta_pixel_events,is_active"
)


def judged(*rows: str) -> Judgement:
    feed = find_feed("metaads/daily")
    local = parse_stamp("20250612_080000")
    assert feed
    assert local
    capture = Capture(
        name="metaads_campaign_daily_20250612_080000.csv", day=local.date(), captured_at=to_utc(local, "UTC")
    )
    return judge(feed, BytesContent("\n".join((HEADER, *rows, "")).encode()), capture)


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


@pytest.mark.parametrize(("day", "is_refused"), [(13, False), (14, True)])
def test_a_day_may_lie_one_day_after_the_capture_but_not_two(day, is_refused):
    assert judged(row(day)).refused is is_refused
