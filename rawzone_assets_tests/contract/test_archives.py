"""Zip deliveries: exactly one sound member, whatever anybody does to the bytes."""

from __future__ import annotations

import io
import struct
import warnings
import zipfile
import zlib
from dataclasses import replace
from datetime import UTC, date, datetime
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rawzone_assets.contract.archives import ZipFormat
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.judging import judge
from rawzone_assets.platforms import find_feed
from rawzone_assets.samples.distrokid_reports import good_report
from rawzone_assets.samples.tiktok_exports import overview, zipped

FEED = find_feed("tiktok/analytics")
DAY = date(2025, 6, 12)
NAME = "Overview_2025-04-14_1749728040_example.artist.zip"
TABLE = overview(DAY, lag=0).encoded()
STORED = zipped([("Overview.csv", TABLE)])
DEFLATED = zipped([("Overview.csv", TABLE)], deflated=True)


def judged(data, name=NAME):
    capture = Capture(name=name, day=DAY, captured_at=datetime(2025, 6, 12, 11, 34, tzinfo=UTC))
    return judge(FEED, BytesContent(data), capture)


def codes(data):
    return [finding.code for finding in judged(data).findings]


def central(data, field, value, layout="<H"):
    """The archive with another value in a field of its directory entry."""
    at = data.rindex(b"PK\x01\x02") + field
    return data[:at] + struct.pack(layout, value) + data[at + struct.calcsize(layout) :]


def local(data, field, value, layout="<H"):
    return data[:field] + struct.pack(layout, value) + data[field + struct.calcsize(layout) :]


class TestSoundArchives:
    @pytest.mark.parametrize("data", [STORED, DEFLATED], ids=["stored", "deflated"])
    def test_a_member_is_judged_as_if_it_lay_there_itself(self, data):
        zipped_facts = judged(data).facts
        plain_facts = judged(TABLE, "tiktok_analytics_20250612.csv").facts
        assert codes(data) == []
        assert zipped_facts == plain_facts
        assert zipped_facts.records == 60
        assert zipped_facts.data_max == "2025-06-12"

    def test_archives_of_one_table_have_one_substance_whenever_they_were_downloaded(self):
        later = zipped([("Overview.csv", TABLE)], day=date(2025, 6, 13))
        assert later != STORED
        assert (
            judged(later).facts.substance == judged(STORED).facts.substance == judged(DEFLATED).facts.substance
        )

    def test_sizes_may_follow_the_data(self):
        class Unseekable(io.BytesIO):
            def seekable(self):
                return False

            def seek(self, *_):
                raise OSError

            def tell(self):
                raise OSError

        file = Unseekable()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("Overview.csv", TABLE)
        assert codes(file.getvalue()) == []

    def test_what_archivers_note_beside_a_member_is_no_objection(self):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            entry = zipfile.ZipInfo("Overview.csv")
            entry.extra = struct.pack("<HH5s", 0x5455, 5, b"times")
            entry.comment = b"made by hand"
            archive.writestr(entry, TABLE)
        assert codes(file.getvalue()) == []

    def test_a_comment_at_the_end_is_no_objection(self):
        file = io.BytesIO(STORED)
        with zipfile.ZipFile(file, "a") as archive:
            archive.comment = b"PK\x05\x06 made by hand"
        assert codes(file.getvalue()) == []


class TestHalfWrittenArchives:
    def test_an_archive_cut_anywhere_is_refused_and_nearly_always_called_truncated(self):
        found = [codes(STORED[:length]) for length in range(2, len(STORED))]
        assert all(found)
        assert {tuple(each) for each in found} == {("RZ-TRUNCATED",)}

    def test_an_archive_with_bytes_after_its_end_is_refused(self):
        assert codes(STORED + b"\0") == ["RZ-ARCHIVE"]

    @settings(max_examples=300, deadline=None)
    @given(at=st.integers(0, len(DEFLATED) - 1), bit=st.integers(0, 7))
    def test_a_changed_bit_never_promotes_other_rows(self, at, bit):
        data = bytearray(DEFLATED)
        data[at] ^= 1 << bit
        judgement = judged(bytes(data))
        assert judgement.refused or judgement.facts == judged(DEFLATED).facts


class TestOtherThings:
    def test_a_web_page_is_named_as_such(self):
        assert codes(b"  <!DOCTYPE html><title>Log in | TikTok</title>") == ["RZ-HTML-INSTEAD"]

    @pytest.mark.parametrize(
        "data", [TABLE, b'{"error": 1}', b"\x1f\x8b\x08\0", b"PK", b"PKPK" * 9, b"\0" * 99]
    )
    def test_what_is_no_archive_is_refused(self, data):
        assert codes(data) in (["RZ-ARCHIVE"], ["RZ-TRUNCATED"])

    def test_an_archive_of_nothing_is_refused(self):
        assert codes(zipped([])) == ["RZ-ARCHIVE-MEMBERS"]

    def test_an_archive_of_an_empty_table_is_refused(self):
        assert codes(zipped([("Overview.csv", b"")])) == ["RZ-EMPTY-FILE"]


class TestMembers:
    @pytest.mark.parametrize(
        "names",
        [
            ("Content.csv",),
            ("overview.csv",),
            ("Overview.csv", "Content.csv"),
            ("a/Overview.csv",),
            ("Overview.csv/",),
        ],
        ids=str,
    )
    def test_only_the_expected_member_is_accepted(self, names):
        assert codes(zipped([(name, TABLE) for name in names])) == ["RZ-ARCHIVE-MEMBERS"]

    @pytest.mark.parametrize(
        ("member", "expected"),
        [
            ("DistroKid_17.tsv", []),
            ("bank/2025/June.csv", []),
            ("DistroKid_17.txt", ["RZ-ARCHIVE-MEMBERS"]),
            ("bank/", ["RZ-ARCHIVE-MEMBERS"]),
            ("bank/../../June.csv", ["RZ-ARCHIVE"]),
        ],
    )
    def test_where_nobody_gives_the_member_its_name_it_may_have_any_and_lie_in_a_folder(self, member, expected):
        capture = Capture(
            name="dk_bank_details_20250612.zip", day=DAY, captured_at=datetime(2025, 6, 12, tzinfo=UTC)
        )
        data = zipped([(member, good_report(DAY, Random(1)).encoded())])
        judgement = judge(find_feed("distrokid/sales"), BytesContent(data), capture)
        assert [finding.code for finding in judgement.findings if finding.blocking] == expected

    @pytest.mark.parametrize(
        "name",
        [
            "../Overview.csv",
            "a/../../Overview.csv",
            "/Overview.csv",
            "C:Overview.csv",
            "..\\Overview.csv",
            "..",
        ],
    )
    def test_names_that_lead_out_are_refused_as_such(self, name):
        assert codes(zipped([("Overview.csv", TABLE), (name, TABLE)])) == ["RZ-ARCHIVE"]

    def test_two_members_of_one_name_are_refused(self):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            data = zipped([("Overview.csv", TABLE), ("Overview.csv", TABLE)])
        assert codes(data) == ["RZ-ARCHIVE"]

    def test_messages_never_repeat_a_member_s_name(self):
        (finding,) = judged(zipped([("secret-of-someone.csv", TABLE)])).findings
        assert "secret" not in finding.message


class TestHostileArchives:
    def test_a_member_that_claims_to_be_huge_is_not_unpacked(self):
        assert codes(central(DEFLATED, 24, 2**32 - 1, "<L")) in (["RZ-ARCHIVE"], ["RZ-TOO-LARGE"])

    def test_a_bomb_that_lies_about_its_size_is_stopped_at_the_limit(self):
        bomb = zipped([("Overview.csv", bytes(64 * 2**20))], deflated=True)
        lying = local(central(bomb, 24, 1000, "<L"), 22, 1000, "<L")
        assert codes(lying) == ["RZ-TOO-LARGE"]

    def test_an_archive_inside_itself_is_just_another_member(self):
        assert codes(zipped([("quine.zip", STORED)])) == ["RZ-ARCHIVE-MEMBERS"]
        assert codes(zipped([("Overview.csv", STORED)])) == ["RZ-ENCODING"]

    def test_entries_that_share_their_data_are_refused(self):
        """The better zip bomb: many directory entries point at one block of packed bytes."""
        with zipfile.ZipFile(io.BytesIO(STORED)) as archive:
            entry = STORED[archive.start_dir : -22]
        end = struct.pack(
            "<4s4H2LH", b"PK\x05\x06", 0, 0, 2, 2, 2 * len(entry), len(STORED) - 22 - len(entry), 0
        )
        assert codes(STORED[: -22 - len(entry)] + 2 * entry + end) == ["RZ-ARCHIVE"]

    def test_a_directory_that_holds_more_than_its_entries_is_refused(self):
        more = STORED[:-22] + b"more" + STORED[-22:]
        (size,) = struct.unpack_from("<L", more, len(more) - 10)
        assert codes(local(more, len(more) - 10, size + 4, "<L")) == ["RZ-ARCHIVE"]

    def test_packed_bytes_that_go_on_after_their_end_are_refused(self):
        with zipfile.ZipFile(io.BytesIO(DEFLATED)) as archive:
            packed, directory = archive.infolist()[0].compress_size, archive.start_dir
        longer = DEFLATED[:directory] + b"more" + DEFLATED[directory:]
        longer = local(central(longer, 20, packed + 4, "<L"), 18, packed + 4, "<L")
        assert codes(local(longer, len(longer) - 6, directory + 4, "<L")) == ["RZ-ARCHIVE"]

    def test_bytes_between_a_member_and_the_directory_are_refused_whatever_may_follow_it(self):
        with zipfile.ZipFile(io.BytesIO(STORED)) as archive:
            directory = archive.start_dir
        for gap, expected in ((16, []), (17, ["RZ-ARCHIVE"]), (40, ["RZ-ARCHIVE"])):
            longer = STORED[:directory] + bytes(gap) + STORED[directory:]
            following = local(central(longer, 8, 8), 6, 8)
            assert codes(local(following, len(longer) - 6, directory + gap, "<L")) == expected

    def test_thousands_of_members_are_counted(self):
        (finding,) = judged(zipped([(f"{number}.csv", b"") for number in range(2_000)])).findings
        assert finding.message.startswith("the archive holds 2,000 members")

    def test_a_prefix_before_the_archive_is_refused(self):
        assert codes(b"#!/bin/sh\n" + STORED) == ["RZ-ARCHIVE"]

    @pytest.mark.parametrize(
        "damage",
        [
            lambda data: local(central(data, 8, 1), 6, 1),  # encrypted
            lambda data: local(central(data, 8, 0x40), 6, 0x40),  # strongly
            lambda data: local(central(data, 8, 0x2000), 6, 0x2000),  # its directory too
            lambda data: local(data, len(data) - 18, 1),  # the first of several disks
            lambda data: local(data, len(data) - 16, 1),
            lambda data: local(central(data, 10, 99), 8, 99),  # packed by AES
            lambda data: central(data, 8, 1),  # the two entries disagree
            lambda data: central(data, 16, 1, "<L"),  # checksum
            lambda data: local(data, 14, 1, "<L"),
            lambda data: central(data, 42, 1, "<L"),  # where the member begins
            lambda data: central(data, 20, 7, "<L"),  # packed size
            lambda data: central(data, 28, 65535),  # length of the name
            lambda data: data.replace(b"Overview.csv", b"0verview.csv", 1),  # local name alone
        ],
    )
    def test_whatever_contradicts_itself_is_refused(self, damage):
        assert codes(damage(DEFLATED)) == ["RZ-ARCHIVE"]

    @settings(max_examples=300, deadline=None)
    @given(data=st.binary(max_size=400))
    @example(b"PK\x05\x06" + bytes(18))
    @example(b"PK\x05\x06" + b"\xff" * 18)
    @example(b"PK\x01\x02PK\x05\x06" + bytes(4) + b"\1\0\1\0\4\0\0\0" + bytes(6))
    def test_no_bytes_raise_or_are_promoted(self, data):
        for attempt in (data, b"PK\x03\x04" + data, STORED[:40] + data + STORED[-80:]):
            if attempt:
                assert judged(attempt).refused

    def test_damaged_packed_bytes_are_refused(self):
        packed = zlib.compress(TABLE)[2:-4]
        at = DEFLATED.index(packed[:20])
        assert codes(DEFLATED[:at] + b"\xff" * 20 + DEFLATED[at + 20 :]) == ["RZ-ARCHIVE"]


class TestSizeLimit:
    def test_archive_and_member_must_fit_in_memory_whatever_the_feed_allows(self):
        capture = Capture(name=NAME, day=DAY, captured_at=datetime(2025, 6, 12, tzinfo=UTC))
        for data, largest, expected in (
            (DEFLATED, len(TABLE), []),
            (DEFLATED, len(TABLE) - 1, ["RZ-TOO-LARGE"]),
            (STORED, len(STORED) - 1, ["RZ-TOO-LARGE"]),
        ):
            form = ZipFormat(member="Overview.csv", inside=FEED.format, largest=largest)
            feed = replace(FEED, variants=(replace(FEED.variants[0], format=form),))
            assert [f.code for f in judge(feed, BytesContent(data), capture).findings] == expected

    @pytest.mark.parametrize(("spare", "expected"), [(0, []), (-1, ["RZ-TOO-LARGE"])])
    def test_a_member_may_be_exactly_as_large_as_the_feed_allows(self, spare, expected):
        feed = replace(FEED, max_size=len(TABLE) + spare)
        capture = Capture(name=NAME, day=DAY, captured_at=datetime(2025, 6, 12, tzinfo=UTC))
        assert len(DEFLATED) < feed.max_size
        assert [f.code for f in judge(feed, BytesContent(DEFLATED), capture).findings] == expected
