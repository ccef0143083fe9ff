"""Rules for lists of records, asked alone: what each objects to, where, and what lies just inside."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Capture
from rawzone_assets.contract.findings import Finding, Place
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.pointers import pointer
from rawzone_assets.contract.reading import Reading
from rawzone_assets.contract.record_rules import (
    fresh_moments,
    in_all_or_none,
    no_future_moment,
    no_future_time,
    no_record_twice,
    no_value_twice,
    none_has,
    one_of,
    one_value,
    range_in_order,
    some_above_zero,
    usually_in_some,
)
from rawzone_assets.contract.record_texts import ends_with, not_rounded, usually_like
from rawzone_assets.contract.rules import Rule
from rawzone_assets.platforms import find_feed

CAPTURE = Capture(name="x_20250612.json", day=date(2025, 6, 12), captured_at=datetime(2025, 6, 12, tzinfo=UTC))


def reading_of(document: Any) -> Reading:
    feed = find_feed("metaads/campaigns")
    assert feed
    return Reading(
        document=document, feed=feed, capture=CAPTURE, place=lambda parts: Place(pointer=pointer(parts))
    )


def findings(rule: Rule, document: Any) -> list[Finding]:
    return list(rule(reading_of(document)))


def places(rule: Rule, document: Any) -> list[tuple[str, str | None]]:
    return [(f.code, f.where.pointer if f.where else None) for f in findings(rule, document)]


class TestIdentifiers:
    """Same id twice in one list blocks."""

    def test_a_second_record_of_the_same_id_is_placed(self):
        rule = no_value_twice("", "id")
        assert places(rule, [{"id": "1"}, {"id": "2"}, {"id": "1"}]) == [("RZ-REPEATED-RECORD", "/2/id")]

    def test_records_without_one_are_no_repetition_beside_one_that_is(self):
        rule = no_value_twice("", "id")
        records: list[dict[str, Any]] = [{"id": "1"}, {}, {"id": None}, {}, {"id": None}, {"id": "1"}]
        assert places(rule, records) == [("RZ-REPEATED-RECORD", "/5/id")]

    def test_ids_that_differ_in_their_last_digit_differ(self):
        assert not places(
            no_value_twice("", "id"), [{"id": "120224907266750075"}, {"id": "120224907266750076"}]
        )

    def test_the_list_may_be_inside_the_document(self):
        rule = no_value_twice("/a/b", "id")
        assert places(rule, {"a": {"b": [{"id": "1"}, {"id": "1"}]}}) == [("RZ-REPEATED-RECORD", "/a/b/1/id")]

    def test_a_message_names_the_first_record_and_not_the_value(self):
        (finding,) = findings(no_value_twice("", "id"), [{"id": "secret"}, {"id": "secret"}])
        assert "record 0" in finding.message
        assert "secret" not in finding.message


class TestRecordsThatAgree:
    """Rows of insights may differ in breakdowns that nobody listed."""

    rule = staticmethod(no_record_twice("", measures=("spend", "actions")))

    def test_other_measures_do_not_tell_records_apart(self):
        rows = [{"campaign_id": "1", "spend": "1", "actions": [1]}, {"campaign_id": "1", "spend": "2"}]
        assert places(self.rule, rows) == [("RZ-REPEATED-RECORD", "/1")]

    @pytest.mark.parametrize(
        "other", [{"date_start": "2025-06-01"}, {"user_segment_key": "new"}, {"nested": {"a": [1]}}]
    )
    def test_any_other_member_does(self, other):
        assert not places(
            self.rule, [{"campaign_id": "1", "spend": "1"}, {"campaign_id": "1", "spend": "1"} | other]
        )

    def test_the_order_of_members_does_not(self):
        assert places(self.rule, [{"a": 1, "b": 2}, {"b": 2, "a": 1}]) == [("RZ-REPEATED-RECORD", "/1")]

    @given(
        rows=st.lists(
            st.dictionaries(
                st.sampled_from(["a", "b", "spend"]), st.sampled_from([None, True, 1, 1.0, "1", [1], {}])
            ),
            max_size=4,
        )
    )
    def test_records_agree_if_they_are_written_alike(self, rows: list[dict[str, Any]]):
        about = [json.dumps({k: v for k, v in row.items() if k != "spend"}, sort_keys=True) for row in rows]
        again = [f"/{index}" for index, text in enumerate(about) if text in about[:index]]
        assert [where for _, where in places(self.rule, rows)] == again


class TestAccounts:
    """account_id is consistent where present."""

    rule = staticmethod(one_value("", "account_id"))

    def test_each_record_of_another_account_is_placed(self):
        rows = [{"account_id": "1"}, {}, {"account_id": "2"}, {"account_id": "1"}]
        assert places(self.rule, rows) == [("RZ-MIXED-ACCOUNTS", "/2/account_id")]

    def test_the_first_account_is_the_one_that_counts(self):
        rows = [{"account_id": "1"}, {"account_id": "2"}, {"account_id": "2"}]
        told = findings(self.rule, rows)
        assert [finding.where.pointer for finding in told if finding.where] == [
            "/1/account_id",
            "/2/account_id",
        ]
        assert {finding.message for finding in told} == {
            "another account_id than in record 0 (records count from 0)"
        }

    def test_records_without_it_are_no_other_account(self):
        assert not places(self.rule, [{}, {"account_id": "1"}, {}])


class TestDates:
    """date_start <= date_stop, neither after capture + 1."""

    @pytest.mark.parametrize(
        ("first", "last", "count"), [("2025-06-12", "2025-06-12", 0), ("2025-06-13", "2025-06-12", 1)]
    )
    def test_a_range_may_be_one_day_but_not_less(self, first, last, count):
        assert len(places(range_in_order("", "a", "b"), [{"a": first, "b": last}])) == count

    def test_a_range_of_one_day_is_in_order_beside_one_that_is_not(self):
        ranges = [{"a": "2025-06-12", "b": "2025-06-12"}, {"a": "2025-06-13", "b": "2025-06-12"}]
        assert places(range_in_order("", "a", "b"), ranges) == [("RZ-DATE-ORDER", "/1/a")]

    def test_half_a_range_is_in_order(self):
        assert not places(range_in_order("", "a", "b"), [{"a": "2025-06-13"}, {"b": "2025-06-13"}])

    @pytest.mark.parametrize(
        ("time", "count"),
        [
            ("2025-06-12T23:59:59-0700", 0),
            ("2025-06-13T23:59:59-0700", 0),
            ("2025-06-14T00:00:00+0000", 1),
            ("2026-01-01T00:00:00Z", 1),
        ],
    )
    def test_a_time_may_lie_one_day_after_the_capture_but_not_two(self, time, count):
        assert len(places(no_future_time("", "created_time"), [{"created_time": time}, {}])) == count

    def test_only_the_times_that_are_late_are_told(self):
        records = [{"created_time": "2025-06-13T08:00:00Z"}, {"created_time": "2025-06-14T08:00:00Z"}]
        assert places(no_future_time("", "created_time"), records) == [("RZ-FUTURE-DATE", "/1/created_time")]


class TestMoments:
    """Points of a record's series, in seconds since 1970."""

    LAST = int(CAPTURE.captured_at.timestamp()) + 24 * 60 * 60

    def test_a_point_may_lie_a_day_after_the_capture_but_no_second_more(self):
        points = {"stats": [{"time": self.LAST}, {"time": str(self.LAST + 1)}]}
        told = [("RZ-FUTURE-DATE", "/0/stats/1/time")]
        assert places(no_future_moment("", "stats", "time"), [points, {}]) == told

    def test_the_newest_point_tells_whether_all_of_them_are_old(self):
        rule, old = fresh_moments("", "stats", "time"), {"time": self.LAST - 90 * 24 * 60 * 60}
        assert places(rule, [{"stats": [old]}]) == [("RZ-STALE-DATA", "")]
        assert not places(rule, [{"stats": [old]}, {"stats": [old, {"time": self.LAST}]}])

    def test_where_there_is_no_point_none_is_old(self):
        assert not places(fresh_moments("", "stats", "time"), [{"stats": []}, {}])


class TestMembers:
    """Metric completeness."""

    def test_a_member_that_other_records_have_is_told_where_it_is_missing_or_null(self):
        records = [{"a": 1}, {}, {"a": None}]
        told = [("RZ-MISSING-FIELD", "/1/a"), ("RZ-EMPTY-FIELD", "/2/a")]
        assert places(in_all_or_none("", "a", "b"), records) == told
        assert not places(in_all_or_none("", "a"), [{}, {"a": None}])

    def test_a_record_with_none_of_the_members_is_placed(self):
        assert places(one_of("", "a", "b"), [{"a": 1}, {"b": 1}, {"c": 1}]) == [("RZ-MISSING-FIELD", "/2")]

    def test_a_member_of_another_kind_of_records_is_placed(self):
        assert places(none_has("", "c", "a"), [{"b": 1}, {"a": 1}]) == [("RZ-OTHER-OPERATION", "/1/a")]

    def test_a_member_that_some_record_has_is_there(self):
        assert not places(usually_in_some("", "a"), [{"a": 1}, {}])

    def test_a_member_that_no_record_has_is_remarked_once(self):
        found = findings(usually_in_some("", "a"), [{}, {}])
        assert [(f.code, f.blocking) for f in found] == [("RZ-OPTIONAL-BLOCK-MISSING", False)]

    def test_null_is_as_good_as_absent(self):
        nothing = [{"a": None}]
        assert places(one_of("", "a"), nothing) == [("RZ-MISSING-FIELD", "/0")]
        assert places(usually_in_some("", "a"), nothing) == [("RZ-OPTIONAL-BLOCK-MISSING", "")]
        assert not places(none_has("", "a"), nothing)
        assert not places(one_value("", "a"), [{"a": None}, {"a": "1"}])
        assert not places(no_future_time("", "a"), nothing)
        assert not places(range_in_order("", "a", "b"), [{"a": None, "b": "2025-06-01"}])

    def test_an_empty_list_lacks_nothing(self):
        assert not places(usually_in_some("", "a"), [])


@pytest.mark.parametrize(
    ("figures", "told"),
    [
        ([0, "0", "00"], [("RZ-ALL-ZERO", "/rows")]),
        ([0, "3"], []),
        ([None, 0], [("RZ-ALL-ZERO", "/rows")]),
        ([], []),
    ],
)
def test_figures_of_zero_alone_are_told_once(figures: list[Any], told: list[Any]):
    assert places(some_above_zero("/rows", "n"), {"rows": [{"n": figure} for figure in figures]}) == told


class TestUsualTexts:
    """Two members that have changed places show in texts of another form."""

    def test_the_first_record_with_another_text_is_placed(self):
        rule = usually_like("", "age", r"[0-9]+-[0-9]+|[0-9]+\+")
        assert places(rule, [{"age": "18-24"}, {}, {"age": None}, {"age": "65+"}]) == []
        assert places(rule, [{"age": "18-24"}, {"age": "male"}]) == [("RZ-VALUE-UNUSUAL", "/1/age")]

    def test_a_text_that_ends_with_another_identifier_than_its_records_is_placed(self):
        rule = ends_with("", "uri", "id")
        assert places(rule, [{"uri": "track:1", "id": "1"}, {"uri": "track:2"}, {"id": "3"}]) == []
        shifted = [{"uri": "track:1", "id": "2"}, {"uri": "track:2", "id": "1"}]
        assert places(rule, shifted) == [("RZ-VALUE-UNUSUAL", "/0/uri")]

    def ids(self, *numbers: int) -> list[dict[str, Any]]:
        return [{"id": str(120210573275988067 + number)} for number in numbers]

    def test_identifiers_that_were_numbers_on_the_way_are_told(self):
        """'pd.read_json turned ...750075 into ...750080': as text they look sound again."""
        rule = not_rounded("", "id")
        sound = self.ids(*range(0, 6000, 517))
        assert places(rule, sound) == []
        rounded = [{"id": str(int(float(record["id"])))} for record in sound]
        assert places(rule, rounded) == [("RZ-VALUE-UNUSUAL", "/0/id")]
        to_ten = [{"id": f"{record['id'][:-1]}0"} for record in sound]
        assert places(rule, to_ten) == [("RZ-VALUE-UNUSUAL", "/0/id")]

    def test_few_or_short_identifiers_may_end_so_by_chance(self):
        rule = not_rounded("", "id")
        assert places(rule, [{"id": str(10**17 + n * 10)} for n in range(5)]) == []
        assert places(rule, [{"id": str(n * 10)} for n in range(9)]) == []
        assert places(rule, [{"id": str(10**17)}] * 9) == []
        assert places(rule, [{"id": None}, *({"id": str(10**17 + n * 10)} for n in range(8))]) == []

    def test_age_and_gender_of_an_audience_that_have_changed_places_are_told(self):
        data = json.dumps([{"age": "female", "gender": "18-24", "impressions": "3", "spend": "1.20"}])
        judgement = judge(find_feed("metaads/audience"), BytesContent(data.encode()), CAPTURE)
        told = [f.where.pointer for f in judgement.findings if f.code == "RZ-VALUE-UNUSUAL"]
        assert told == ["/0/age", "/0/gender"]


class TestColumnsOfRowsOfSeveralLengths:
    def test_are_not_transposed_again_for_each_column(self):
        """A wide table with one short row would be walked whole as often as it has columns."""

        class Row(list[int]):
            walked = 0

            def __iter__(self) -> Iterator[int]:
                Row.walked += 1
                return super().__iter__()

        rows = [Row(range(100)), Row(range(50))]
        reading = reading_of({"rows": rows})
        columns = [list(reading.column("/rows", position)) for position in (0, 49, 50, 99)]
        assert columns == [[0, 0], [49, 49], [50, None], [99, None]]
        assert Row.walked == len(rows)
