"""The receipts of a promotion are those that were told batch by batch, though none of them is held."""

from __future__ import annotations

import gc
import weakref
from collections import Counter

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import intake, promotion
from rawzone_assets.zone.committed import Committed, CommittedBy
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, LandingFolder, look, open_zone


@pytest.fixture(autouse=True)
def small_batches(monkeypatch):
    monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)
    monkeypatch.setattr(promotion, "MOST_FILES", 3)


@pytest.fixture
def told() -> list[Receipt]:
    return []


@pytest.fixture
def outcome(home, told):
    contents = {f"tiny/note_202405{n:02}.txt": b"bad" * (n % 3 == 0) + b"%d\n" % (n // 2) for n in range(1, 12)}
    LandingFolder(home).put_all(contents)
    with open_zone(home) as zone:
        return promote(
            *(zone, look(zone).ready),
            judge=judge,
            run_id="test",
            progress=lambda _, done: told.extend(done.receipts),
        )


class TestTheReceiptsOfAPromotion:
    def test_are_those_told_of_its_batches_after_the_zone_is_closed(self, outcome, told):
        assert len(told) == 11
        assert list(outcome.receipts) == told
        assert outcome.receipts == told
        assert [outcome.receipts[n] for n in range(-11, 11)] == [*told, *told]
        assert outcome.receipts[2:9:3] == told[2:9:3]

    def test_are_counted_by_verdict_without_reading_them(self, home, outcome, told, monkeypatch):
        monkeypatch.setattr(Committed, "_read", lambda *_: pytest.fail("they were read"))
        assert {verdict: outcome.count(verdict) for verdict in Verdict} == {
            verdict: sum(receipt.verdict is verdict for receipt in told) for verdict in Verdict
        }

    def test_beyond_its_end_are_none(self, outcome, told):
        assert outcome.receipts != told[:-1]
        with pytest.raises(IndexError):
            outcome.receipts[11]

    def test_cannot_be_told_from_a_ledger_that_lost_them(self, home, outcome):
        for commit in (home / "raw" / "_ledger").glob("*.jsonl"):
            commit.unlink()
        with pytest.raises(LedgerDamaged, match="missing"):
            list(outcome.receipts)

    def test_are_not_held(self, outcome, told):
        held = [weakref.ref(receipt) for receipt in told]
        told.clear()
        gc.collect()
        assert len(held) == len(outcome.receipts)
        assert [one for one in held if one()] == []


@pytest.fixture
def committed(home, outcome):
    with open_zone(home) as zone:
        everything = CommittedBy(zone.ledger)
        for seq in range(zone.index.catch_up().seq + 1):
            everything.add(zone.ledger.commit(seq))
        return everything


class TestWhatRunsCommitted:
    def test_is_told_in_ledger_order_with_the_number_and_time_of_its_commit(self, committed, told):
        entries = list(committed.entries())
        assert [entry.receipt for entry, _ in entries] == told
        assert [entry.seq for entry, _ in entries] == sorted(entry.seq for entry, _ in entries)
        assert len({entry.seq for entry, _ in entries}) > 1
        assert {at.tzinfo is not None for _, at in entries} == {True}

    def test_is_counted_without_reading_it_again(self, committed, told, home):
        for commit in (home / "raw" / "_ledger").glob("*.jsonl"):
            commit.unlink()
        assert committed.counts == Counter((receipt.feed, receipt.verdict) for receipt in told)
        assert committed.verdicts == Counter(receipt.verdict for receipt in told)
        assert committed

    def test_is_nothing_as_long_as_no_commit_was_added(self, home):
        with open_zone(home) as zone:
            nothing = CommittedBy(zone.ledger)
        assert not nothing
        assert list(nothing.entries()) == []

    def test_of_one_verdict_reads_no_commit_without_it(self, committed, told, home):
        refused = [receipt for receipt in told if receipt.verdict is Verdict.QUARANTINED]
        first = next(committed.of(Verdict.QUARANTINED))
        assert first == refused[0]
        assert list(committed.of(Verdict.QUARANTINED)) == refused
        assert list(committed.of(Verdict.UNRECOGNIZED)) == []
        commits = (home / "raw" / "_ledger").glob("*.jsonl")
        others = [commit for commit in commits if b'"quarantined"' not in commit.read_bytes()]
        assert others
        for commit in others:
            commit.unlink()
        assert list(committed.of(Verdict.QUARANTINED)) == refused
