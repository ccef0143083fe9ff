"""What is said of whole tables: delimiters, sums, identifiers, owners, and days across chunks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import find_feed
from rawzone_assets.samples import tiktok_exports as exports

DAY = date(2025, 6, 12)
ARTIST = "4xExampleArtist0000001"


def judged(feed, name, data):
    capture = Capture(name=name, day=DAY, captured_at=datetime(2025, 6, 12, 17, tzinfo=UTC))
    return judge(find_feed(feed), BytesContent(data), capture)


def codes(feed, name, data):
    return [finding.code for finding in judged(feed, name, data).findings]


class TestDelimiters:
    """'Comma, semicolon or tab unknown: sniff among a declared set, safely.'"""

    HEADER = ("transaction_id", "sale_date", "reporting_date", "channel", "units", "release_title")

    def report(self, delimiter, title="a", quote=""):
        rows = [self.HEADER, ("1", "2025-04-01", "2025-05-31", "Spotify", "3", f"{quote}{title}{quote}")]
        return "\n".join(delimiter.join(row) for row in rows).encode()

    @pytest.mark.parametrize("delimiter", [",", ";", "\t"])
    def test_each_declared_one_is_told_by_the_header(self, delimiter):
        assert codes("toolost/sales", "@05-2025-1.csv", self.report(delimiter)) == []

    def test_tabs_part_quoted_cells_too(self):
        """A title may then hold tabs and line ends."""
        rows = [self.HEADER, ("1", "2025-04-01", "2025-05-31", "Spotify", "3", "a\tb\nc")]
        data = "\n".join("\t".join(f'"{cell}"' for cell in row) for row in rows).encode()
        assert codes("toolost/sales", "@05-2025-1.csv", data) == []

    def test_titles_full_of_others_do_not_mislead_it(self):
        data = self.report(",", "a;b;c;d;e;f;g;h\t\t\t", '"')
        assert codes("toolost/sales", "@05-2025-1.csv", data) == []

    @pytest.mark.parametrize("delimiter", ["|", ":", " "])
    def test_another_one_is_refused(self, delimiter):
        assert codes("toolost/sales", "@05-2025-1.csv", self.report(delimiter)) == ["RZ-TABLE-SYNTAX"]

    @pytest.mark.parametrize("data", [b"x" * 2**21, b'"', b";;;\n;;;", b"\n\n", b",".join([b"units"] * 9000)])
    def test_hostile_headers_are_refused(self, data):
        assert judged("toolost/sales", "@05-2025-1.csv", data).refused


class TestOpenLists:
    """'List cut at the end in our copy': columns known to be missing from it are no news each month."""

    HEADER = "transaction_id,sale_date,reporting_date,channel,units"

    def test_other_columns_than_are_listed_are_expected(self):
        data = f"{self.HEADER},net_revenue\n1,2025-04-01,2025-05-31,Spotify,3,0.01".encode()
        assert codes("toolost/sales", "@05-2025-1.csv", data) == []

    def test_a_column_without_a_name_is_none_of_them(self):
        """As pandas writes its row numbers, and trailing delimiters make."""
        data = f",{self.HEADER}\n0,1,2025-04-01,2025-05-31,Spotify,3".encode()
        assert codes("toolost/sales", "@05-2025-1.csv", data) == ["RZ-UNKNOWN-FIELD"]

    def test_a_column_twice_is_no_table_all_the_same(self):
        data = f"{self.HEADER},fee,fee\n1,2025-04-01,2025-05-31,Spotify,3,0,0".encode()
        assert codes("toolost/sales", "@05-2025-1.csv", data) == ["RZ-TABLE-SYNTAX"]


class TestIdentifiers:
    def test_one_video_under_two_links_is_one_video(self):
        table = exports.content(DAY, Random(1))
        link = table.rows[3][2]
        table.rows.append([*table.rows[3][:2], f"{link}?lang=de", *table.rows[3][3:]])
        (finding,) = judged("tiktok/videos", "video_performance_20250612.csv", table.encoded()).findings
        assert finding.code == "RZ-REPEATED-RECORD"
        assert finding.where.column_name == "Video link"
        assert link.rpartition("/")[2] not in finding.message

    def test_one_video_is_one_whatever_kind_of_post_a_link_calls_it(self):
        table = exports.content(DAY, Random(1))
        link = table.rows[3][2].replace("/video/", "/photo/")
        table.rows.append([*table.rows[3][:2], link, *table.rows[3][3:]])
        assert codes("tiktok/videos", "video_performance_20250612.csv", table.encoded()) == [
            "RZ-REPEATED-RECORD"
        ]

    def test_titles_may_span_lines_and_lines_are_still_counted(self):
        table = exports.content(DAY, Random(1)).set(5, "Total views", "-1")
        assert "\n" in table.rows[4][1]
        (finding,) = judged("tiktok/videos", "video_performance_20250612.csv", table.encoded()).findings
        assert finding.where.line == 8  # the line on which the row ends


class TestShares:
    @pytest.mark.parametrize(
        ("shares", "expected"),
        [
            (("0.59", "0.41", "0"), []),
            (("0.59", "0.40", "0"), []),
            (("0.59", "0.40999", "1e-05"), []),
            (("0.59", "0.41", "-0"), []),
            (("0.59", "0.38", "0"), ["RZ-TOTAL-MISMATCH"]),
            (("0.59", "0.389", "0"), ["RZ-TOTAL-MISMATCH"]),
            (("0.59", "0.391", "0"), []),
            (("0.59", "0.21", "undefined"), ["RZ-VALUE-TYPE"]),
            (("0.59", "0.41", "-0.1"), ["RZ-NEGATIVE-AMOUNT"]),
            (("0.59", "0.41", "undefined"), ["RZ-VALUE-TYPE"]),
            (("1", "0", "1.5"), ["RZ-VALUE-TYPE"]),
        ],
    )
    def test_they_make_up_about_one(self, shares, expected):
        table = exports.gender()
        for row, share in enumerate(shares):
            table.set(row, "Distribution", share)
        assert codes("tiktok/audience", "tiktok_gender_20250612.csv", table.encoded()) == expected


class TestUndefined:
    """'Cells may be undefined': before data existed. That is no daily news; when all are, nothing came."""

    HEADER = "Date,Video Views,Profile Views,Likes,Comments,Shares"

    def overview(self, *views):
        rows = (f"June {day},{count},undefined,0,0,0" for day, count in enumerate(views, start=11 - len(views)))
        return "\n".join([self.HEADER, *rows]).encode()

    def test_some_of_them_are_legitimate(self):
        data = self.overview("undefined", "undefined", "7")
        assert codes("tiktok/analytics", "tiktok_analytics_20250612.csv", data) == []

    def test_nothing_else_is_told(self):
        (finding,) = judged(
            "tiktok/analytics", "tiktok_analytics_20250612.csv", self.overview(*["undefined"] * 7)
        ).findings
        assert (finding.code, finding.blocking) == ("RZ-EMPTY-RESULT", False)
        assert finding.message == "the column 'Video Views' holds nothing but 'undefined'"

    def test_videos_without_any_views_are_told(self):
        table = exports.content(DAY, Random(1)).set_all("Total views", "0").set_all("Total likes", "0")
        assert codes("tiktok/videos", "video_performance_20250612.csv", table.encoded()) == ["RZ-ALL-ZERO"]


class TestHours:
    """Seven days of 24 hours, those to come with 0: a file cut between two rows has fewer."""

    def activity(self, *, rows=168):
        lines = [f'"June {5 + row // 24}","{row % 24}","7"' for row in range(rows)]
        return "\n".join(['"Date","Hour","Active followers"', *lines]).encode()

    def test_all_of_them_are_expected(self):
        assert codes("tiktok/audience", "tiktok_activity_20250612.csv", self.activity()) == []
        assert codes("tiktok/audience", "tiktok_activity_20250612.csv", self.activity(rows=24)) == []

    def test_fewer_are_told_at_the_day_that_lacks_them(self):
        judgement = judged("tiktok/audience", "tiktok_activity_20250612.csv", self.activity(rows=163))
        (finding,) = judgement.findings
        assert (finding.code, finding.blocking) == ("RZ-DAYS-MISSING", False)
        assert finding.message == "5 of the 168 hours of 7 days are missing"
        assert finding.where
        assert finding.where.line == 146

    def test_a_row_without_its_day_makes_no_day(self):
        data = self.activity().replace(b'"June 7","3"', b'"","3"', 1)
        told = judged("tiktok/audience", "tiktok_activity_20250612.csv", data).findings
        assert "1 of the 168 hours of 7 days are missing" in [finding.message for finding in told]

    def test_an_hour_twice_is_refused(self):
        data = self.activity().replace(b'"June 7","3"', b'"June 7","4"', 1)
        assert "RZ-REPEATED-RECORD" in codes("tiktok/audience", "tiktok_activity_20250612.csv", data)

    def test_an_hour_that_no_day_has_is_told_in_words(self):
        data = self.activity().replace(b'"23","7"', b'"24","7"', 1)
        (finding,) = judged("tiktok/audience", "tiktok_activity_20250612.csv", data).findings
        assert finding.message == "expected an hour of the day, from 0 to 23"


def test_what_is_none_of_the_known_values_is_told_which_they_are():
    """'Expected a text' would be said of a text."""
    header = "date,campaign_id,campaign_name,adset_id,reach,cpc,spend_usd,clicks,impressions,meta_pixel_events"
    data = f"{header},is_active\n2025-06-12,120210000000000001,A,,9.0,0.1,0.1,1,100,{{}},true\n"
    (finding,) = judged("metaads/daily", "metaads_campaign_daily_20250612.csv", data.encode()).findings
    assert (finding.code, finding.message) == ("RZ-VALUE-TYPE", "expected True or False")


def test_a_day_that_stands_twice_is_named_with_its_year():
    rows = "".join(f"{day},3\n" for day in ("2024-07-01", "2024-07-02", "2024-07-01"))
    name = f"spotify_audience_{ARTIST}_20240703.csv"
    found = judged("social_media/spotify", name, f"date,streams\n{rows}".encode()).findings
    repeated = next(finding for finding in found if finding.code == "RZ-REPEATED-DAY")
    assert repeated.message == "2024-07-01 stands here and in line 2"


class TestOwners:
    TIMELINE = b"date,streams\n2025-06-11,3"

    @pytest.mark.parametrize(
        ("name", "expected"),
        [
            (f"spotify_audience_{ARTIST}_20250612.csv", []),
            ("Example Artist-audience-timeline_20250612.csv", []),
            ("A Song - Original-timeline_20250612_101112.csv", []),
            ("spotify_audience_28day_20250612.csv", ["RZ-OWNER-UNKNOWN"]),
            ("spotify_audience_20250612_101112.csv", ["RZ-OWNER-UNKNOWN"]),
            ("spotify_audience_20250616_20250612.csv", ["RZ-OWNER-UNKNOWN"]),
            (f"spotify_audience_{ARTIST}x_20250612.csv", ["RZ-OWNER-UNKNOWN"]),
        ],
    )
    def test_an_artist_s_id_or_the_site_s_own_name_tells_them(self, name, expected):
        assert codes("social_media/spotify", name, self.TIMELINE) == expected


class TestLayouts:
    NAME = f"spotify_audience_{ARTIST}_20250612.csv"

    @pytest.mark.parametrize(
        "header", ["date,streams,followers", "streams,listeners,followers", "date,streams,extra"]
    )
    def test_only_the_known_ones_are_complete(self, header):
        cells = ",".join("2025-06-11" if name == "date" else "1" for name in header.split(","))
        assert "RZ-MISSING-FIELD" in codes("social_media/spotify", self.NAME, f"{header}\n{cells}".encode())

    @pytest.mark.parametrize("header", ["Date,Listeners,Streams,Followers", "DATE,streams", " date , streams "])
    def test_are_told_whatever_the_case_of_their_names(self, header):
        cells = ",".join("2025-06-11" if "date" in name.casefold() else "1" for name in header.split(","))
        assert codes("social_media/spotify", self.NAME, f"{header}\n{cells}".encode()) == []

    def test_do_not_take_two_spellings_for_two_columns(self):
        told = codes("social_media/spotify", self.NAME, b"date,streams,Streams\n2025-06-11,1,2")
        assert "RZ-UNKNOWN-FIELD" in told

    def test_a_current_kind_is_not_called_old(self):
        assert codes("social_media/spotify", self.NAME, b"date,streams\n2025-06-11,3") == []


class TestChunks:
    def test_days_are_judged_over_all_chunks(self, monkeypatch):
        monkeypatch.setattr(table_examination, "CHUNK_ROWS", 7)
        table = exports.overview(DAY, length=365)
        name = "tiktok_analytics_20250612.csv"
        judgement = judged("tiktok/analytics", name, table.encoded())
        assert judgement.findings == ()
        assert judgement.facts.data_min == (DAY - timedelta(days=366)).isoformat()
        table.rows.append(list(table.rows[0]))
        assert "RZ-REPEATED-DAY" in codes("tiktok/analytics", name, table.encoded())
