"""ADR 4 as a table: what becomes of a judged delivery."""

from datetime import date

import pytest

from rawzone_assets.zone.decision import Batch, Candidate, decide
from rawzone_assets.zone.index_decisions import Stored
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.receipt import Verdict

A, B, C = "a" * 64, "b" * 64, "a" * 12 + "c" * 52
FOLDER = "tiny/notes/2024/05"


def candidate(name="x.txt", sha256=A, *, path=None, refused=False, feed="tiny/notes"):
    return Candidate(
        feed=feed,
        folder=FOLDER,
        name=name,
        day=date(2024, 5, 22),
        landing_path=path or f"tiny/{name}",
        sha256=sha256,
        refused=refused,
    )


class Nothing:
    """The history of an empty zone."""

    def revisions(self, feed, name):
        return []

    def stored(self, feed, sha256):
        return None

    def already_decided(self, feed, name, sha256, landing_path):
        return None

    def refusals(self, feed, sha256):
        return 0

    def has_object(self, key):
        return False


def after(*earlier):
    history = Batch(Nothing())
    for one in earlier:
        history.decide(one)
    return history


class TestDecisions:
    def test_new_bytes_under_a_new_name_are_promoted_under_that_name(self):
        decision = decide(candidate(), Nothing())
        assert (decision.verdict, decision.key, decision.revision) == (
            Verdict.PROMOTED,
            f"{FOLDER}/x.txt.gz",
            1,
        )
        assert decision.revises is decision.duplicate_of is None

    @pytest.mark.parametrize("refused", [False, True])
    def test_same_path_name_and_bytes_as_before_is_nothing_to_do_whatever_the_verdict_was(self, refused):
        assert decide(candidate(refused=refused), after(candidate(refused=refused))).verdict is None

    def test_same_name_and_bytes_in_another_folder_is_a_duplicate(self):
        decision = decide(candidate(path="tiny/copy/x.txt"), after(candidate()))
        assert (decision.verdict, decision.duplicate_of) == (Verdict.DUPLICATE, f"{FOLDER}/x.txt.gz")

    def test_same_bytes_under_another_name_are_a_duplicate_of_the_stored_object(self):
        decision = decide(candidate("y.txt"), after(candidate()))
        assert (decision.verdict, decision.key) == (Verdict.DUPLICATE, f"{FOLDER}/x.txt.gz")
        assert decision.revision is None

    def test_other_bytes_under_a_stored_name_are_the_next_revision(self):
        decision = decide(candidate(sha256=B), after(candidate()))
        assert (decision.key, decision.revision, decision.revises) == (
            f"{FOLDER}/x.r2.txt.gz", 2, f"{FOLDER}/x.txt.gz",
        )  # fmt: skip

    def test_bytes_of_an_older_revision_again_are_nothing_to_do(self):
        assert decide(candidate(), after(candidate(), candidate(sha256=B))).verdict is None

    def test_a_refused_delivery_is_quarantined_even_if_its_bytes_are_stored(self):
        decision = decide(candidate("y.txt", refused=True), after(candidate()))
        assert decision.verdict is Verdict.QUARANTINED
        assert decision.quarantine_path == f"tiny/notes/2024/05/{A[:12]}/y.txt.gz"
        assert decision.findings_path == f"tiny/notes/2024/05/{A[:12]}/findings.json"

    def test_bytes_that_were_refused_are_promoted_when_the_contract_accepts_them_elsewhere(self):
        assert decide(candidate("y.txt"), after(candidate(refused=True))).verdict is Verdict.PROMOTED

    def test_each_refusal_has_a_folder_of_its_own(self):
        history = after(candidate(refused=True), candidate(path="tiny/copy/x.txt", refused=True))
        third = decide(candidate("z.txt", refused=True), history)
        assert third.quarantine_path == f"tiny/notes/2024/05/{A[:12]}.r3/z.txt.gz"

    def test_bytes_whose_hash_begins_alike_do_not_meet_in_quarantine(self):
        other = decide(
            candidate(sha256=C, path="tiny/copy/x.txt", refused=True), after(candidate(refused=True))
        )
        assert other.quarantine_path == f"tiny/notes/2024/05/{A[:12]}.r2/x.txt.gz"

    def test_same_bytes_in_another_feed_are_stored_there_too(self):
        assert decide(candidate(feed="tiny/sums"), after(candidate())).verdict is Verdict.PROMOTED

    def test_a_name_that_looks_like_a_revision_does_not_take_its_place(self):
        history = after(candidate("x.r2.txt"), candidate("x.txt", B))
        decision = decide(candidate("x.txt", C), history)
        assert decision.verdict is Verdict.PROMOTED
        assert decision.key == f"{FOLDER}/x.r3.txt.gz"
        assert decision.revises == f"{FOLDER}/x.txt.gz"

    def test_a_revision_revises_the_one_before_it(self):
        history = after(candidate(), candidate(sha256=B))
        decision = decide(candidate(sha256=C), history)
        assert (decision.revision, decision.revises) == (3, f"{FOLDER}/x.r2.txt.gz")

    @pytest.mark.parametrize(
        ("before", "verdict"),
        [(candidate(), None), (candidate(refused=True), Verdict.PROMOTED)],
        ids=["accepted meanwhile", "refused"],
    )
    def test_a_replay_takes_back_a_refusal_and_nothing_else(self, before, verdict):
        assert decide(candidate()._replace(replay=True), after(before)).verdict is verdict

    def test_a_revision_does_not_take_the_place_of_a_name_that_comes_later(self):
        history = after(candidate("x.txt"), candidate("x.txt", B))
        decision = decide(candidate("x.r2.txt", C), history)
        assert decision.verdict is Verdict.PROMOTED
        assert decision.key == f"{FOLDER}/x.r2.r2.txt.gz"


class TestABatch:
    """What was decided earlier in a batch counts for what comes later in it."""

    def test_it_remembers_promotions_duplicates_and_refusals(self):
        history = Batch(Nothing())
        verdicts = [
            history.decide(one).verdict
            for one in (
                candidate(),
                candidate("y.txt"),
                candidate(sha256=B),
                candidate("z.txt", C, refused=True),
                candidate("z.txt", C, refused=True),
            )
        ]
        assert verdicts == [
            Verdict.PROMOTED, Verdict.DUPLICATE, Verdict.PROMOTED, Verdict.QUARANTINED, None,
        ]  # fmt: skip
        assert [stored.revision for stored in history.revisions("tiny/notes", "x.txt")] == [1, 2]
        assert history.stored("tiny/notes", A) == Stored(key=f"{FOLDER}/x.txt.gz", revision=1, sha256=A)

    def test_a_decision_needs_the_files_it_creates_and_the_folders_on_the_way(self, tmp_path):
        places = Layout(*(tmp_path / name for name in ("landing", "raw", "quarantine", "archive", "state")))
        promoted, refused = decide(candidate(), Nothing()), decide(candidate(refused=True), Nothing())
        assert promoted.needs(tmp_path / "raw/tiny/notes", places)
        assert promoted.needs(tmp_path / f"raw/{FOLDER}/x.txt.gz", places)
        assert not promoted.needs(tmp_path / f"raw/{FOLDER}/y.txt.gz", places)
        assert refused.needs(tmp_path / "quarantine/tiny", places)
        assert not refused.needs(tmp_path / "raw/tiny", places)
        assert not decide(candidate("y.txt"), after(candidate())).needs(tmp_path / "raw/tiny", places)
