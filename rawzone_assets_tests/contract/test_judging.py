"""Judging: limits that hold for every format, and judgements that depend on nothing but their input."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judging_support import capture

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Facts, Feed
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_feeds
from rawzone_assets.samples import samples

ALL = pytest.mark.parametrize("feed", all_feeds(), ids=lambda feed: feed.id)


@ALL
def test_no_bytes_are_no_delivery(feed: Feed):
    judgement = judge(feed, BytesContent(b""), capture())
    assert [finding.code for finding in judgement.findings] == ["RZ-EMPTY-FILE"]
    assert judgement.refused
    assert judgement.facts == Facts()


@ALL
def test_a_file_beyond_the_limit_is_not_even_read(feed: Feed):
    class Unreadable(BytesContent):
        def read(self) -> bytes:
            pytest.fail("was read")

        def open(self):
            pytest.fail("was opened")

    judgement = judge(replace(feed, max_size=10), Unreadable(b"x" * 11), capture())
    assert [finding.code for finding in judgement.findings] == ["RZ-TOO-LARGE"]


@ALL
def test_a_file_exactly_as_large_as_the_limit_is_read(feed: Feed):
    judgement = judge(replace(feed, max_size=10), BytesContent(b"x" * 10), capture())
    assert judgement.refused
    assert "RZ-TOO-LARGE" not in [finding.code for finding in judgement.findings]


@ALL
def test_judging_twice_gives_the_same(feed: Feed):
    for sample in samples(feed.id):
        content = BytesContent(sample.data)
        assert judge(feed, content, capture()) == judge(feed, content, capture())
