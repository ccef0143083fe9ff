"""Each sample of these feeds raises its own findings and no other, on any day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rawzone_assets.samples import (
    distrokid_apple_music,
    samples,
    spotify,
    tiktok,
    tiktok_audience,
    toolost_sales,
    write_landing,
)
from rawzone_assets_tests.samples.judged_samples import outcome

FEEDS = (
    *("distrokid/apple_music", "toolost/sales", "social_media/spotify"),
    *("tiktok/analytics", "tiktok/videos", "tiktok/audience", "tiktok/trends"),
)
MODULES = (distrokid_apple_music, spotify, tiktok, tiktok_audience, toolost_sales)
ROUTINES = tuple(routine for module in MODULES for routine in module.ROUTINE)
DAYS = (date(2024, 2, 29), date(2024, 3, 1), date(2025, 1, 1), date(2025, 3, 9), date(2025, 12, 31))


@pytest.mark.parametrize("day", DAYS, ids=str)
@pytest.mark.parametrize("feed", FEEDS)
def test_every_sample_has_its_verdict_and_exactly_its_codes(feed, day):
    made = samples(feed, capture=day)
    found = {sample.title: outcome(sample) for sample in made}
    wrong = {s.title: found[s.title] for s in made if found[s.title] != (s.verdict, set(s.codes))}
    assert wrong == {}


@pytest.mark.parametrize("feed", FEEDS)
def test_every_feed_has_a_faithful_good_sample_and_eight_bad_ones(feed):
    made = samples(feed)
    assert any(sample.verdict == "promoted" and not sample.codes for sample in made)
    assert len({sample.title for sample in made if sample.verdict == "quarantined"}) >= 8
    for told in (sample.codes for sample in made if sample.verdict == "quarantined"):
        assert told


@pytest.mark.parametrize("routine", ROUTINES, ids=lambda routine: f"{routine.feed} {routine.name}")
def test_what_lands_in_the_course_of_things_is_promoted(routine):
    days = [date(2025, 6, 12) - timedelta(days=back) for back in range(400)]
    landed = [routine.build(day, seed=7) for day in days if routine.lands_on(day)]
    assert len(landed) >= 12
    for sample in landed[::5]:
        assert outcome(sample) == ("promoted", set(sample.codes)), (sample.path, outcome(sample))


def test_nothing_in_a_landing_tree_takes_the_place_of_something_else(tmp_path):
    written = write_landing(tmp_path, days=20, until=date(2025, 6, 12))
    assert len({sample.path for sample in written}) == len(written)
