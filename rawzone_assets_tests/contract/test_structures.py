"""A structure that is recognised is the one that walking the document finds, and its document is usual."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract import structures
from rawzone_assets.contract.schemas import is_usual

OPEN = "social_media/spotify_metrics.v1.json"  # an object, of which no member is listed
LISTED = "toolost/spotify.v1.json"
SONGS = "social_media/spotify_songs_list.v1.json"  # an object, and a list of which the members are listed

# Few names and values, so that structures are often alike; names that a path could be mistaken for.
LEAVES = st.sampled_from([None, True, 0, 1.5, "", "x"])
NAMES = st.sampled_from(["a", "b", "*", "a/*", "b c", ""])
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3), max_leaves=8
)
DOCUMENTS = st.dictionaries(NAMES, VALUES, max_size=3)


@pytest.fixture(autouse=True)
def nothing_known() -> Iterator[None]:
    structures._known.cache_clear()
    yield
    structures._known.cache_clear()


def meet(schema: str, document: object, times: int = 2) -> structures.Structure:
    return [structures.structure_of(document, usual_for=schema) for _ in range(times)][-1]


@given(st.lists(DOCUMENTS, min_size=1, max_size=3), st.lists(DOCUMENTS, max_size=5))
def test_what_is_recognised_is_what_walking_finds(met, others):
    structures._known.cache_clear()
    for document in met:
        meet(OPEN, document)
    for document in (*met, *others):
        found = structures.recognized(OPEN, document)
        assert found in (None, structures.structure_of(document, usual_for=None))


def days(*streams: object) -> dict[str, list[dict[str, object]]]:
    return {"streams": [{"date": f"2025-01-0{n}", "streams": s} for n, s in enumerate(streams, 1)]}


@pytest.mark.parametrize("name", ["songs/*", "*", "songs/*/trackName", "/"])
def test_members_named_like_a_path_are_walked_as_ever(name):
    """The path of ``songs/*`` is that of what stands in ``songs``: nothing is learned from such a document."""
    document = {"songs": [{"trackName": "a", "numStreams": 1}], name: {"foo": 1}}
    for _ in range(3):
        assert structures.structure_of(document, usual_for=SONGS) == structures.structure_of(
            document, usual_for=None
        )
        assert structures.recognized(SONGS, document) is None


def test_a_structure_is_learned_once():
    """Of what the engine does not accept for another reason there may be many."""
    for _ in range(9):
        structures.structure_of(days("1"), usual_for=LISTED)
    assert len(structures._known(LISTED).engines) == 1


class TestRecognising:
    def test_needs_two_documents_of_a_structure(self):
        meet(LISTED, days("1", "2"), times=1)
        assert structures.recognized(LISTED, days("3")) is None
        known = meet(LISTED, days("1", "2"), times=1)
        assert structures.recognized(LISTED, days("3", "4", "5")) == known

    @pytest.mark.parametrize(
        "other",
        [
            days("1", 2),
            days(1, 2),
            days(),
            days("1", "two"),
            days("1", "-2"),
            {"streams": [{"date": "2025-02-30", "streams": "1"}]},
            {"streams": [{"date": "2025-01-01", "streams": "1", "more": 1}]},
            {"streams": [*days("1")["streams"], {"date": "2025-01-02"}]},
            days("1") | {"discovery": []},
            [],
        ],
    )
    def test_leaves_other_structures_and_unusual_values_alone(self, other):
        meet(LISTED, days("1", "2"))
        assert structures.recognized(LISTED, other) is None

    def test_takes_types_that_vary_and_members_that_some_records_lack(self):
        record = {"date": "2025-01-01", "streams": "1"}
        varied = days("1", 2) | {"discovery": [record, {"date": None, "fees": 1.5}]}
        known = meet(LISTED, varied)
        assert structures.recognized(LISTED, days(3, "4") | {"discovery": varied["discovery"]}) == known
        assert structures.recognized(LISTED, days(3, "4") | {"discovery": [record]}) is None

    def test_is_of_usual_documents_only(self):
        meet(LISTED, days("1", 2))
        for document in (days("1", 2), days("1", 10**15), days("1", 10**16)):
            assert is_usual(LISTED, document) or structures.recognized(LISTED, document) is None

    def test_remembers_few_structures_of_a_schema(self):
        for number in range(100):
            meet(OPEN, {f"2025-{number}": 1})
        assert len(structures._known(OPEN).engines) <= 4
