"""Operations: a good answer to another question is refused, and nothing is mistaken for one."""

from __future__ import annotations

import pytest

from rawzone_assets.contract.operations import Operation

OVERVIEW = Operation(path="/data/getAccountAnalytics/overview")
TABLE = Operation(path="/kind", kind="youtubeAnalytics#resultTable")


class TestToldByItsPart:
    """FORMATS 6: decide by data.<key> path; the file name says nothing about the operation."""

    @pytest.mark.parametrize(
        ("answer", "place"),
        [
            ({"data": {"currentUser": {}}}, ("data", "currentUser")),
            ({"data": {"getAccountAnalytics": {"links": []}}}, ("data", "getAccountAnalytics", "links")),
            ({"data": {"__typename": "Query", "flags": {}}}, ("data", "flags")),
        ],
    )
    def test_another_answer_is_placed_where_it_parts(self, answer, place):
        objection = OVERVIEW.objection(answer)
        assert objection
        assert objection[0] == place
        assert "/data/getAccountAnalytics/overview is absent" in objection[1]

    @pytest.mark.parametrize(
        "answer",
        [
            {"data": {"getAccountAnalytics": {"overview": {}}}},
            {"data": {"getAccountAnalytics": {"overview": None, "links": []}}},
            {"data": {"getAccountAnalytics": {}}},
            {"data": {"getAccountAnalytics": {"__typename": "AccountAnalytics"}}},
            {"data": {}},
            {"data": None},
            {"data": []},
            {"streams": []},
            [],
            None,
            "data",
        ],
    )
    def test_the_wanted_answer_and_what_is_no_answer_are_left_to_the_schema(self, answer):
        assert OVERVIEW.objection(answer) is None


class TestToldByItsKind:
    """FORMATS 7: the Data API's channelListResponse is another thing."""

    def test_another_kind_is_refused_without_repeating_it(self):
        objection = TABLE.objection({"kind": "youtube#channelListResponse"})
        assert objection
        assert objection[0] == ("kind",)
        assert "channelListResponse" not in objection[1]

    @pytest.mark.parametrize("answer", [{"kind": "youtubeAnalytics#resultTable"}, {}, {"kind": None}, [], None])
    def test_the_same_kind_and_none_are_accepted(self, answer):
        assert TABLE.objection(answer) is None
