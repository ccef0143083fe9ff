"""The survey's quick way: what was decided is passed over, and decided anew when its declaration changes."""

import os
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

    def test_names_are_looked_at_once_while_they_are_declared_alike(self, zone, monkeypatch):
        expected = zone.survey(all_platforms(), settle=0)

        def refuse(*_):
            raise AssertionError("a name was looked at again")

        monkeypatch.setattr(survey_module.Owners, "feed_of", refuse)
        assert zone.survey(all_platforms(), settle=0) == expected
        with pytest.raises(AssertionError, match="looked at again"):
            zone.survey(with_names("streams_stats_<ts>.html", "streams_page_<ts>.html"), settle=0)

    def test_the_next_declaration_that_gives_names_away_is_not_passed_over(self, zone):
        for _ in range(2):
            assert len(zone.survey(all_platforms(), settle=0).decided) == 5
            assert zone.survey(with_names("streams_page_<ts>.html"), settle=0).decided == {}

    def test_a_link_in_the_place_of_a_decided_file_is_a_stranger(self, zone):
        zone.survey(all_platforms(), settle=0)
        path = zone.layout.landing / "distrokid" / "streams" / "streams_stats_20240503.html"
        path.rename(path.with_name("elsewhere"))
        path.symlink_to("elsewhere")
        found = zone.survey(all_platforms(), settle=0)
        assert sorted(landed.path.rpartition("/")[2] for landed, _ in found.unrecognized) == [
            "elsewhere",
            path.name,
        ]
        assert len(found.decided) == 4

    def test_what_was_put_in_a_decided_files_place_is_read_though_nothing_else_differs(self, zone):
        zone.survey(all_platforms(), settle=0)
        path = zone.layout.landing / "distrokid" / "streams" / "streams_stats_20240503.html"
        before = path.stat()
        other = path.with_name("other")
        other.write_bytes(path.read_bytes()[:-1] + b"!")
        os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
        other.replace(path)
        found = zone.survey(all_platforms(), settle=0)
        assert [delivery.landed.path.rpartition("/")[2] for delivery in found.ready] == [path.name]

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
