"""What a file of an existing pile is, whatever folders and packing stand around it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.naming import Ignored, Recognized, Unrecognized, recognize
from rawzone_assets.contract.pile_names import recognize_in_pile, revision_of
from rawzone_assets.platforms import all_platforms

PLATFORMS = all_platforms()
PAGE = "streams_stats_20240522_143022.html"


def meaning(path, **how):
    found = recognize_in_pile(path, PLATFORMS, **how)
    return (found.feed.id, found.capture.name) if isinstance(found, Recognized) else found


class TestWhereAFileMayLie:
    @pytest.mark.parametrize(
        "path",
        [
            f"distrokid/{PAGE}",
            f"distrokid/streams/2024/05/{PAGE}",
            f"2024/05/22/distrokid/{PAGE}",
            f"backup of may/raw/distrokid/2024/{PAGE}",
            f"distrokid/streams/2024/05/{PAGE}.gz",
            f"tiktok/moved here/distrokid/{PAGE}",
            "distrokid/streams_stats_20240522_143022.r2.html.gz",
        ],
    )
    def test_its_platform_is_found_anywhere_in_its_path(self, path):
        assert meaning(path) == ("distrokid/streams", PAGE)

    def test_the_pile_itself_may_be_the_platforms_folder(self):
        assert meaning(f"2024/{PAGE}", above="/srv/old/distrokid") == ("distrokid/streams", PAGE)
        assert meaning(PAGE, above="distrokid") == ("distrokid/streams", PAGE)

    def test_what_lies_in_the_pile_counts_before_what_it_lies_in(self):
        found = meaning("toolost/spotify_metrics_20240522.json", above="/srv/social_media/spotify")
        assert found == ("toolost/spotify", "spotify_metrics_20240522.json")

    def test_a_stamped_folder_dates_what_lies_in_it_packed(self):
        found = meaning("old/metaads/20240522_083045/campaigns.json.gz")
        assert found == ("metaads/campaigns", "campaigns_20240522_083045.json")

    @given(st.lists(st.from_regex(r"[a-z0-9 ]{1,8}", fullmatch=True), max_size=4))
    def test_folders_around_a_landing_path_change_nothing(self, around):
        plain = recognize(f"distrokid/{PAGE}", PLATFORMS)
        assert recognize_in_pile("/".join([*around, "distrokid", PAGE]), PLATFORMS) == plain


class TestWhatIsNoDelivery:
    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("notes.txt", "RZ-UNKNOWN-PLATFORM"),
            ("distrokid/notes.txt.gz", "RZ-UNKNOWN-NAME"),
            ("2024/distrokid/streams_stats.html", "RZ-NO-DATE"),
            ("distrokid/streams_stats_20241399.html", "RZ-NO-DATE"),
        ],
    )
    def test_the_likeliest_reading_says_what_is_wrong(self, path, code):
        found = recognize_in_pile(path, PLATFORMS)
        assert isinstance(found, Unrecognized)
        assert found.finding.code == code

    @pytest.mark.parametrize("path", [".git/x", "distrokid/.gz", f"distrokid/{PAGE}.part", "x.meta.json.gz"])
    def test_what_is_not_meant_as_data_is_passed_over(self, path):
        assert isinstance(recognize_in_pile(path, PLATFORMS), Ignored)

    @given(st.text(alphabet="abgzr._2/~$ \n\\\udc80", min_size=1, max_size=30))
    def test_no_path_is_beyond_it(self, path):
        assert isinstance(recognize_in_pile(path, PLATFORMS), Recognized | Unrecognized | Ignored)


def test_an_old_zones_revision_is_told_by_its_name():
    told = {"a/x.html": 1, "a/x.r2.html.gz": 2, "r3.d/x.r10.tsv": 10, "x.r4": 4}
    assert {name: revision_of(name) for name in told} == told
