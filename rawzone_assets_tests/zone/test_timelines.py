"""Timelines: what stands before a delivery, whether it is in the ledger or came earlier in the batch."""

from __future__ import annotations

import heapq
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.contract.volume import Volume
from rawzone_assets.zone import timelines
from rawzone_assets.zone.index_database import open_database
from rawzone_assets.zone.past_lookups import Accepted, PastLookups
from rawzone_assets.zone.timelines import Timeline

FORM = 7
_STORE = "INSERT INTO receipt (seq, landing_path, form, name, captured_at, verdict) VALUES (1, '', ?, ?, ?, ?)"
TIMES = st.sampled_from([f"2025-06-{day:02d}" for day in range(1, 13)])
STORED = st.lists(st.tuples(TIMES, st.sampled_from(["promoted", "promoted", "duplicate", "quarantined"])))
BATCH = st.lists(st.tuples(TIMES, st.integers(0, 40)), min_size=1)


def accepted(name: str, captured_at: str) -> Accepted:
    volume = Volume(size=None, records=None)
    return Accepted(
        name=name, captured_at=captured_at, volume=volume, substance=None, fingerprint=None, diary=None
    )


class Simple:
    """The model: for every delivery all is put in order anew."""

    def __init__(self, stored: list[tuple[str, str]]) -> None:
        self.stored = [
            accepted(f"stored {n}", at) for n, (at, verdict) in enumerate(stored) if verdict != "quarantined"
        ]
        self.joined: list[Accepted] = []

    def before(self, captured_at: str) -> list[Accepted]:
        joined, stored = (
            sorted((known for known in reversed(of) if known.captured_at <= captured_at), key=_at, reverse=True)
            for of in (self.joined, self.stored)
        )
        return list(heapq.merge(joined, stored, key=_at, reverse=True))


def _at(known: Accepted) -> str:
    return known.captured_at


@pytest.fixture(scope="module", params=[1, 2, timelines._AT_FIRST])
def read_at_first(request, module_patch) -> int:
    """The ledger is read in pieces, whose sizes must not show."""
    module_patch.setattr(timelines, "_AT_FIRST", request.param)
    return request.param


@pytest.fixture(scope="module")
def module_patch():
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@given(stored=STORED, batch=BATCH, in_order=st.booleans())
def test_a_timeline_tells_what_putting_all_in_order_tells(read_at_first, stored, batch, in_order):
    """Whatever lies in the ledger, in whatever order a batch comes, and however far back anybody looks."""
    database = open_database(None)
    for name, (at, verdict) in enumerate(stored):
        for form in (FORM, FORM + 1):
            database.execute(_STORE, (form, f"stored {name}", at, verdict))
    simple, timeline = Simple(stored), Timeline(PastLookups(database), FORM)
    for number, (at, most) in enumerate(sorted(batch) if in_order else batch):
        assert list(islice(timeline.before(at), most)) == simple.before(at)[:most]
        for one in (simple.joined.append, timeline.add):
            one(accepted(f"joined {number}", at))
    database.close()


def test_what_comes_in_order_of_capture_reads_the_ledger_once():
    """A batch of 256 costs two look-ups, not 512."""
    database = open_database(None)
    for number in range(100):
        database.execute(_STORE, (FORM, f"stored {number}", f"2024-01-01 {number:03d}", "promoted"))
    timeline = Timeline(PastLookups(database), FORM)
    asked: list[str] = []
    database.set_trace_callback(asked.append)
    for number in range(256):
        at = f"2025-01-01 {number:03d}"
        assert len(list(islice(timeline.before(at), 20))) == 20
        timeline.add(accepted(f"joined {number}", at))
    assert len(asked) == 2
    database.close()
