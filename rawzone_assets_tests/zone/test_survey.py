"""The survey's quick way: what was decided is passed over, and decided anew when its declaration changes."""

import os
from dataclasses import replace

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone import survey as survey_module
from rawzone_assets.zone.index_seen import Folder, SeenFiles, Standing
from rawzone_assets.zone.promotion import promote, record_unrecognized
from rawzone_assets.zone.receipt import Verdict
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

        monkeypatch.setattr(survey_module.Owners, "recognize", refuse)
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

    @pytest.mark.parametrize("second", [-(2**33), 2**34, 2**40], ids=["before 1970", "after 2500", "far away"])
    def test_a_file_of_any_time_is_known_again(self, zone, second):
        """Nanoseconds beyond the year 2262 do not fit into 64 bits; who lands a file may give it any time."""
        path = zone.layout.landing / "distrokid" / "streams" / "streams_stats_20240503.html"
        path.write_bytes(b"<html>of another time</html>")
        os.utime(path, (second, second))
        found = zone.survey(all_platforms(), settle=0)
        (delivery,) = found.ready
        assert delivery.landed.mtime_ns == path.stat().st_mtime_ns
        promote(zone, found.ready, judge=judge, run_id="test")
        zone.index._clear()
        for _ in range(2):
            assert len(zone.survey(all_platforms(), settle=0).decided) == 5

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

    def test_a_stranger_whose_bytes_change_is_no_other_stranger(self, zone):
        path = zone.layout.landing / "distrokid" / "notes.txt"
        path.write_bytes(b"one")
        record_unrecognized(zone, zone.survey(all_platforms(), settle=0).unrecognized, run_id="test")
        path.write_bytes(b"another")
        found = zone.survey(all_platforms(), settle=0)
        assert found.unrecognized == ()
        assert found.decided["distrokid/notes.txt"] == (None, Verdict.UNRECOGNIZED)

    @pytest.mark.skipif(os.geteuid() != 0, reason="only root can give folders away")
    def test_a_file_that_is_borrowed_since_its_folder_has_another_owner_is_taken_back(self, zone, tmp_path):
        folder = zone.layout.landing / "distrokid" / "streams"
        path = folder / "streams_stats_20240507.html"
        path.write_bytes(b"<html></html>")
        path.chmod(0o600)
        os.link(path, tmp_path / "private")
        promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
        label = "distrokid/streams/streams_stats_20240507.html"
        zone.survey(all_platforms(), settle=0)
        assert label in zone.survey(all_platforms(), settle=0).decided
        os.chown(folder, 12345, -1)
        found = zone.survey(all_platforms(), settle=0)
        assert label not in found.decided
        assert [(landed.label, finding.code) for landed, finding in found.unrecognized] == [
            (label, "RZ-BORROWED-FILE")
        ]


class TestBesideAPromotion:
    """Another process may commit between any two look-ups of a survey."""

    def test_a_kind_of_decision_that_was_never_made_before_is_looked_at_anew(self, zone, monkeypatch):
        """Its number is not among the standings that this look has read."""
        zone.survey(all_platforms(), settle=0)
        late = zone.landing.root / "distrokid" / "streams" / "applemusic_stats_20240506.html"
        late.write_bytes(b"<html></html>")
        standings, asked = SeenFiles.standings, []

        def and_then_somebody_promotes(seen):
            known = standings(seen)
            if not asked:
                asked.append(True)
                with Zone(zone.settings) as other:
                    ready = other.survey(all_platforms(), settle=0).ready
                    promote(other, ready, judge=judge, run_id="other")
            return known

        monkeypatch.setattr(SeenFiles, "standings", and_then_somebody_promotes)
        beside = zone.survey(all_platforms(), settle=0)
        assert [delivery.feed_id for delivery in beside.ready] == ["distrokid/apple_music"]
        assert promote(zone, beside.ready, judge=judge, run_id="test").receipts == []
        after = zone.survey(all_platforms(), settle=0)
        assert (after.ready, len(after.decided)) == ((), 6)


class TestLargeFolders:
    """A folder that is wholly as it was is not compared file by file; whatever happens to a file ends that."""

    @pytest.fixture
    def settled(self, zone, monkeypatch):
        """The zone, with five files being many, looked at until nothing is left to note."""
        monkeypatch.setattr(survey_module, "_MANY", 5)
        for _ in range(3):
            zone.survey(all_platforms(), settle=0)
        return zone

    @pytest.fixture
    def compared(self, monkeypatch):
        """How many files were compared one by one."""
        asked = []
        known = SeenFiles.known

        def counting(seen, labels):
            asked.extend(labels)
            return known(seen, labels)

        monkeypatch.setattr(SeenFiles, "known", counting)
        return asked

    def streams(self, zone):
        return zone.layout.landing / "distrokid" / "streams"

    def test_of_which_one_file_is_not_known_as_it_is_is_not_noted(self, settled):
        scan = settled.landing.scan()
        labels, entities = list(scan.labels), list(scan.entities)
        folder = Folder("distrokid/streams", [*labels, "distrokid/streams/new"], [*entities, entities[0]])
        settled.index.note_unchanged([folder])
        assert settled.index.seen.standings_in(folder) is None

    def test_nothing_in_it_is_compared(self, settled, compared):
        found = settled.survey(all_platforms(), settle=0)
        assert compared == []
        assert {pair[0] for pair in found.decided.values()} == {"distrokid/streams"}
        assert len(found.decided) == 5

    @pytest.mark.parametrize("change", ["content", "time", "new", "gone", "renamed", "link"])
    def test_a_change_is_seen_as_in_a_small_folder(self, settled, monkeypatch, change):
        folder = self.streams(settled)
        path = folder / "streams_stats_20240503.html"
        if change == "content":
            before = path.stat()
            path.write_bytes(path.read_bytes()[:-1] + b"!")
            os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        elif change == "time":
            os.utime(path)
        elif change == "new":
            (folder / "streams_stats_20240509.html").write_bytes(b"<html>")
        elif change == "gone":
            path.unlink()
        elif change == "renamed":
            path.rename(folder / "streams_stats_20240509.html")
        else:
            (folder / "streams_stats_20240509.html").symlink_to(path.name)
        found = settled.survey(all_platforms(), settle=0)
        monkeypatch.setattr(survey_module, "_MANY", 1_000)
        assert found == settled.survey(all_platforms(), settle=0)
        assert len(found.decided) == (5 if change in ("new", "link") else 4)

    def test_other_declarations_are_asked(self, settled):
        assert settled.survey(with_names("streams_page_<ts>.html"), settle=0).decided == {}
        assert len(settled.survey(all_platforms(), settle=0).decided) == 5

    def test_a_verdict_that_is_corrected_shows(self, settled):
        label = "distrokid/streams/streams_stats_20240503.html"
        assert settled.survey(all_platforms(), settle=0).decided[label] == (
            "distrokid/streams",
            Verdict.QUARANTINED,
        )
        settled.index.seen.correct(label, Standing("distrokid/streams", Verdict.PROMOTED))
        assert settled.survey(all_platforms(), settle=0).decided[label][1] is Verdict.PROMOTED

    def test_an_index_built_anew_compares_again(self, settled, compared):
        settled.index._clear()
        assert len(settled.survey(all_platforms(), settle=0).decided) == 5
        assert len(compared) >= 5
