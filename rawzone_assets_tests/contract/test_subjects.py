"""Subjects: the deliveries of two accounts do not follow one another."""

from __future__ import annotations

from dataclasses import replace

import pytest

from rawzone_assets.contract.stored_names import subject_of
from rawzone_assets.platforms import find_feed

FEED = replace(
    find_feed("toolost/spotify"),
    names=("audience_<id>_<ts>.csv", "songs_<any>_<ts>.csv", "of_<handle>_<ts>.zip", "plain_<ts>.csv"),
)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("audience_4Abc_20250612.csv", "audience_4Abc_20250613_100000.csv", True),
        ("audience_4Abc_20250612.csv", "audience_9Xyz_20250612.csv", False),
        ("of_the.label_20250612.zip", "of_the.label_20250613.zip", True),
        ("of_the.label_20250612.zip", "of_another_20250612.zip", False),
        ("songs_2-all_20250612.csv", "songs_3-all_20250612.csv", True),  # a number is no name
        ("audience_4Abc1_20250612.csv", "audience_4Abc2_20250612.csv", False),
        ("of_artist.01_20250612.zip", "of_artist02_20250612.zip", False),
        ("songs_7day_20250612.csv", "songs_28day_20250612.csv", False),
        ("songs_all_20250612.csv", "songs_new_20250612.csv", False),
        ("plain_20250612.csv", "plain_20250613_100000.csv", True),
        ("plain_20250612.csv", "some other name", True),
    ],
)
def test_names_of_one_subject_differ_in_their_stamps_only(one: str, other: str, *, same: bool):
    assert (subject_of(FEED, one) == subject_of(FEED, other)) is same
