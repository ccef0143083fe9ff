"""Throughput: files by time at work, counted from the ledger's batches."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from rawzone_assets.health.throughput import Throughput, throughput_of
from rawzone_assets.zone.index_tallies import Batch
from rawzone_assets.zone.receipt import timestamp

START = datetime(2024, 6, 1, tzinfo=UTC)


def batch(began: int, ended: int, *, files: int = 1, size: int = 10) -> Batch:
    return Batch(
        seq=0,
        feed="tiny/notes",
        began=timestamp(START + timedelta(seconds=began)),
        at=timestamp(START + timedelta(seconds=ended)),
        receipts=files,
        size=size,
        stored_size=0,
    )


class TestThroughput:
    def test_waits_between_batches_do_not_count(self):
        found = throughput_of([batch(0, 10, files=100, size=1000), batch(500, 510, files=100, size=3000)])
        assert (found.files_per_second, found.bytes_per_second) == (10.0, 200.0)

    def test_batches_at_the_same_time_count_their_time_once(self):
        assert throughput_of([batch(0, 10, files=50), batch(5, 10, files=50)]).files_per_second == 10.0

    def test_what_was_interrupted_and_finished_later_says_nothing(self):
        found = throughput_of([batch(0, 10, files=20), batch(20, 90_000, files=1)])
        assert (found.files, found.seconds) == (20, 10.0)

    def test_without_time_there_is_no_speed(self):
        assert throughput_of([]) == Throughput()
        assert throughput_of([batch(3, 3), replace(batch(0, 9), began=None)]) == Throughput()
        assert Throughput().bytes_per_second is None


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=12))
def test_time_at_work_is_the_seconds_in_which_any_batch_was(spans):
    busy = {second for began, length in spans for second in range(began, began + length)}
    found = throughput_of(batch(began, began + length) for began, length in spans)
    assert (found.seconds, found.files) == (len(busy), len(spans))
