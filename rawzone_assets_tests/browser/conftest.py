"""Chromium, the demo zone and a folder for pictures: see ``demo_zone``.

Pictures are written to ``RAWZONE_SCREENSHOTS``, else below pytest's temporary folder; the end of the run says
where.
"""

import os
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from rawzone_assets_tests.browser import demo_zone


def pytest_collection_modifyitems(items):
    """Where there is no browser, what needs one is skipped and says so."""
    missing = None if Path(demo_zone.CHROMIUM).exists() else f"{demo_zone.CHROMIUM} is not installed"
    for item in items:
        if missing and item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=missing))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A copy of the demo zone, outside of deep folders: the socket of a code server must have a short path.

    A run that Dagster was asked to end may still write while the folder goes.
    """
    shared = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        shared = shared.parent
    with tempfile.TemporaryDirectory(prefix="rawzone-ui-", ignore_cleanup_errors=True) as folder:
        yield demo_zone.copy_demo(shared, Path(folder).resolve() / "data")


@pytest.fixture(scope="session")
def pictures(tmp_path_factory):
    chosen = os.environ.get("RAWZONE_SCREENSHOTS")
    folder = Path(chosen) if chosen else tmp_path_factory.getbasetemp() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="module")
def chromium():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=demo_zone.CHROMIUM, args=demo_zone.FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def look(pictures, tell):
    """Take a picture of a page for people to look at."""

    def take(page, name, *, height=1100):
        path = pictures / f"{name}.png"
        page.set_viewport_size({"width": 1500, "height": height})
        page.screenshot(path=path)
        tell(f"picture: {path}")

    return take
