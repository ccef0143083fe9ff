"""Of a document with a fault of its schema and one of its days or records both are told, and nothing else.

An engineer mends what was told and lands the file again: a fault that another one hides costs a second round.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from judging_support import DAY, Judged, judged

from rawzone_assets.contract.pointers import parts_of
from rawzone_assets.contract.refused_parts import PartRefusedError, RefusedParts
from rawzone_assets.samples.distrokid_apple_music import good_apple_page
from rawzone_assets.samples.distrokid_pages import good_page

Fault = Callable[[Any], None]


def at(document: Any, pointer: str) -> tuple[Any, Any]:
    """What holds the place, and its key there."""
    *parts, last = [int(part) if part.isdecimal() else part for part in parts_of(pointer)]
    for part in parts:
        document = document[part]
    return document, last


def put(pointer: str, value: Any) -> Fault:
    def fault(document: Any) -> None:
        holder, key = at(document, pointer)
        holder[key] = value

    return fault


def without(pointer: str) -> Fault:
    def fault(document: Any) -> None:
        holder, key = at(document, pointer)
        del holder[key]

    return fault


def same(pointer: str, other: str) -> Fault:
    """The place holds what stands at another one."""

    def fault(document: Any) -> None:
        holder, key = at(document, pointer)
        there, name = at(document, other)
        holder[key] = there[name]

    return fault


@dataclass(frozen=True, kw_only=True)
class Document:
    """A good document of a feed, faults that its schema refuses, and those that only rules find."""

    feed: str
    good: Any
    of_schema: Mapping[str, Fault]
    of_rules: Mapping[str, Fault]
    written: Callable[[Any], bytes] = lambda document: json.dumps(document).encode()
    day: date = DAY

    def judged(self, *faults: Fault) -> Judged:
        document = copy.deepcopy(self.good)
        for fault in faults:
            fault(document)
        return judged(self.feed, self.written(document), self.day)


def days(count: int, member: str = "date", **members: Any) -> list[dict[str, Any]]:
    return [{member: (DAY - timedelta(days=ago)).isoformat(), **members} for ago in range(count, 0, -1)]


def streams_page(charts: Any) -> bytes:
    page = good_page(DAY, Random(1), length=60)
    return page.with_chart("trend365day", charts["trend365day"]).encoded()


def apple_page(data: Any) -> bytes:
    page = good_apple_page(DAY, Random(1))
    value = json.dumps(data)
    return type(page)(data=page.data, printed=page.printed, value=value).encoded()


OVERVIEW = "/data/getAccountAnalytics/overview"
FUTURE = "2025-08-01"
LATE = "2025-08-01T09:00:00+0000"

DOCUMENTS = [
    Document(
        feed="toolost/spotify",
        good={"streams": days(30, streams="12"), "discovery": []},
        of_schema={
            "a negative count": put("/streams/3/streams", -1),
            "a count missing": without("/streams/3/streams"),
            "a day of another form": put("/streams/3/date", "10/06/2025"),
            "a part of another kind": put("/discovery", 7),
        },
        of_rules={
            "a day twice": same("/streams/9/date", "/streams/8/date"),
            "a day to come": put("/streams/9/date", FUTURE),
        },
    ),
    Document(
        feed="toolost/analytics",
        good={
            "totalStreams": days(30, streams=12),
            "totalShazam": days(30, streams="1"),
            "tracksTotal": [],
            "countryTotal": [],
            "streamTotal": 360,
        },
        of_schema={
            "a negative count": put("/totalStreams/3/streams", -1),
            "a negative Shazam": put("/totalShazam/3/streams", "-1"),
            "a day missing": without("/totalShazam/4/date"),
        },
        of_rules={
            "a day twice": same("/totalStreams/9/date", "/totalStreams/8/date"),
            "a Shazam day twice": same("/totalShazam/9/date", "/totalShazam/8/date"),
            "a Shazam day to come": put("/totalShazam/9/date", FUTURE),
        },
    ),
    Document(
        feed="social_media/linktree",
        good={
            "data": {
                "getAccountAnalytics": {
                    "overview": {
                        "totalViews": 120,
                        "totalClicks": 60,
                        "clickThroughRate": 0.5,
                        "timeseries": days(30, totalViews=4, totalClicks=2, uniqueViews=3),
                    }
                }
            }
        },
        of_schema={
            "a negative count": put(f"{OVERVIEW}/timeseries/3/totalClicks", -1),
            "a total of another kind": put(f"{OVERVIEW}/totalViews", "many"),
            "a day of another form": put(f"{OVERVIEW}/timeseries/3/date", "10/06/2025"),
        },
        of_rules={
            "a day twice": same(f"{OVERVIEW}/timeseries/9/date", f"{OVERVIEW}/timeseries/8/date"),
            "a day to come": put(f"{OVERVIEW}/timeseries/9/date", FUTURE),
        },
    ),
    Document(
        feed="metaads/campaigns",
        good=[
            {
                "id": str(n) * 15,
                "name": f"Release {n}",
                "status": "ACTIVE",
                "objective": "OUTCOME_TRAFFIC",
                "created_time": "2025-05-01T09:00:00+0000",
                "updated_time": "2025-05-02T09:00:00+0000",
            }
            for n in range(1, 8)
        ],
        of_schema={
            "a name missing": without("/3/name"),
            "a name of another kind": put("/3/name", 7),
        },
        of_rules={
            "an id twice": same("/5/id", "/4/id"),
            "a time to come": put("/5/updated_time", LATE),
        },
    ),
    Document(
        feed="metaads/audience",
        good=[
            {
                "account_id": "1" * 12,
                "date_start": "2025-05-01",
                "date_stop": "2025-06-01",
                "age": f"{n}5-{n}9",
                "spend": "1.25",
                "impressions": "100",
            }
            for n in range(1, 8)
        ],
        of_schema={
            "a negative amount": put("/3/spend", "-1.25"),
            "a count of another kind": put("/3/impressions", {}),
        },
        of_rules={
            "a record twice": same("/5/age", "/4/age"),
            "another account": put("/5/account_id", "2" * 12),
            "a range that ends before it begins": put("/5/date_start", "2025-06-09"),
            "a day to come": put("/5/date_stop", FUTURE),
        },
    ),
    Document(
        feed="tiktok/trends",
        good={
            "code": 0,
            "data": {
                "list": [
                    {
                        "hashtag_id": str(n) * 8,
                        "hashtag_name": f"song{n}",
                        "publish_cnt": n,
                        "video_views": n * 9,
                        "trend": [{"time": 1749340800, "value": 0.5}],
                    }
                    for n in range(1, 8)
                ]
            },
        },
        of_schema={"a negative count": put("/data/list/3/video_views", -1)},
        of_rules={
            "a hashtag twice": same("/data/list/5/hashtag_id", "/data/list/4/hashtag_id"),
            "a time to come": put("/data/list/5/trend/0/time", 1849340800),
        },
    ),
    Document(
        feed="distrokid/streams",
        good={"trend365day": good_page(DAY, Random(1), length=60).charts["trend365day"]},
        of_schema={
            "a negative count": put("/trend365day/3/column-1", -1),
            "a day of another form": put("/trend365day/3/category", "10/06/2025"),
        },
        of_rules={
            "a day twice": same("/trend365day/9/category", "/trend365day/8/category"),
            "a day to come": put("/trend365day/9/category", FUTURE),
        },
        written=streams_page,
    ),
    Document(
        feed="distrokid/apple_music",
        good=good_apple_page(DAY, Random(1)).data,
        of_schema={
            "a negative count": put("/last365days/dataProvider/3/value", -1),
            "a day of another form": put("/last365days/dataProvider/3/field", "10/06/2025"),
        },
        of_rules={
            "a day twice": same("/last365days/dataProvider/9/field", "/last365days/dataProvider/8/field"),
            "a day to come": put("/last365days/dataProvider/9/field", FUTURE),
        },
        written=apple_page,
    ),
]


def cases() -> list[Any]:
    return [
        pytest.param(document, of_schema, of_rules, id=f"{document.feed}: {one}, {other}")
        for document in DOCUMENTS
        for one, of_schema in document.of_schema.items()
        for other, of_rules in document.of_rules.items()
    ]


def blocking(found: Judged) -> set[tuple[str, str | None]]:
    return {
        (finding.code, finding.where.pointer if finding.where else None)
        for finding in found.judgement.findings
        if finding.blocking
    }


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.feed)
def test_the_document_itself_is_good(document: Document):
    assert document.judged().blocking == []


@pytest.mark.parametrize(("document", "of_schema", "of_rules"), cases())
def test_both_faults_are_told_as_each_alone(document: Document, of_schema: Fault, of_rules: Fault):
    one, other = blocking(document.judged(of_schema)), blocking(document.judged(of_rules))
    assert len(one) == 1
    assert len(other) == 1
    assert blocking(document.judged(of_schema, of_rules)) == one | other


class TestWhatFollowsFromARefusedPart:
    """A rule that has nothing to judge by but what was refused says nothing."""

    def test_a_sum_is_not_drawn_from_figures_of_which_one_was_refused(self):
        linktree = DOCUMENTS[2]
        found = linktree.judged(put(f"{OVERVIEW}/timeseries/3/totalClicks", -1))
        assert found.codes == ["RZ-NEGATIVE-COUNT"]

    def test_records_are_not_compared_by_a_member_of_which_one_was_refused(self):
        audience = DOCUMENTS[4]
        found = audience.judged(put("/3/account_id", 7), put("/5/account_id", "2" * 12))
        assert found.codes == ["RZ-NUMERIC-ID"]

    def test_gaps_are_not_counted_among_days_of_which_one_was_refused(self):
        streams = DOCUMENTS[6]
        found = streams.judged(put("/trend365day/3/category", "10/06/2025"))
        assert found.codes == ["RZ-SPREADSHEET-DAMAGE"]

    def test_a_document_of_more_refusals_than_are_told_is_not_judged_by_rules(self):
        document = {"streams": [{"date": "2025-06-10", "streams": -1}] * 300, "discovery": []}
        assert set(judged("toolost/spotify", json.dumps(document).encode()).codes) == {"RZ-NEGATIVE-COUNT"}

    def test_a_list_of_which_a_record_is_none_is_not_judged_by_rules(self):
        spotify = DOCUMENTS[0]
        found = spotify.judged(put("/streams/3", 7), same("/streams/9/date", "/streams/8/date"))
        assert found.codes == ["RZ-SHAPE"]


class TestFacts:
    """What a refused delivery speaks of is told as far as it can be read."""

    def test_the_days_of_a_document_with_a_refused_count_are_those_it_tells(self):
        facts = DOCUMENTS[0].judged(put("/streams/3/streams", -1)).facts
        assert (facts.records, facts.data_min, facts.data_max) == (30, "2025-05-13", "2025-06-11")

    def test_a_day_that_was_refused_is_not_among_them(self):
        facts = DOCUMENTS[0].judged(put("/streams/29/date", "12/06/2025")).facts
        assert (facts.data_min, facts.data_max) == ("2025-05-13", "2025-06-10")

    def test_nothing_of_a_refused_document_is_compared_with_other_deliveries(self):
        assert DOCUMENTS[0].judged().facts.diary is not None
        assert DOCUMENTS[0].judged(put("/streams/3/streams", -1)).facts.diary is None


def test_a_member_under_another_name_is_told_beside_the_one_that_is_missing():
    """A source that renames a member is understood at once."""
    document = {"streams": [{"date": "2025-06-10", "stream_count": 1}], "discovery": []}
    assert judged("toolost/spotify", json.dumps(document).encode()).codes == [
        "RZ-MISSING-FIELD",
        "RZ-UNKNOWN-FIELD",
    ]


@pytest.mark.parametrize(
    ("asked", "is_given"),
    [(("a", "b"), False), (("a",), False), ((), False), (("a", "b", 0), False), (("c",), True)],
)
def test_nothing_is_given_out_of_what_was_refused_above_or_below_it(
    asked: tuple[str | int, ...], *, is_given: bool
):
    refused = RefusedParts(parts=frozenset({("a", "b")}))
    assert refused.covers(asked) == (asked[:2] == ("a", "b"))
    if is_given:
        refused.demand_value(asked)
    else:
        with pytest.raises(PartRefusedError):
            refused.demand_value(asked)
