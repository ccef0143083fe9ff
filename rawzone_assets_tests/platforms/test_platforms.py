"""Platforms are data: complete, free of contradictions, and added by adding one file."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from rawzone_assets import platforms
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.findings import Role
from rawzone_assets.contract.naming import Recognized, recognize
from rawzone_assets.contract.schemas import load_schema
from rawzone_assets.contract.table_shapes import checks_of, shape_of
from rawzone_assets.contract.tables import TableFormat
from rawzone_assets.platforms import all_feeds, all_platforms, checked, find_feed

# The check names that the specification gives the feeds, in its words.
SPECIFIED = {
    "distrokid/streams": {"html_structure", "required_fields", "data_types", "timestamp_consistency"},
    "distrokid/sales": {"schema_compliance", "required_fields", "data_types", "timestamp_consistency"},
    "toolost/spotify": {"json_schema", "response_completeness", "data_freshness", "platform_consistency"},
    "toolost/analytics": {"json_schema", "response_completeness", "data_freshness", "platform_consistency"},
}


@pytest.mark.parametrize("feed", all_feeds(), ids=lambda feed: feed.id)
class TestEachFeed:
    """A feed names everything that the rest of the house needs to know about it."""

    def test_has_a_schema_of_its_version(self, feed: Feed):
        for schema in feed.schemas:  # a feed of several forms has one for each
            assert schema.startswith(feed.id.split("/")[0])
            assert schema.endswith(f".v{feed.version}.json")
            assert load_schema(schema).document["title"]

    def test_describes_itself_for_the_catalogue(self, feed: Feed):
        for part in ("**Covers**", "**Legitimate**", "**Blocks**"):
            assert part in feed.description

    def test_answers_for_every_role(self, feed: Feed):
        assert set(Role) - {Role.INTEGRITY} <= set(feed.checks)
        assert len(feed.check_names) <= 4

    def test_expects_data_no_older_than_it_accepts(self, feed: Feed):
        assert 0 <= feed.cadence.lag_days < feed.cadence.stale_after_days
        assert feed.cadence.every.days >= 1

    def test_makes_only_demands_that_tables_can_make(self, feed: Feed):
        if isinstance(feed.format, TableFormat):
            for column in shape_of(feed.schema).columns.values():
                checks_of(column)


@pytest.mark.parametrize(("feed", "names"), SPECIFIED.items())
def test_checks_bear_the_specifications_names(feed: str, names: set[str]):
    found = find_feed(feed)
    assert found is not None
    assert set(found.check_names) == names


@pytest.mark.parametrize(
    ("feed", "by_month"),
    [
        ("distrokid/streams", True),
        ("distrokid/sales", False),
        ("toolost/spotify", False),
        ("toolost/analytics", False),
    ],
)
def test_folders_are_as_deep_as_the_specifications_tree(feed: str, *, by_month: bool):
    found = find_feed(feed)
    assert found is not None
    assert found.by_month is by_month


def test_a_feed_nobody_declares_is_none():
    assert find_feed("distrokid/nothing") is None


class TestContradictions:
    """Two declarations that claim the same thing are refused when platforms are read."""

    def test_the_same_platform_twice(self):
        first = all_platforms()[0]
        with pytest.raises(ValueError, match="platform id 'distrokid' is declared twice"):
            checked([first, first])

    def test_the_same_folder_twice(self):
        first, second = all_platforms()[:2]
        with pytest.raises(ValueError, match="landing folder"):
            checked([first, replace(second, folders=(first.id,))])

    def test_the_same_name_twice(self):
        platform = find_platform("distrokid")
        copy = replace(platform.feeds[0], id="distrokid/copy")
        with pytest.raises(ValueError, match="file name of distrokid"):
            checked([replace(platform, feeds=(*platform.feeds, copy))])

    def test_a_feed_of_another_platform(self):
        platform = find_platform("distrokid")
        with pytest.raises(ValueError, match="does not belong"):
            checked([replace(platform, feeds=find_platform("toolost").feeds)])

    def test_a_role_without_a_check(self):
        platform = find_platform("distrokid")
        feed = replace(platform.feeds[0], checks={Role.STRUCTURE: "structure"})
        with pytest.raises(ValueError, match="names no check for"):
            checked([replace(platform, feeds=(feed,))])


def find_platform(name: str):
    return next(platform for platform in all_platforms() if platform.id == name)


MODULE = '''
"""A platform made up by a test."""

from dataclasses import replace
from rawzone_assets.platforms.toolost import PLATFORM as SOURCE

FEED = replace(SOURCE.feeds[0], id="newcomer/plays", names=("plays_<ts>.json",))
PLATFORM = replace(SOURCE, id="newcomer", title="Newcomer", feeds=(FEED,), extractor_logs=())
'''


def test_a_new_platform_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "newcomer.py").write_text(MODULE)
    monkeypatch.setattr(platforms, "__path__", [*platforms.__path__, str(tmp_path)])
    all_platforms.cache_clear()
    try:
        assert find_feed("newcomer/plays") is not None
        found = recognize("newcomer/plays_20250612.json", all_platforms())
        assert isinstance(found, Recognized)
        assert found.feed.id == "newcomer/plays"
    finally:
        all_platforms.cache_clear()
        sys.modules.pop("rawzone_assets.platforms.newcomer", None)
