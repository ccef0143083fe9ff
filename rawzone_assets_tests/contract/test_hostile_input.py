"""No input raises, whatever its bytes: random ones, and good deliveries with a few bytes changed."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from judging_support import judged

from rawzone_assets.contract.feed import Facts
from rawzone_assets.platforms import all_feeds
from rawzone_assets.samples import samples
from rawzone_assets.samples.sample import Sample

FEEDS = [feed.id for feed in all_feeds()]


# The smallest sample that is read to its end: a change anywhere in it may matter.
def _small(feed: str) -> bytes:
    good = [sample.data for sample in samples(feed) if sample.verdict == "promoted"]
    return min((data for data in good if len(data) > 5000), key=len, default=max(good, key=len))


SMALL = {feed: _small(feed) for feed in FEEDS}
CALM = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
PIECES = st.sampled_from(
    [b"", b"\0", b"\xff", b"\xef\xbb\xbf", b"\r", b"\n", b"\t", b'"', b"[", b"]", b"{", b"}", b"<", b">", b"-",
     b"<!--", b"<![", b"&#", b"</html>", b"9" * 400, b"NaN", b"null", b"\\ud800", b"[" * 600, "é夜".encode()]
)  # fmt: skip


@pytest.mark.parametrize("feed", FEEDS)
class TestNoInputRaises:
    """Judging is total: every sequence of bytes has findings or passes, and facts that can be stored."""

    @CALM
    @given(data=st.binary(max_size=300) | st.text(max_size=100).map(str.encode))
    def test_not_random_bytes(self, feed: str, data: bytes):
        result = judged(feed, data)
        assert isinstance(result.facts, Facts)
        assert result.codes

    @pytest.mark.parametrize("day", [b"0001-01-01", b"0001-01-02", b"9999-12-31"])
    def test_not_days_where_the_calendar_begins_and_ends(self, feed: str, day: bytes):
        for sample in samples(feed):
            judged(feed, re.sub(rb"20\d\d-\d\d-\d\d", day, sample.data))
        rows = SMALL[feed].splitlines(keepends=True)  # of a table: one with a single day
        judged(feed, re.sub(rb"20\d\d-\d\d-\d\d", day, b"".join(rows[:2])))

    @CALM
    @given(
        start=st.sampled_from([b"{", b"[", b"<html>", b'{"streams":[', b"Reporting Date\t"]),
        data=st.binary(max_size=80),
    )
    def test_not_random_bytes_after_a_likely_start(self, feed: str, start: bytes, data: bytes):
        text = start + data
        assume(text.translate(None, b" \t\r\n") != b"[]")  # what an account without campaigns delivers
        assert judged(feed, text).blocking

    @CALM
    @given(
        changes=st.lists(
            st.tuples(st.floats(0, 1), st.integers(0, 40), PIECES | st.binary(max_size=4)),
            min_size=1,
            max_size=4,
        )
    )
    def test_not_good_deliveries_with_changes(self, feed: str, changes: list[tuple[float, int, bytes]]):
        data = SMALL[feed]
        for where, length, piece in changes:
            at = int(where * len(data))
            data = data[:at] + piece + data[at + length :]
        result = judged(feed, data)
        for finding in result.judgement.findings:
            assert finding.message
            assert finding.check

    def test_not_another_feeds_deliveries(self, feed: str):
        for other in FEEDS:
            # Audience insights are insights: what the one may deliver the other may too.
            if other != feed and {feed, other} != {"metaads/audience", "metaads/campaigns"}:
                assert judged(feed, SMALL[other]).blocking


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: f"{sample.feed}: {sample.title}")
def test_no_message_repeats_personal_data(sample: Sample):
    for finding in judged(sample.feed, sample.data).judgement.findings:
        assert "@" not in finding.message
        assert len(finding.message) < 300
