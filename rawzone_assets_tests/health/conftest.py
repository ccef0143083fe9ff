"""A small zone for the tests of damage: built once, copied for each test."""

import shutil

import pytest

from rawzone_assets_tests.zone.tiny_platform import LandingFolder, open_zone, promote_all


@pytest.fixture(scope="session")
def sound_home(tmp_path_factory):
    """A zone of two commits with an object, a revision, a duplicate and two refusals of the same bytes."""
    home = tmp_path_factory.mktemp("sound")
    landing = LandingFolder(home)
    landing.put_all(
        {
            "tiny/note_20240522_143022.txt": b"one\n" * 20,
            "tiny/note_20240523.txt": b"one\n" * 20,
            "tiny/note_20240524.zip": b"PK not really",
            "tiny/sum_20240522.csv": b"bad, but kept",
            "tiny/sum_20240523.csv": b"bad, but kept",
        }
    )
    with open_zone(home) as zone:
        promote_all(zone)
        landing.put("tiny/note_20240522_143022.txt", b"two\n" * 20)
        promote_all(zone)
    return home


@pytest.fixture
def home(sound_home, tmp_path):
    copy = tmp_path / "zone"
    shutil.copytree(sound_home, copy)
    return copy
