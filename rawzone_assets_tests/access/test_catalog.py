"""The catalog: which bytes are readable under which name and partition, now or as of a commit."""

from datetime import timedelta

import pytest

from rawzone_assets.access import catalog
from rawzone_assets.access.catalog import history, last_commit_at
from rawzone_assets.zone.errors import LedgerDamaged

A, B = "toolost/toolost_spotify_20250601.json", "toolost/toolost_spotify_20250602.json"


def readable(zone, **narrowed):
    return list(catalog.readable(zone, **narrowed))


def names(listed):
    return [(item.receipt.name[-13:-5], item.stored.revision, item.receipt.verdict.value) for item in listed]


class TestNewestRevision:
    def test_other_bytes_under_a_name_replace_what_is_listed_but_both_stay_readable(self, bench):
        bench.land(A, b"one")
        bench.land(A, b"two")
        assert names(readable(bench.zone)) == [("20250601", 2, "promoted")]
        assert [item.stored.revision for item in readable(bench.zone, all_revisions=True)] == [1, 2]

    def test_an_old_copy_landed_again_is_no_news(self, bench):
        bench.land(A, b"one")
        bench.land(A, b"two")
        bench.land(A.replace("toolost/", "toolost/again/"), b"one")
        assert names(readable(bench.zone)) == [("20250601", 2, "promoted")]
        assert len(readable(bench.zone, all_revisions=True)) == 2

    def test_bytes_known_from_another_name_are_the_newest_version_of_this_one(self, bench):
        bench.land(A, b"one")
        bench.land(B, b"two")
        bench.land(A, b"two")
        (first, second) = readable(bench.zone)
        assert first.receipt.partition == "2025-06-01"
        assert first.receipt.sha256 == second.receipt.sha256
        assert first.stored == second.receipt

    def test_refused_deliveries_are_not_readable(self, bench):
        bench.land(A, b"bad")
        assert readable(bench.zone) == []


class TestRanges:
    def test_a_duplicate_is_read_under_its_own_partition(self, bench):
        bench.land(A, b"one")
        bench.land(B, b"one")
        (listed,) = readable(bench.zone, since="2025-06-02")
        assert listed.receipt.name.endswith("20250602.json")
        assert listed.stored.partition == "2025-06-01"

    def test_as_of_a_commit_later_ones_do_not_count(self, bench):
        bench.land(A, b"one")
        bench.land(A, b"two")
        assert names(readable(bench.zone, as_of=0)) == [("20250601", 1, "promoted")]
        assert readable(bench.zone, as_of=-1) == []


class TestTimes:
    def test_the_last_commit_by_a_moment_is_found(self, bench):
        start = bench.now
        for number in range(9):
            bench.land(A, b"%d" % number)
        assert last_commit_at(bench.zone, start) == -1
        for number in range(9):
            made = start + timedelta(hours=number + 1)
            assert last_commit_at(bench.zone, made) == number
            assert last_commit_at(bench.zone, made - timedelta(microseconds=1)) == number - 1
        assert last_commit_at(bench.zone, start + timedelta(days=365)) == 8

    def test_a_commit_that_was_lost_is_told_with_its_remedy(self, bench):
        for number in range(3):
            bench.land(A, b"%d" % number)
        bench.zone.ledger.path(1).unlink()
        with pytest.raises(LedgerDamaged, match=r"it is missing.*'rawzone repair"):
            last_commit_at(bench.zone, bench.now)

    def test_history_tells_each_receipts_commit_time(self, bench):
        bench.land(A, b"one")
        bench.land(B, b"bad")
        assert [at for _, at in history(bench.zone)] == [bench.now - timedelta(hours=1), bench.now]
