"""Which days are partitions is what Dagster says, found without asking it for each."""

from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.orchestration.partitions import days_inside, feed_partitions
from rawzone_assets.platforms import all_platforms

FEED = all_platforms()[0].feeds[0]
TODAY = datetime.now(UTC).date()
NEAR = st.integers(-400, 3).map(lambda days: (TODAY + timedelta(days=days)).isoformat())
ODD = st.sampled_from(
    ["", "2025-02-30", "20250301", "2025-W10-1", "2025-03-01T00:00", " 2025-03-01", "2025-3-1", "٢٠٢٥-03-01"]
)


@pytest.mark.parametrize("start", [None, TODAY - timedelta(days=90), TODAY, TODAY + timedelta(days=30)])
@given(days=st.lists(NEAR | ODD | st.dates().map(date.isoformat), max_size=20))
def test_days_inside_are_those_that_dagster_calls_partitions(start, days):
    partitions: dg.DailyPartitionsDefinition = feed_partitions(FEED, start)
    assert days_inside(partitions, days) == {day for day in days if partitions.has_partition_key(day)}
