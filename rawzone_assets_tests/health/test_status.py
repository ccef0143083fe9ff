"""Status: what each feed holds, awaits and refused, in numbers."""

from datetime import date

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.health.status import read_status
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import write_landing
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone


@pytest.fixture
def zone(tmp_path):
    with Zone(Settings.from_environment({"RAWZONE_SETTLE": "0"}, home=tmp_path)) as zone:
        yield zone


class TestStatus:
    def test_an_empty_zone_lists_every_declared_feed_with_nothing(self, zone):
        zone.landing.root.mkdir()
        status = read_status(zone, all_platforms())
        assert [feed.feed for feed in status.feeds] == sorted(f.id for p in all_platforms() for f in p.feeds)
        assert all((feed.files, feed.waiting, feed.ratio) == (0, 0, None) for feed in status.feeds)
        assert (status.unrecognized, status.landing_problem) == (0, None)

    def test_what_waits_becomes_what_is_held_or_refused(self, zone):
        written = write_landing(zone.landing.root, days=2, until=date(2025, 6, 12))
        before = read_status(zone, all_platforms())
        deliveries = [sample for sample in written if sample.feed]
        assert sum(feed.waiting for feed in before.feeds) == len(deliveries)
        promote(zone, zone.survey(all_platforms()).ready, judge=judge, run_id="test")
        after = read_status(zone, all_platforms())
        assert sum(feed.waiting for feed in after.feeds) == 0
        for feed in after.feeds:
            verdicts = [sample.verdict for sample in written if sample.feed == feed.feed]
            assert feed.objects == verdicts.count("promoted")
            assert feed.duplicates == verdicts.count("duplicate")
            assert feed.quarantined == verdicts.count("quarantined")
        assert after.unrecognized == before.unrecognized == 2

    def test_a_feed_that_is_no_longer_declared_is_still_counted(self, zone):
        write_landing(zone.landing.root, days=1, until=date(2025, 6, 12), bad=False)
        promote(zone, zone.survey(all_platforms()).ready, judge=judge, run_id="test")
        status = read_status(zone, [p for p in all_platforms() if p.id != "toolost"])
        (feed,) = (feed for feed in status.feeds if feed.feed == "toolost/spotify")
        assert feed.files > 0
        assert feed.freshness is None
