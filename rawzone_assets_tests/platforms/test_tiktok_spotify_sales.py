"""What these feeds accept, refuse and say, bytes by bytes: the oddities that their users met."""

from __future__ import annotations

import json
from datetime import date, datetime

import pytest

from rawzone_assets.contract import codes as catalogue
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.schemas import schema_names
from rawzone_assets.platforms import all_platforms, find_feed

FOUR = {
    "html": ("html_structure", "required_fields", "data_types", "timestamp_consistency"),
    "toolost": ("json_schema", "response_completeness", "data_freshness", "platform_consistency"),
    "others": ("schema_compliance", "completeness", "date_consistency", "platform_consistency"),
}
OVERVIEW = '\ufeff"Date","Video Views","Profile Views","Likes","Comments","Shares"'
ARTIST = "4xExampleArtist0000001"


def judged(path, data):
    found = recognize(path, all_platforms())
    assert isinstance(found, Recognized), found
    return judge(found.feed, BytesContent(data.encode() if isinstance(data, str) else data), found.capture)


def codes(path, data):
    return [finding.code for finding in judged(path, data).findings]


@pytest.mark.parametrize(
    ("feed", "checks", "by_month"),
    [
        ("distrokid/apple_music", "html", True),
        ("toolost/sales", "toolost", False),
        ("tiktok/analytics", "others", False),
        ("tiktok/videos", "others", False),
        ("tiktok/audience", "others", False),
        ("tiktok/trends", "others", False),
        ("social_media/spotify", "others", False),
    ],
)
def test_a_feed_has_the_checks_and_folders_of_the_specification(feed, checks, by_month):
    assert sorted(find_feed(feed).check_names) == sorted(FOUR[checks])
    assert find_feed(feed).by_month is by_month


def test_every_form_of_a_feed_has_its_schema():
    for platform in all_platforms():
        for feed in platform.feeds:
            assert {feed.schema, *(variant.schema for variant in feed.variants)} <= set(schema_names())


@pytest.mark.parametrize("feed", ["toolost/sales", "tiktok/analytics", "tiktok/trends", "social_media/spotify"])
def test_what_nobody_has_seen_is_called_unproven(feed):
    assert "**Unproven**" in find_feed(feed).description


@pytest.mark.parametrize(
    "name", ["ARCHIVE", "ARCHIVE_MEMBERS", "DATES_UNREADABLE", "WINDOW_MISMATCH", "ALL_ZERO"]
)
def test_new_codes_are_in_the_catalogue(name):
    code = getattr(catalogue, name)
    assert catalogue.find(code.code) is code


class TestOverviews:
    PATH = "tiktok/analytics/tiktok_analytics_20250612.csv"

    def rows(self, *rows, header=OVERVIEW):
        return "\n".join([header, *rows])

    def test_rows_as_users_quote_them(self):
        data = self.rows('"June 8","31185","277","39","0","1"', '"June 9","80","0","3","-2","0"')
        judgement = judged(self.PATH, data)
        assert judgement.findings == ()
        assert (judgement.facts.data_min, judgement.facts.data_max) == ("2025-06-08", "2025-06-09")
        assert judgement.facts.text == {"charset": "utf-8", "bom": True, "newline": "lf"}

    def test_a_swedish_header_is_known(self):
        header = "Datum,Videovisningar,Profilvisningar,Gilla-markeringar,Kommentarer,Delningar"
        assert codes(self.PATH, self.rows('"10 juni",1,2,3,4,5', header=header)) == []

    def test_new_columns_of_followers_may_fall(self):
        assert codes(self.PATH, self.rows('"June 10",1,2,3,4,5,-4', header=OVERVIEW + ',"New followers"')) == []

    def test_a_finding_tells_line_and_column(self):
        data = self.rows('"June 9","1","2","3","4","5"', '"June 10","1","2","-3","4","5"')
        (finding,) = judged(self.PATH, data).findings
        assert (finding.code, finding.check) == ("RZ-NEGATIVE-COUNT", "schema_compliance")
        assert (finding.where.line, finding.where.column_name) == (3, "Likes")

    def test_a_future_day_belongs_to_the_check_of_dates(self):
        (finding,) = judged(self.PATH, self.rows('"June 20","1","2","3","4","5"')).findings
        assert (finding.code, finding.check) == ("RZ-FUTURE-DATE", "date_consistency")

    @pytest.mark.parametrize("blank", ["Video Views", "Comments"])
    def test_a_blank_count_is_refused(self, blank):
        cells = ["" if name == blank else "1" for name in OVERVIEW.replace('"', "").split(",")[1:]]
        assert codes(self.PATH, self.rows('"June 10",' + ",".join(f'"{cell}"' for cell in cells))) == [
            "RZ-EMPTY-FIELD"
        ]


class TestAnswersOfTikTok:
    ANALYTICS = "tiktok/analytics/tiktok_analytics_20250612.json"
    TRENDS = "tiktok/trends/tiktok_trends_20250612.json"

    @pytest.mark.parametrize(
        "answer",
        [
            {"data": {}, "error": {"code": "access_token_invalid", "message": "m", "log_id": "1"}},
            {"data": {"user": {}}, "error": {"code": "scope_not_authorized"}},
            {"code": 40105, "message": "Access token is incorrect", "request_id": "1", "data": {}},
            {"code": "40105", "data": {"x": 1}},
            {"code": False, "data": {"x": 1}},
            {"error": "no permission"},
            {"message": "no permission"},
            {"errors": [{"message": "no permission"}]},
        ],
        ids=str,
    )
    def test_a_status_other_than_good_is_refused(self, answer):
        for path in (self.ANALYTICS, self.TRENDS):
            (finding,) = judged(path, json.dumps(answer)).findings
            assert finding.code == "RZ-ERROR-PAYLOAD"
            assert "permission" not in finding.message

    @pytest.mark.parametrize(
        "answer",
        [
            {"data": {"user": {"follower_count": 3}}, "error": {"code": "ok", "message": "", "log_id": "1"}},
            {"code": 0, "message": "OK", "request_id": "1", "data": {"list": [{"date": "2025-06-10"}]}},
            {"data": [{"views": 1}], "error": None},
            {"data": {"x": 1}},
        ],
        ids=str,
    )
    def test_any_good_answer_with_something_in_it_will_do(self, answer):
        assert codes(self.ANALYTICS, json.dumps(answer)) == []

    def test_hashtags_may_be_counted_in_digits(self):
        tags = [{"hashtag_id": "1", "publish_cnt": "12", "video_views": 3, "new": True}]
        assert codes(self.TRENDS, json.dumps({"code": 0, "data": {"list": tags}})) == []


class TestUnprovenAnswers:
    """Of which little is demanded, but not that they are another platform's."""

    METRICS = "social_media/spotify/artist_metrics_20250612.json"
    ANALYTICS = "tiktok/analytics/tiktok_analytics_20250612.json"

    @pytest.mark.parametrize(
        ("answer", "place"),
        [
            ({"data": {"getAccountAnalytics": None, "currentUser": {}}}, "/data/currentUser"),
            ({"data": {"getAccountAnalytics": {"overview": {}}}}, "/data/getAccountAnalytics"),
            ({"timestamp": "1", "data": {"streams": [], "discovery": []}}, "/data/discovery"),
            ({"timestamp": "1", "data": {"totalStreams": []}}, "/data/totalStreams"),
            ({"data": [], "paging": {"cursors": {}}}, "/paging/cursors"),
            ({"data": [{"campaign_id": "17", "spend": "1.5"}]}, "/data/0/campaign_id"),
        ],
        ids=["an account", "Linktree", "Too Lost", "Too Lost, Apple", "an empty page of Meta", "Meta"],
    )
    @pytest.mark.parametrize("path", [METRICS, ANALYTICS])
    def test_are_refused_when_they_are_another_platforms(self, path, answer, place):
        told = {f.code: f.where.pointer for f in judged(path, json.dumps(answer)).findings if f.blocking}
        assert told == {"RZ-WRONG-PLATFORM": place}

    def test_are_told_apart_from_songs_and_metrics_of_spotify(self):
        songs = json.dumps({"data": {"songs": [{"id": "1"}]}})
        assert codes(self.ANALYTICS, songs) == ["RZ-WRONG-PLATFORM"]
        assert codes(self.METRICS, songs) == []
        assert codes(self.METRICS, json.dumps({"data": {"streams": 12}, "followers": [3]})) == []


class TestSpotify:
    AUDIENCE = f"social_media/spotify/spotify_audience_{ARTIST}_20250612.csv"
    SONGS = f"spotify/spotify_songs_{ARTIST}_28day_20250612_070222.json"

    def test_days_are_facts_and_the_artist_is_none(self):
        data = "\ufeffdate,listeners,streams,followers\n2025-06-10,0,0,5\n2025-06-11,1,2,4\n"
        judgement = judged(self.AUDIENCE, data)
        assert judgement.findings == ()
        assert (judgement.facts.data_min, judgement.facts.data_max) == ("2025-06-10", "2025-06-11")

    @pytest.mark.parametrize("day", ["1/1/2023", "01.02.2023", "11-Jun-2025", "11-Jun"])
    def test_days_that_a_spreadsheet_wrote_are_named_as_such(self, day):
        data = f"date,listeners,streams,followers\n{day},1,2,3\n"
        (finding,) = judged(self.AUDIENCE, data).findings
        assert finding.code == "RZ-SPREADSHEET-DAMAGE"
        assert (finding.where.line, finding.where.column_name) == (2, "date")

    def test_descending_days_only_warn(self):
        data = "date,listeners,streams,followers\n2025-06-11,1,2,3\n2025-06-10,1,2,3\n"
        assert codes(self.AUDIENCE, data) == ["RZ-DAYS-UNORDERED"]

    @pytest.mark.parametrize(("day", "expected"), [("2025-06-13", []), ("2025-06-14", ["RZ-FUTURE-DATE"])])
    def test_a_day_ahead_is_another_time_zone_and_two_are_not(self, day, expected):
        assert codes(self.AUDIENCE, f"date,listeners,streams,followers\n{day},1,2,3\n") == expected

    @pytest.mark.parametrize(
        "outer", [lambda songs: {"songs": songs}, lambda songs: {"data": {"songs": songs}}]
    )
    def test_songs_may_stand_inside_data_and_places_say_so(self, outer):
        songs = [
            {"id": "a", "trackName": "x", "numStreams": "3"},
            {"id": "b", "trackName": "y", "numStreams": "-3"},
        ]
        (finding,) = judged(self.SONGS, json.dumps(outer(songs))).findings
        assert finding.code == "RZ-NEGATIVE-COUNT"
        assert finding.where.pointer.endswith("/songs/1/numStreams")

    def test_songs_with_one_title_are_two_songs(self):
        data = "song,listeners,streams,saves,release_date\nA,1,2,3,2024-01-01\nA,1,2,3,2024-01-01\n"
        assert codes(f"spotify/spotify_songs_{ARTIST}_all_20250612.csv", data) == []


class TestSales:
    HEADER = "transaction_id,sale_date,reporting_date,channel,units"

    @pytest.mark.parametrize(
        ("day", "expected"),
        [
            ("2025-06-02", []),
            ("2025-06-03", ["RZ-FUTURE-DATE"]),
            ("06/03/2025", ["RZ-VALUE-UNUSUAL"]),
            ("", ["RZ-EMPTY-FIELD"]),
        ],
    )
    def test_only_an_iso_sale_date_is_compared_with_the_month(self, day, expected):
        assert codes("toolost/@05-2025-1.csv", f"{self.HEADER}\n1,{day},2025-07-31,Spotify,3\n") == expected

    def test_the_month_is_the_partition(self):
        found = recognize("toolost/@05-2025-1.csv", all_platforms())
        assert isinstance(found, Recognized)
        assert found.capture.day == date(2025, 6, 1)


@pytest.mark.parametrize(
    "header",
    [
        '"Tanggal","Tayangan Video","Tampilan Profil","Suka","Komentar","Dibagikan"',
        '"Ngày","Lượt xem video","Lượt xem hồ sơ","Thích","Bình luận","Chia sẻ"',
        '"Ημερομηνία","Προβολές βίντεο","Προβολές προφίλ","Μου αρέσει","Σχόλια","Κοινοποιήσεις"',  # noqa: RUF001
        '"Data","Visualizações do vídeo","Visitas ao perfil","Curtidas","Comentários","Compartilhamentos"',
    ],
)
def test_headers_in_the_languages_of_exports_are_those_of_the_english_one(header):
    assert codes("tiktok/tiktok_analytics_20250529.csv", header + '\n"May 27","1","1","1","-1","1"') == []


def test_a_day_of_the_overview_that_has_its_year_keeps_it():
    row = '"May {day}, {year}","1","1","1","1","1"'
    rows = [row.format(day=day, year=2025) for day in (26, 27)]
    judgement = judged("tiktok/tiktok_analytics_20250529.csv", "\n".join([OVERVIEW, *rows]))
    assert judgement.findings == ()
    assert (judgement.facts.data_min, judgement.facts.data_max) == ("2025-05-26", "2025-05-27")
    old = "\n".join([OVERVIEW, row.format(day=26, year=2024), rows[1]])
    assert judged("tiktok/tiktok_analytics_20250529.csv", old).facts.data_min == "2024-05-26"


@pytest.mark.parametrize(("seconds", "refused"), [(1_748_476_800, False), (1_748_736_000, True)])
def test_a_trend_of_the_day_after_tomorrow_is_refused_where_it_stands(seconds, refused):
    curve = [{"time": 1_748_304_000, "value": 0.2}, {"time": str(seconds), "value": 1}]
    answer = {"code": 0, "data": {"list": [{"hashtag_id": "1", "trend": curve}]}}
    judgement = judged("tiktok/tiktok_trends_20250529.json", json.dumps(answer))
    assert judgement.refused is refused
    if refused:
        assert [(f.code, f.check, f.where.pointer) for f in judgement.findings] == [
            ("RZ-FUTURE-DATE", "date_consistency", "/data/list/0/trend/1/time")
        ]


@pytest.mark.parametrize(("newest", "expected"), [("2025-05-19", []), ("2025-05-18", ["RZ-STALE-DATA"])])
def test_trends_whose_curves_ended_long_before_the_capture_are_old(newest, expected):
    """An answer kept since last year has the name of today and nothing else that tells."""
    ends = int(datetime.fromisoformat(f"{newest}T00:00:00+00:00").timestamp())
    curves = [[{"time": ends - 86_400 * back, "value": 1} for back in range(7, last, -1)] for last in (2, -1)]
    hashtags = [{"hashtag_id": str(n), "trend": curve} for n, curve in enumerate(curves)]
    answer = {"code": 0, "data": {"list": hashtags}}
    judgement = judged("tiktok/tiktok_trends_20250529.json", json.dumps(answer))
    assert [finding.code for finding in judgement.findings] == expected
    if expected:
        assert judgement.findings[0].message.startswith("the newest day is 2025-05-18, 11 days before")


@pytest.mark.parametrize(
    ("path", "data", "offset"),
    [
        ("tiktok/tiktok_analytics_20250529.csv", b"\xef\xbb\xbf\r\n <!doctype html>", 6),
        ("tiktok/tiktok_trends_20250529.json", b"<html>", 0),
        ("tiktok/Overview_2025-03-29_1748345895_a.b.zip", b"\n<html>", 1),
    ],
)
def test_a_web_page_is_told_with_the_place_where_it_begins(path, data, offset):
    (finding,) = judged(path, data).findings
    assert (finding.code, finding.check, finding.where.offset) == (
        "RZ-HTML-INSTEAD",
        "schema_compliance",
        offset,
    )


def test_an_error_answer_in_a_tables_place_is_called_no_table():
    (finding,) = judged(
        "tiktok/tiktok_analytics_20250529.csv", '{"error":{"code":"access_token_invalid"}}'
    ).findings
    assert (finding.code, finding.where.offset) == ("RZ-TABLE-SYNTAX", 0)
