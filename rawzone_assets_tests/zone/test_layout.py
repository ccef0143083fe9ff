"""Keys: the tree of the specification, revisions beside it, and names that every file system takes."""

from datetime import date
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.zone.layout import ledger_name, object_folder, object_key, quarantine_paths

MAY = date(2024, 5, 22)


class TestTheTreeOfTheSpecification:
    @pytest.mark.parametrize(
        ("feed", "name", "day", "by_month", "key"),
        [
            ("distrokid/streams", "streams_stats_20240522_143022.html", MAY, True,
             "distrokid/streams/2024/05/streams_stats_20240522_143022.html.gz"),
            ("distrokid/sales", "sales_report_20240601.tsv", date(2024, 6, 1), False,
             "distrokid/sales/2024/sales_report_20240601.tsv.gz"),
            ("toolost/analytics", "toolost_analytics_20240522_140530.json", MAY, False,
             "toolost/analytics/2024/toolost_analytics_20240522_140530.json.gz"),
            ("metaads/campaigns", "campaigns_20240522.json", MAY, True,
             "metaads/campaigns/2024/05/campaigns_20240522.json.gz"),
            ("social_media/linktree", "linktree_analytics_20240522_120000.json", MAY, False,
             "social_media/linktree/2024/linktree_analytics_20240522_120000.json.gz"),
            ("tiktok/analytics", "Overview_2024-05-22_1716336000_x.zip", MAY, False,
             "tiktok/analytics/2024/Overview_2024-05-22_1716336000_x.zip"),
        ],
    )  # fmt: skip
    def test_an_object_lies_where_the_specification_draws_it(self, feed, name, day, by_month, key):
        assert object_key(object_folder(feed, day, by_month=by_month), name, 1) == key

    def test_a_revision_stands_beside_the_first_with_its_number_before_the_extension(self):
        assert object_key("f", "a.b.json", 2) == "f/a.b.r2.json.gz"
        assert object_key("f", "a.zip", 3) == "f/a.r3.zip"
        assert object_key("f", "noextension", 2) == "f/noextension.r2.gz"

    def test_a_refusal_lies_below_its_hash_with_its_findings(self):
        assert quarantine_paths("p/f", "a.json", MAY, "0123456789abcdef" * 4, 0) == (
            "p/f/2024/05/0123456789ab/a.json.gz",
            "p/f/2024/05/0123456789ab/findings.json",
        )
        assert quarantine_paths("p/f", "a.json", MAY, "0123456789abcdef" * 4, 1)[1] == (
            "p/f/2024/05/0123456789ab.r2/findings.json"
        )

    def test_commits_sort_by_name_in_the_order_they_were_written(self):
        assert ledger_name(42) == "00000000000000000042.jsonl"


class TestLongNames:
    """A landed name may fill all 255 bytes; what is added must still fit."""

    @given(
        st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=255)
    )
    def test_every_name_that_can_land_can_be_stored(self, name):
        name = name.encode()[:255].decode(errors="ignore") or "x"
        for path in (object_key("f", name, 12345), *quarantine_paths("p/f", name, MAY, "0" * 64, 99999)):
            assert all(len(part.encode()) <= 255 for part in path.split("/"))

    def test_two_long_names_that_begin_and_end_alike_stay_apart(self):
        one, two = (f"{'x' * 230}{middle}.json" for middle in "ab")
        assert object_key("f", one, 1) != object_key("f", two, 1)
        assert PurePosixPath(object_key("f", one, 1)).name.endswith(".json.gz")

    def test_usual_names_are_kept(self):
        assert object_key("f", "x" * 200, 1) == f"f/{'x' * 200}.gz"
