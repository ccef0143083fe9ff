"""What a process loads of platforms: what is declared when it asks for it, what judges when it is to judge."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from rawzone_assets.platforms import all_platforms, find_feed

EXAMINATIONS = {"table_examination", "json_examination", "page_examination", "chart_blocks"}


def loaded_by(program: str) -> set[str]:
    """The modules of platforms and contract that a fresh process has loaded at its end, by their last names."""
    told = "\nimport json, sys; print(json.dumps([name for name in sys.modules if 'rawzone' in name]))"
    done = subprocess.run([sys.executable, "-c", program + told], check=True, capture_output=True, text=True)
    return {name.rpartition(".")[2] for name in json.loads(done.stdout)}


class TestThePlatformOfAFeed:
    @pytest.mark.parametrize("platform", all_platforms(), ids=lambda platform: platform.id)
    def test_is_the_one_that_has_it(self, platform):
        for feed in platform.feeds:
            assert all_platforms(having=feed.id) == (platform,)
            assert find_feed(feed.id) is feed

    @pytest.mark.parametrize(
        "name", ["", "tiktok", "tiktok/none", "none/videos", "__init__", "distrokid/sales/"]
    )
    def test_is_none_where_none_has_it(self, name):
        assert all_platforms(having=name) == ()
        assert find_feed(name) is None

    @pytest.mark.parametrize(
        ("feed", "module"),
        [("metaads/daily", "metaads"), ("toolost/spotify", "toolost"), ("social_media/spotify", "spotify")],
    )
    def test_is_loaded_alone(self, feed, module):
        loaded = loaded_by(f"from rawzone_assets.platforms import find_feed; assert find_feed({feed!r})")
        others = {platform.id.rpartition("/")[2] for platform in all_platforms()} - {module}
        assert module in loaded
        assert not others & loaded

    def test_is_found_in_a_module_of_another_name(self, tmp_path):
        """Modules are mostly named as their platforms; nothing says that they must be."""
        (tmp_path / "shop.py").write_text(
            "from dataclasses import replace\nfrom rawzone_assets.platforms.metaads import PLATFORM\n"
            "FEED = replace(PLATFORM.feeds[0], id='market/sold')\n"
            "PLATFORM = replace(PLATFORM, id='market', feeds=(FEED,), folders=())\n"
        )
        loaded_by(
            f"from rawzone_assets import platforms\nplatforms.__path__.append({str(tmp_path)!r})\n"
            "assert platforms.find_feed('market/sold').id == 'market/sold'"
        )


class TestWhatJudges:
    def test_is_not_loaded_by_declaring(self):
        declared = loaded_by("from rawzone_assets.platforms import all_platforms; all_platforms()")
        assert {"tables", "json_documents", "html_pages"} <= declared
        assert not EXAMINATIONS & declared

    @pytest.mark.parametrize(
        ("feed", "expected"),
        [
            ("toolost/sales", {"table_examination"}),
            ("toolost/spotify", {"json_examination"}),
            ("distrokid/streams", {"page_examination"}),
            ("distrokid/apple_music", {"page_examination", "chart_blocks"}),
            ("tiktok/analytics", {"table_examination", "json_examination"}),
        ],
    )
    def test_is_loaded_whole_when_a_format_is_told_to(self, feed, expected):
        """All forms of a feed: nothing of ours is left for its first delivery to load."""
        program = (
            "from rawzone_assets.platforms import find_feed\n"
            f"feed = find_feed({feed!r})\n"
            "for form in (feed, *feed.variants): form.format.load()\n"
        )
        assert loaded_by(program) & EXAMINATIONS == expected
