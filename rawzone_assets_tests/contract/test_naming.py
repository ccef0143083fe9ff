"""Platform from the folders, feed from the name, date from name, folder or sidecar: never from file times."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from rawzone_assets.contract.feed import Platform
from rawzone_assets.contract.name_templates import is_dated, is_undated
from rawzone_assets.contract.naming import (
    Ignored,
    Owners,
    Recognized,
    Unrecognized,
    is_in_the_future,
    names_digest,
    recognize,
)
from rawzone_assets.contract.stamps import parse_stamp
from rawzone_assets.contract.stored_names import as_delivered
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import samples

PLATFORMS = all_platforms()


def recognized(
    path: str, platforms: tuple[Platform, ...] = PLATFORMS, at: datetime | None = None
) -> Recognized:
    found = recognize(path, platforms, at)
    assert isinstance(found, Recognized), found
    return found


def refusal(path: str, at: datetime | None = None) -> str:
    found = recognize(path, PLATFORMS, at)
    assert isinstance(found, Unrecognized), found
    return found.finding.code


class TestFeeds:
    """The feed is read from the file's name, wherever below its platform's folder the file lies."""

    @pytest.mark.parametrize(
        ("path", "feed"),
        [
            ("distrokid/streams/streams_stats_20240522_143022.html", "distrokid/streams"),
            ("distrokid/streams_stats_20240522_143022.html", "distrokid/streams"),
            ("distrokid/sales/2024/sales_report_20240601.tsv", "distrokid/sales"),
            ("distrokid/streams/dk_bank_details_20250527_102936.tsv", "distrokid/sales"),
            ("toolost/spotify_metrics_20240522.json", "toolost/spotify"),
            ("toolost/toolost_spotify_20250522_124556.json", "toolost/spotify"),
            ("toolost/spotify_analytics_20250709_060308.json", "toolost/spotify"),
            ("toolost/analytics/toolost_analytics_20240522_140530.json", "toolost/analytics"),
            ("toolost/toolost_apple_20250522_124556.json", "toolost/analytics"),
            ("toolost/apple_analytics_20250709_060308.json", "toolost/analytics"),
        ],
    )
    def test_are_told_by_the_name(self, path: str, feed: str):
        assert recognized(path).feed.id == feed

    def test_keep_the_name_and_the_day_as_written(self):
        capture = recognized("toolost/spotify_metrics_20240522.json").capture
        assert (capture.name, capture.day) == ("spotify_metrics_20240522.json", date(2024, 5, 22))

    @pytest.mark.parametrize(
        ("path", "code"),
        [
            ("streams_stats_20240522_143022.html", "RZ-UNKNOWN-PLATFORM"),
            ("bandcamp/sales_20240522.csv", "RZ-UNKNOWN-PLATFORM"),
            ("Distrokid/streams_stats_20240522_143022.html", "RZ-UNKNOWN-PLATFORM"),
            ("distrokid/streams/streams_stats_20240522_143022 (1).html", "RZ-UNKNOWN-NAME"),
            ("distrokid/streams/streams_stats_20240522_143022.html\n", "RZ-UNKNOWN-NAME"),
            ("distrokid/streams/streams_stats_20240522_143022.htm", "RZ-UNKNOWN-NAME"),
            ("distrokid/streams/streams_stats_٢٠٢٤٠٥٢٢.html", "RZ-UNKNOWN-NAME"),
            ("distrokid/streams/streams_stats_20240230_143022.html", "RZ-NO-DATE"),
            ("distrokid/streams/streams_stats_20241301.html", "RZ-NO-DATE"),
            ("distrokid/streams/streams_stats_20240522_250000.html", "RZ-NO-DATE"),
            ("distrokid/streams/streams_stats_00010101.html", "RZ-NO-DATE"),
            ("metaads/1_20240522_083045/campaigns.json", "RZ-NO-DATE"),
            ("meta_ads_dump_٢٠٢٤٠٥٢٢/campaigns.json", "RZ-UNKNOWN-PLATFORM"),
            ("distrokid/sales/DistroKid_\u202etxt_20240601.tsv", "RZ-UNKNOWN-NAME"),
            ("distrokid/sales/DistroKid_\x1b[2J_20240601.tsv", "RZ-UNKNOWN-NAME"),
            ("distrokid/streams/streams_stats.html", "RZ-NO-DATE"),
            ("toolost/extraction_failure_20250709_060308.json", "RZ-EXTRACTOR-LOG"),
            ("toolost/extraction_log_20250709_060308.json", "RZ-EXTRACTOR-LOG"),
        ],
    )
    def test_are_not_guessed(self, path: str, code: str):
        assert refusal(path) == code

    @pytest.mark.parametrize(
        "path",
        [
            "distrokid/streams/streams_stats_20240522_143022.html.part",
            "distrokid/streams/.streams_stats_20240522_143022.html",
            "distrokid/.cache/streams_stats_20240522_143022.html",
            "distrokid/.cache/pages/streams_stats_20240522_143022.html",
            "distrokid/sales/~$sales_report_20240601.tsv",
            "distrokid/sales/sales_report_20240601.tsv.crdownload",
            "distrokid/sales/sales_report_20240601.tsv.tmp",
            "distrokid/sales/sales_report_20240601.tsv.PART",
            "distrokid/sales/sales_report_20240601.tsv.CRDOWNLOAD",
            "distrokid/sales/SALES_REPORT_20240601.TSV.Tmp",
            "distrokid/sales/sales_report_20240601.tsv.done",
            "distrokid/sales/sales_report_20240601.tsv.meta.json",
        ],
    )
    def test_are_not_made_of_names_that_mean_no_data(self, path: str):
        assert isinstance(recognize(path, PLATFORMS), Ignored)

    @pytest.mark.parametrize("suffix", [".DONE", ".META.JSON"])
    def test_a_marker_or_sidecar_that_nobody_looks_for_is_no_marker_or_sidecar(self, suffix: str):
        """Passed over it would do nothing, and nobody would be told."""
        assert refusal(f"distrokid/sales/sales_report_20240601.tsv{suffix}") == "RZ-UNKNOWN-NAME"


class TestCaptureTimes:
    """Stamps are local time of the zone that the platform declares; the instant is kept in UTC."""

    @pytest.mark.parametrize(
        ("stamp", "utc"),
        [
            ("20240522_143022", "2024-05-22T21:30:22+00:00"),  # summer, UTC-7
            ("20240115_143022", "2024-01-15T22:30:22+00:00"),  # winter, UTC-8
            ("20240522", "2024-05-22T07:00:00+00:00"),
            ("20240522_235959", "2024-05-23T06:59:59+00:00"),  # the partition is still the 22nd
            ("20241103_013000", "2024-11-03T08:30:00+00:00"),  # the hour comes twice: the first is meant
            ("20240310_023000", "2024-03-10T10:30:00+00:00"),  # the hour is skipped: counted on from before it
            ("20240522_143022_257580", "2024-05-22T21:30:22.257580+00:00"),
        ],
    )
    def test_follow_the_zone_and_its_clock_changes(self, stamp: str, utc: str):
        capture = recognized(f"distrokid/streams/streams_stats_{stamp}.html").capture
        assert capture.captured_at.isoformat() == utc
        assert f"{capture.day:%Y%m%d}" == stamp[:8]

    def test_come_from_the_sidecar_when_the_name_has_none(self):
        at = datetime(2024, 5, 23, 5, 30, 22, tzinfo=timezone(timedelta(hours=2)))
        capture = recognized("distrokid/streams/streams_stats.html", at=at).capture
        assert capture.name == "streams_stats_20240522_203022.html"
        assert capture.day == date(2024, 5, 22)
        assert capture.captured_at == at.astimezone(UTC)

    def test_come_from_the_sidecar_in_the_platform_s_zone_when_it_tells_no_offset(self):
        at = datetime(2024, 5, 22, 20, 30, 22)  # noqa: DTZ001
        capture = recognized("distrokid/streams/streams_stats.html", at=at).capture
        assert capture.name == "streams_stats_20240522_203022.html"
        assert capture.captured_at == datetime(2024, 5, 23, 3, 30, 22, tzinfo=UTC)

    def test_are_never_overruled_by_a_sidecar(self):
        at = datetime(2025, 1, 1, tzinfo=UTC)
        assert refusal("distrokid/streams/streams_stats_20240230.html", at) == "RZ-NO-DATE"
        found = recognized("distrokid/streams/streams_stats_20240522.html", at=at)
        assert found.capture.day == date(2024, 5, 22)

    @pytest.mark.parametrize(
        ("name", "feed", "stored"),
        [
            ("streams_stats.html", "distrokid/streams", "streams_stats_20240522_083045.html"),
            ("DistroKid_17.tsv", "distrokid/sales", "DistroKid_17_20240522_083045.tsv"),
            ("dk_bank_details.zip", "distrokid/sales", "dk_bank_details_20240522_083045.zip"),
            (
                "St. Ex-audience-timeline.csv",
                "social_media/spotify",
                "St. Ex-audience-timeline_20240522_083045.csv",
            ),
            ("Héros-songs-1year.csv", "social_media/spotify", "Héros-songs-1year_20240522_083045.csv"),
        ],
    )
    def test_of_a_name_without_one_come_from_folder_or_sidecar(self, name: str, feed: str, stored: str):
        folder = feed.removeprefix("social_media/").split("/")[0]
        at = datetime(2024, 5, 22, 15, 30, 45, tzinfo=UTC)
        for found in (
            recognized(f"{folder}/20240522_083045/{name}"),
            recognized(f"{folder}/exports/{name}", at=at),
        ):
            assert (found.feed.id, found.capture.name) == (feed, stored)
            assert found.capture.captured_at == at
            form = as_delivered(found.feed, stored)
            assert (form.format.kind, form.schema) == (
                as_delivered(found.feed, name).format.kind,
                as_delivered(found.feed, name).schema,
            )
        assert refusal(f"{folder}/exports/{name}") == "RZ-NO-DATE"

    def test_come_from_the_sidecar_where_the_folder_s_stamp_is_no_date(self):
        at = datetime(2024, 5, 22, 15, 30, 45, tzinfo=UTC)
        capture = recognized("distrokid/20249922_083045/streams_stats.html", at=at).capture
        assert (capture.name, capture.captured_at) == ("streams_stats_20240522_083045.html", at)

    def test_come_from_the_folder_where_the_feed_says_so(self):
        distrokid = next(platform for platform in PLATFORMS if platform.id == "distrokid")
        feed = replace(distrokid.feeds[0], stamped_folder_names=("stats.html",))
        platforms = (replace(distrokid, feeds=(feed,)),)
        for stamp in ("20240522_083045", "20240522", "20240522_083045_257580"):
            for folder in (stamp, f"dump_{stamp}", f"meta_ads_dump_{stamp}"):
                capture = recognized(f"distrokid/{folder}/stats.html", platforms).capture
                assert (capture.name, capture.day) == (f"stats_{stamp}.html", date(2024, 5, 22))
        undated = recognize("distrokid/latest/stats.html", platforms)
        assert isinstance(undated, Unrecognized)
        assert undated.finding.code == "RZ-NO-DATE"

    def test_more_than_a_day_ahead_are_in_the_future(self):
        capture = recognized("distrokid/streams/streams_stats_20240522_143022.html").capture
        assert not is_in_the_future(capture, capture.captured_at - timedelta(hours=24))
        assert is_in_the_future(capture, capture.captured_at - timedelta(hours=24, microseconds=1))

    @pytest.mark.parametrize("stamp", ["", "2024", "20240522_1430", "20240522143022", "99999999"])
    def test_are_not_read_from_other_digits(self, stamp: str):
        assert parse_stamp(stamp) is None


def test_the_longest_folder_decides_between_platforms():
    distrokid = next(platform for platform in PLATFORMS if platform.id == "distrokid")
    inner = replace(distrokid, id="distrokid/other")
    found = recognized("distrokid/other/streams_stats_20240522.html", (distrokid, inner))
    assert found.platform is inner


def test_the_digest_of_names_tells_apart_whatever_decides_whose_a_path_is():
    """Paths that nobody owned are looked at again once it differs."""
    distrokid = next(platform for platform in PLATFORMS if platform.id == "distrokid")
    feed = distrokid.feeds[0]
    changed = (
        replace(distrokid, folders=("elsewhere",)),
        replace(distrokid, extractor_logs=("log_<ts>.json",)),
        *(
            replace(distrokid, feeds=(other,))
            for other in (
                feed,
                replace(feed, names=("stats_<ts>.html",)),
                replace(feed, stamped_folder_names=("stats.html",)),
            )
        ),
    )
    assert len({names_digest([platform]) for platform in (distrokid, *changed, distrokid)}) == 6


class TestOwners:
    """The quick look at names that were recognized before must not say anything else than recognizing does."""

    @pytest.mark.parametrize("platform", all_platforms(), ids=lambda platform: platform.id)
    def test_they_name_the_feed_that_recognizing_names_or_none(self, platform):
        owners = Owners(all_platforms())
        paths = {sample.path for feed in platform.feeds for sample in samples(feed.id)}
        folders = {path.rpartition("/")[0] for path in paths}
        names = {path.rpartition("/")[2] for path in paths}
        sure = 0
        for path in paths | {f"{folder}/{name}" for folder in folders for name in names}:
            recognized = recognize(path, all_platforms())
            feed = recognized.feed.id if isinstance(recognized, Recognized) else None
            quick = owners.feed_of(path)
            no_date = isinstance(recognized, Unrecognized) and recognized.finding.code == "RZ-NO-DATE"
            assert quick in (feed, None) or no_date, path
            sure += quick is not None
        assert sure

    @pytest.mark.parametrize(
        "path", ["streams_stats_20240501.html", "elsewhere/streams_stats_20240501.html", ".x/a", "toolost/.h/a"]
    )
    def test_they_say_nothing_of_files_of_no_platform(self, path):
        assert Owners(all_platforms()).feed_of(path) is None


PARTS = st.integers(0, 3100), *[st.integers(0, most) for most in (13, 32, 25, 61, 62, 999_999)]


@given(st.tuples(*PARTS), st.sampled_from([3, 6, 7]), st.sampled_from(["", "0\u0660", "1\u0661", "0 ", "_-"]))
@example((1970, 1, 1, 0, 0, 0, 0), 3, "")
@example((1969, 12, 31, 23, 59, 59, 0), 6, "")
def test_stamps_are_read_as_strptime_reads_them(parts, length, changed):
    """Days and times that there are and are not. What only strptime takes for digits is none."""
    whole = "{:04d}{:02d}{:02d}_{:02d}{:02d}{:02d}_{:06d}".format(*parts)
    stamp = whole[: {3: 8, 6: 15, 7: 22}[length]]
    if changed:
        stamp = stamp.replace(*changed)
    layout = {3: "%Y%m%d", 6: "%Y%m%d_%H%M%S", 7: "%Y%m%d_%H%M%S_%f"}[length]
    try:
        expected = datetime.strptime(stamp, layout)  # noqa: DTZ007
    except ValueError:
        expected = None
    if not re.fullmatch("[0-9_]+", stamp) or (expected and not 1970 <= expected.year < 3000):
        expected = None
    assert parse_stamp(stamp) == expected


def simply_claimed(name: str, folder: str, platform: Platform) -> tuple[str, str] | None:
    """The model: template by template, feed by feed. The feed and the name to store it under, if any does."""
    for feed in platform.feeds:
        if any(is_dated(name, template) for template in feed.all_names):
            return feed.id, name
    for feed in platform.feeds:
        undated = any(is_undated(name, template) for template in feed.all_names)
        if undated or name in feed.all_stamped_folder_names:
            stamp = re.fullmatch(r"(?:[A-Za-z][A-Za-z0-9_]*_)?(\d{8}(?:_\d{6})?)", folder)
            stem, dot, extension = name.rpartition(".")
            return feed.id, f"{stem}_{stamp[1]}{dot}{extension}" if stamp else name
    return None


@pytest.mark.parametrize("platform", all_platforms(), ids=lambda platform: platform.id)
def test_folders_and_names_looked_at_once_say_what_templates_say_one_by_one(platform):
    """Names of every feed, dated and dateless, in folders of every platform, asked in one look."""
    owners = Owners(all_platforms())
    names = {sample.path.rpartition("/")[2] for feed in platform.feeds for sample in samples(feed.id)}
    names |= {re.sub(r"_\d{8}(_\d{6})*", "", name) for name in names} | {"campaigns.json", "notes.txt"}
    folders = [
        (f"{owned}{below}", owner)
        for owner in all_platforms()
        for owned in (owner.id, *(folder for folder in owner.folders if "<" not in folder))
        for below in ("", "/export_20240522_143022", "/20240522_143022", "/20240522", "/deeper/20241399_000000")
    ]
    told = 0
    for folder, owner in folders:
        for name in names:
            found = owners.recognize(f"{folder}/{name}")
            claimed = simply_claimed(name, folder.rpartition("/")[2], owner)
            assert found == recognize(f"{folder}/{name}", all_platforms())
            if isinstance(found, Recognized):
                assert (found.feed.id, found.capture.name) == claimed
                told += 1
            elif not any(is_dated(name, log) for log in owner.extractor_logs):
                assert (found.finding.code == "RZ-UNKNOWN-NAME") == (claimed is None), (folder, name)
    assert told
