"""Each sample of these platforms raises its own findings and no other, on any day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from rawzone_assets.samples import linktree, metaads, metaads_reports, samples, youtube
from rawzone_assets_tests.samples.judged_samples import outcome

FEEDS = (
    *("metaads/campaigns", "metaads/daily", "metaads/audience"),
    *("social_media/linktree", "social_media/youtube"),
)
ROUTINES = (*metaads.ROUTINE, *metaads_reports.ROUTINE, *linktree.ROUTINE, *youtube.ROUTINE)
DAYS = (date(2024, 1, 1), date(2024, 2, 29), date(2025, 3, 9), date(2025, 6, 12))


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
    assert len({sample.title for sample in made}) == len(made)


@pytest.mark.parametrize("routine", ROUTINES, ids=lambda routine: f"{routine.feed} {routine.name}")
def test_what_lands_in_the_course_of_things_is_promoted(routine):
    for back in range(0, 400, 7):
        day = date(2025, 6, 9) - timedelta(days=back)  # a Monday, on which weekly deliveries come too
        sample = routine.build(day, seed=7)
        assert routine.lands_on(day)
        assert outcome(sample) == ("promoted", set(sample.codes)), (day, outcome(sample))


def test_the_four_dumps_of_a_day_share_their_folder():
    built = [routine.build(date(2025, 6, 12), seed=7) for routine in metaads.ROUTINE]
    assert len(built) == 4
    assert len({sample.path.rpartition("/")[0] for sample in built}) == 1
