"""Sidecars: what a producer says about its delivery; a false statement blocks, an unreadable one warns."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import codes
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.sidecar import Sidecar, parse


def said(**fields):
    return parse(json.dumps(fields).encode())


class TestStatements:
    def test_no_sidecar_says_nothing(self):
        assert parse(None) == Sidecar()

    def test_everything_stated_is_read(self):
        sidecar = said(
            captured_at="2024-05-22T14:30:22+02:00",
            source_system="distrokid.com",
            extractor={"name": "dk", "version": "1.2"},
            size=3,
            sha256="AB" * 32,
        )
        assert sidecar.captured_at == datetime(2024, 5, 22, 12, 30, 22, tzinfo=UTC)
        assert (sidecar.source_system, sidecar.extractor_name, sidecar.extractor_version) == (
            "distrokid.com",
            "dk",
            "1.2",
        )
        assert sidecar.finding is None
        assert sidecar.mismatch(size=3, sha256="ab" * 32) is None

    def test_a_time_without_an_offset_is_left_to_the_platform_s_zone(self):
        assert said(captured_at="2024-05-22T14:30:22").captured_at == datetime(2024, 5, 22, 14, 30, 22)  # noqa: DTZ001

    def test_a_byte_order_mark_says_nothing(self):
        assert parse(b'\xef\xbb\xbf{"size": 3}') == said(size=3)

    @given(st.datetimes(timezones=st.none() | st.timezones()), st.sampled_from(all_platforms()))
    def test_any_time_stated_dates_a_delivery_or_says_nothing(self, moment, platform):
        stated = said(captured_at=moment.isoformat()).captured_at
        name = platform.feeds[0].names[0].replace("_<ts>", "")
        found = recognize(f"{platform.id}/{name}", all_platforms(), stated)
        assert isinstance(found, Recognized) == (stated is not None)

    @pytest.mark.parametrize("size", [2, 0, -1])
    def test_another_size_is_a_cut_transfer_and_blocks(self, size):
        finding = said(size=size).mismatch(size=3, sha256="0" * 64)
        assert finding is not None
        assert (finding.code, finding.blocking) == (codes.SIDECAR_MISMATCH.code, True)

    def test_another_hash_blocks(self):
        assert said(sha256="1" * 64).mismatch(size=3, sha256="0" * 64).blocking

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b"{",
            b"[]",
            b"\xff",
            b'"x"',
            b"[" * 100_000,
            b'{"size": "3"}',
            b'{"size": true}',
            b'{"size": 1e400}',
            b'{"extractor": "dk"}',
            b'{"captured_at": "yesterday"}',
            b'{"captured_at": 1716388222}',
            b'{"captured_at": "0001-01-01T00:00:00+23:00"}',
            b'{"captured_at": "0001-01-01T00:00:00Z"}',
            b'{"captured_at": "0001-01-01T00:00:00"}',
            b'{"captured_at": "9999-12-31T23:59:59Z"}',
            b'{"captured_at": "9999-12-31T23:59:59"}',
            b'{"source_system": "\\ud800"}',
        ],
    )
    def test_what_cannot_be_read_is_a_warning_and_nothing_else_is_used(self, data):
        sidecar = parse(data)
        assert sidecar.finding is not None
        assert (sidecar.finding.code, sidecar.finding.blocking) == (codes.SIDECAR_UNREADABLE.code, False)
        assert sidecar.captured_at is sidecar.size is sidecar.sha256 is None

    def test_long_texts_are_cut(self):
        assert len(said(source_system="x" * 10_000).source_system) == 200

    @given(st.binary(max_size=60) | st.from_regex(rb'\{"(size|sha256|captured_at|extractor)": .{1,20}\}'))
    def test_no_bytes_make_it_fail(self, data):
        sidecar = parse(data)
        sidecar.mismatch(size=1, sha256="0" * 64)
