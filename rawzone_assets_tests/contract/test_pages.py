"""'one page of many': what is absent would pass for deleted, so such an answer is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.pages import other_pages
from rawzone_assets.platforms import all_platforms

TOKEN = "CAoQAA8h2kQ"  # noqa: S105  made up


@pytest.mark.parametrize(
    ("answer", "where"),
    [
        ({"nextPageToken": TOKEN}, "/nextPageToken"),
        (
            {"data": [], "paging": {"cursors": {"after": "x"}, "next": "https://graph.example/x"}},
            "/paging/next",
        ),
        ({"data": [], "paging": {"previous": "https://graph.example/x"}}, "/paging/previous"),
        ({"data": {"videos": [1], "cursor": 20, "has_more": True}}, "/data/has_more"),
        ({"data": {"list": [1], "page_info": {"page": 1, "total_page": 3}}}, "/data/page_info/total_page"),
        ({"data": {"list": [1], "pagination": {"has_more": "true"}}}, "/data/pagination/has_more"),
        ({"data": [1], "meta": {"current_page": 1, "last_page": "4"}}, "/meta/last_page"),
        ({"data": [1], "links": {"next": "https://api.example/x?page=2"}}, "/links/next"),
        ({"songs": [1], "pageInfo": {"hasNextPage": True}}, "/pageInfo/hasNextPage"),
    ],
)
def test_an_answer_says_where_that_it_has_other_pages(answer: Any, where: str):
    assert ["/" + "/".join(parts) for parts in other_pages(answer)] == [where]


@pytest.mark.parametrize(
    "answer",
    [
        [{"next": "https://graph.example/x"}],
        {"data": [{"has_more": True}], "paging": {"cursors": {"before": "x", "after": "y"}}},
        {"data": {"videos": [], "cursor": 20, "has_more": False}},
        {"data": {"list": [], "page_info": {"page": 1, "total_page": 1}}},
        {"nextPageToken": "", "next": "whatever", "data": {"pagination": None}},
        {"meta": {"last_page": "many", "total_pages": True}, "links": {"next": None}},
        None,
    ],
)
def test_a_whole_answer_says_nothing_of_it(answer: Any):
    assert list(other_pages(answer)) == []


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["data", "paging", "next", "has_more", "last_page"]), inner)
        ),
    )
)
def test_any_answer_is_read(answer: Any):
    assert all(parts for parts in other_pages(answer))


YOUTUBE = {
    "kind": "youtubeAnalytics#resultTable",
    "columnHeaders": [{"name": "views", "columnType": "METRIC", "dataType": "INTEGER"}],
    "rows": [[1]],
}
SPOTIFY = {"streams": [{"date": "2025-06-10", "streams": 7}], "discovery": []}


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        ("youtube/channel_analytics_20250612.json", YOUTUBE | {"nextPageToken": TOKEN}),
        (
            "tiktok/tiktok_analytics_20250612.json",
            {"data": {"videos": [{"id": "7"}], "cursor": 9, "has_more": True}},
        ),
        (
            "tiktok/tiktok_analytics_20250612.json",
            {"code": 0, "data": {"list": [1], "page_info": {"total_page": 2}}},
        ),
        (
            "toolost/toolost_spotify_20250612_100000.json",
            SPOTIFY | {"links": {"next": f"https://x.example/?t={TOKEN}"}},
        ),
    ],
)
def test_one_page_of_many_is_refused_under_completeness_without_its_token(path: str, answer: Any):
    (finding,) = [f for f in findings(path, answer) if f.blocking]
    assert finding.code == "RZ-MORE-PAGES"
    assert finding.check in {"completeness", "response_completeness"}
    assert finding.where
    assert TOKEN not in finding.message + str(finding.where)


def test_the_top_of_a_list_of_trends_is_a_whole_delivery():
    pagination = {"page": 1, "size": 20, "total": 4000, "has_more": True}
    answer = {"code": 0, "data": {"list": [{"hashtag_id": "1", "hashtag_name": "x"}], "pagination": pagination}}
    assert findings("tiktok/tiktok_trends_20250612.json", answer) == ()


def findings(path: str, answer: Any) -> Any:
    found = recognize(path, all_platforms())
    assert isinstance(found, Recognized)
    return judge(found.feed, BytesContent(orjson.dumps(answer)), found.capture).findings
