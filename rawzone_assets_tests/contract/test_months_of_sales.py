"""Months of sales: 'quarantine what cannot be right: a future date'. Too Lost's dates may be months alone."""

from __future__ import annotations

import pytest
from judging_support import DAY, judged

HEADER = "transaction_id,sale_date,reporting_date,channel,units"


def codes_of(sale_date: str) -> list[str]:
    rows = ("1,2025-04-01,2025-05-31,Spotify,3", f"2,{sale_date},2025-05-31,Spotify,3", "")
    return judged("toolost/sales", "\n".join((HEADER, *rows)).encode(), DAY).codes


@pytest.mark.parametrize("sale_date", ["2031-05", f"{DAY.year + 1}-01", f"{DAY:%Y}-12", "2031-05-01"])
def test_a_sale_is_not_made_after_its_report_was_captured(sale_date: str):
    assert codes_of(sale_date) == ["RZ-FUTURE-DATE"]


@pytest.mark.parametrize("sale_date", [f"{DAY:%Y-%m}", "2025-04", "2019-12", f"{DAY}"])
def test_a_sale_in_the_month_of_the_capture_or_before_is_none_of_the_future(sale_date: str):
    assert codes_of(sale_date) == []
