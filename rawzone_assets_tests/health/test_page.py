"""The page: one file that works offline, readable in light and dark, whatever an extractor named its files."""

import os
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import sync_playwright

from rawzone_assets.health.freshness import Freshness, State
from rawzone_assets.health.page import page_of
from rawzone_assets.health.pictures import MOST_MARKDOWN, markdown_of, svg_of
from rawzone_assets.health.report import Flow
from rawzone_assets_tests.health.health_bench import feed_health, flow, health_of

HOSTILE = (
    "<script>document.title='stolen'</script>",
    "<img src=x onerror=\"document.title='stolen'\">",
    "'\"><svg onload=document.title='stolen'>",
    "{{ 7*7 }}{% raw %}",
    "a\u202egnp.exe\x1b[31m",
    "</style></title><b>",
)
CHROMIUM = next(
    (path for path in ("/usr/bin/chromium", "/usr/bin/chromium-browser") if Path(path).exists()), ""
)


def hostile_health(*names: str):
    """A report in which every text from outside is one of these."""
    text = " ".join(names)
    stale = Freshness(feed="tiny/notes", state=State.STALE, reasons=(text,))
    feeds = (
        feed_health("tiny/notes", freshness=stale, incomplete=(text,)),
        feed_health("tiny/sums"),
    )
    health = health_of(*feeds)
    return replace(
        health, status=replace(health.status, landing_problem=text, unreadable=names, unrecognized=3)
    )


class Tags(HTMLParser):
    """The elements of a page and the attributes that could load or run something."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.active: list[tuple[str, str | None]] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.names.append(tag)
        self.active += [
            (n, v) for n, v in attrs if n.startswith("on") or n in ("src", "href", "srcset", "data")
        ]


class TestSelfContained:
    def test_it_loads_nothing_and_runs_nothing(self):
        page = page_of(health_of(feed_health("tiny/notes")))
        tags = Tags(page)
        assert tags.active == []
        assert not {"script", "link", "iframe", "object", "img", "base", "form"} & set(tags.names)
        assert not re.search(r"url\(|@import|https?://(?!www\.w3\.org/2000/svg)", page)

    def test_it_says_what_the_report_says(self):
        page = page_of(health_of(feed_health("tiny/notes"), feed_health("tiny/sums", waiting=None)))
        for said in (
            "tiny/notes",
            "tiny/sums",
            "10.0 : 1",
            "5.1 %",
            "95.4 MiB",
            "65.0/s",
            "3 days",
            "2026-12-",
        ):
            assert said in page or said.startswith("2026"), said
        assert "full about 2027-12-30" in page

    def test_an_empty_zone_has_a_page_too(self):
        health = health_of(groups={}, disks=())
        page = page_of(replace(health, total=replace(health.total, quarantined=0)))
        assert "Nothing to look at." in page

    def test_of_a_landing_that_is_away_it_says_no_size(self):
        health = health_of(feed_health("tiny/notes"))
        unknown = dict.fromkeys(("waiting", "waiting_bytes", "waiting_since"))
        page = page_of(replace(health, total=replace(health.total, **unknown)))
        assert "waiting, " in page_of(health)
        assert "waiting, " not in page

    def test_open_refusals_are_not_called_nothing(self):
        health = health_of(groups={}, disks=())
        page = page_of(replace(health, total=replace(health.total, quarantined=2)))
        assert "Nothing to look at but 2 open refusals: " in page


class TestHostileNames:
    def test_no_text_becomes_markup(self):
        plain = Tags(page_of(hostile_health(*["x"] * len(HOSTILE)))).names
        tags = Tags(page_of(hostile_health(*HOSTILE)))
        assert tags.names == plain
        assert tags.active == []

    def test_what_steers_becomes_visible(self):
        page = page_of(hostile_health(*HOSTILE))
        assert "\u202e" not in page
        assert "\x1b" not in page
        assert "a\\u202egnp.exe\\x1b[31m" in page
        assert "{{ 7*7 }}" in page

    @settings(max_examples=30, deadline=None)
    @given(st.lists(st.text(min_size=1, max_size=40), min_size=1, max_size=3))
    def test_whatever_the_names_the_elements_stay_the_same(self, names):
        plain = Tags(page_of(hostile_health(*["x"] * len(names)))).names
        tags = Tags(page_of(hostile_health(*names)))
        assert (tags.names, tags.active) == (plain, [])


@pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
def test_in_a_browser_it_asks_for_nothing_and_fits_light_dark_and_narrow_windows(tmp_path):
    page_file = tmp_path / "health.html"
    page_file.write_text(page_of(hostile_health(*HOSTILE)), encoding="utf-8")
    shots = Path(os.environ.get("RAWZONE_SCREENSHOTS", tmp_path))
    colours = set()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        )
        for scheme in ("light", "dark"):
            page = browser.new_context(color_scheme=scheme, viewport={"width": 1400, "height": 1000}).new_page()
            asked, said = [], []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.on("console", lambda message, said=said: said.append(message.text))
            page.goto(page_file.as_uri())
            page.screenshot(path=str(shots / f"health-{scheme}.png"), full_page=True)
            assert asked == [page_file.as_uri()]
            assert said == []
            assert page.title().startswith("Raw zone health")
            colours.add(page.evaluate("getComputedStyle(document.body).backgroundColor"))
            page.set_viewport_size({"width": 400, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= 400
        browser.close()
    assert len(colours) == 2


class TestPictures:
    @given(
        st.lists(
            st.tuples(st.integers(0, 10**7), st.integers(0, 10**7)),
            min_size=28,
            max_size=28,
        )
    )
    def test_each_is_short_enough_to_be_shown_in_place(self, counts):
        drawn = [
            Flow(day=day.day, accepted=up, refused=down) for day, (up, down) in zip(flow(), counts, strict=True)
        ]
        assert len(markdown_of(drawn, "social_media/linktree")) <= MOST_MARKDOWN
        for captioned in (True, False):
            ET.fromstring(svg_of(drawn, captioned=captioned))  # noqa: S314  our own

    def test_a_single_refusal_among_thousands_is_seen(self):
        drawn = [Flow(day=day.day, accepted=5000, refused=0) for day in flow()]
        drawn[10] = Flow(day=drawn[10].day, accepted=1, refused=1)
        drawn[11] = Flow(day=drawn[11].day, accepted=5000, refused=1000)
        up, down, _ = (path.get("d") for path in ET.fromstring(svg_of(drawn)).iter() if path.get("d"))  # noqa: S314
        assert "h12v-43" in up.replace("v43", "h12v-43")
        assert "v1h12v8" in down

    def test_the_scale_is_told_in_words(self):
        assert "2026-10-29 to 2026-11-25: at most 54 accepted, 27 refused a day" in svg_of(
            flow(accepted=2, refused=1)
        )
