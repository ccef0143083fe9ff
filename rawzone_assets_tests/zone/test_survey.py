"""The survey's quick way: what was decided is passed over, and decided anew when its declaration changes."""

from dataclasses import replace

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone import survey as survey_module
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone


@pytest.fixture
def zone(tmp_path):
    """A zone that has decided on five deliveries."""
    with Zone(Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=tmp_path)) as zone:
        folder = tmp_path / "landing" / "distrokid" / "streams"
        folder.mkdir(parents=True)
        for day in range(1, 6):
            (folder / f"streams_stats_2024050{day}.html").write_bytes(b"<html></html>" + bytes([day]))
        promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
        yield zone


def with_names(*names: str):
    """The platforms, with other names for the streams of DistroKid."""
    return [
        replace(
            platform,
            feeds=tuple(
                replace(feed, names=names) if feed.id == "distrokid/streams" else feed
                for feed in platform.feeds
            ),
        )
        for platform in all_platforms()
    ]


class TestDecided:
    def test_files_decided_before_are_not_recognized_again(self, zone, monkeypatch):
        """A landing of 100,000 files is looked at twice a minute: parsing every stamp takes four seconds."""

        def refuse(*_):
            raise AssertionError("a decided file was recognized again")

        monkeypatch.setattr(survey_module, "recognize", refuse)
        found = zone.survey(all_platforms(), settle=0)
        assert {feed for feed, _ in found.decided.values()} == {"distrokid/streams"}
        assert len(found.decided) == 5

    def test_a_file_that_changed_is_ready_again(self, zone):
        changed = zone.layout.landing / "distrokid" / "streams" / "streams_stats_20240503.html"
        changed.write_bytes(b"<html>other</html>")
        found = zone.survey(all_platforms(), settle=0)
        assert [delivery.landed.path.rpartition("/")[2] for delivery in found.ready] == [changed.name]
        assert len(found.decided) == 4

    def test_files_whose_names_the_feed_gave_up_are_recognized_anew(self, zone):
        found = zone.survey(with_names("streams_page_<ts>.html"), settle=0)
        assert found.decided == {}
        assert len(found.unrecognized) == 5
