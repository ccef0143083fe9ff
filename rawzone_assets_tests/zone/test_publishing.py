"""Publishing and recovery: each test is a way to lose, falsify or half-write something that was once open."""

import errno
import os
import shutil
import threading
from contextlib import suppress
from datetime import timedelta

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import compression, intake, promotion, reading
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.errors import DiskAlmostFull, KeyOccupied, ZoneError
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.past_lookups import PastLookups
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles, UnlockedFiles, WatchedFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.power_loss import losses
from rawzone_assets_tests.zone.simulated_files import SimulatedFiles, linked_one_by_one
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, NOW, look, open_zone, promote_all

NOTE = "tiny/note_20240522.txt"
BEFORE = "tiny/sum_20240520.csv"
KEY = "tiny/notes/2024/05/note_20240522.txt.gz"


@pytest.fixture(autouse=True)
def tiny_contract(monkeypatch):
    monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)


def trees(home):
    return read_tree(home / "raw"), read_tree(home / "quarantine")


def finish(home):
    """Promote what is there and hold the zone to its invariants; the verdicts by landing path."""
    with open_zone(home) as zone:
        promote_all(zone).raise_for_environment()
        states = look(zone).states()
    assert Oracle().check(*trees(home)) == []
    assert check_states(states, read_landing(home / "landing"), receipts_of(read_tree(home / "raw"))) == []
    return states


def crash(home, when, **options):
    """Promote until ``when(operation, path)`` first holds, and die before it."""
    files = CrashingFiles(LocalFiles(), last=10**9)
    count = files.before

    def before(operation, path):
        if not files.dead and when(operation, path):
            files.dead = True
        count(operation, path)

    files.before = before
    with suppress(Crash), open_zone(home, files=files, **options) as zone:
        promote_all(zone)
    assert files.dead, "the promotion ended before it could crash"


def claims(operation, path):
    return operation == "link" and path.parent.name == "_ledger"


def overtaken(home, run_id, *, wants=lambda _: True, first=lambda: None, files=UnlockedFiles):
    """Files of a writer that another overtakes, once, as it claims its number.

    After ``first`` the other promotes what it ``wants``, and asks for no lock.
    """

    class Overtaken(files):
        overtaken = False

        def before(self, operation, path):
            if claims(operation, path) and not self.overtaken:
                self.overtaken = True
                first()
                with open_zone(home, files=UnlockedFiles(LocalFiles())) as other:
                    wanted = [delivery for delivery in look(other).ready if wants(delivery)]
                    promotion.promote(other, wanted, judge=judge, run_id=run_id)

    return Overtaken(LocalFiles())


class TestWhatCrashedProcessesLeave:
    def test_whoever_publishes_next_finishes_them_first_even_if_it_began_before(self, home, landing):
        """A process that waits for the lock while its holder dies must not build on half a batch."""
        landing.put(NOTE, b"first\n")

        class DiesMeanwhile(WatchedFiles):
            done = False

            def before(self, operation, path):
                if operation == "sync" and not self.done:  # read, judged and staged; not decided
                    self.done = True
                    landing.put(NOTE, b"other\n")
                    crash(home, claims)

        with open_zone(home, files=DiesMeanwhile(LocalFiles())) as zone:
            promote_all(zone).raise_for_environment()
        receipts = receipts_of(read_tree(home / "raw"))
        assert [(r["verdict"], r["revision"]) for r in receipts] == [("promoted", 1), ("promoted", 2)]
        assert Oracle().check(*trees(home)) == []

    def test_whoever_records_finishes_what_died_since_its_batch_was_opened(self, home, landing):
        landing.put("tiny/stranger", b"?")

        class DiesMeanwhile(WatchedFiles):
            locked = 0

            def before(self, operation, path):
                self.locked += operation == "lock" and path == home / "raw/_staging/lock"
                if self.locked == 2:
                    self.locked += 1
                    landing.put(NOTE, b"first\n")
                    crash(home, claims)

        with open_zone(home, files=DiesMeanwhile(LocalFiles())) as zone:
            promotion.record_unrecognized(zone, look(zone).unrecognized, run_id="test")
        receipts = receipts_of(read_tree(home / "raw"))
        assert [receipt["landing_path"] for receipt in receipts] == [NOTE, "tiny/stranger"]
        finish(home)

    def test_recovery_leaves_batches_alone_that_somebody_works_on(self, home, landing):
        landing.put(NOTE, b"first\n")
        judged = []

        def judge_slowly(feed, content, capture):
            with open_zone(home) as other:
                judged.append(other.recover())
                assert promote_all_of_others(other) == 1
            return judge(feed, content, capture)

        def promote_all_of_others(zone):
            landing.put("tiny/sum_20240522.csv", b"1\n")
            sums = [delivery for delivery in look(zone).ready if delivery.feed_id == "tiny/sums"]
            return len(promotion.promote(zone, sums, judge=judge, run_id="other").receipts)

        with open_zone(home) as zone:
            outcome = promotion.promote(zone, look(zone).ready, judge=judge_slowly, run_id="slow")
        assert judged == [0]
        assert [str(receipt.verdict) for receipt in outcome.receipts] == ["promoted"]
        assert set(finish(home).values()) == {"promoted"}

    def test_a_crashed_record_of_unrecognized_files_does_not_stop_later_commands(self, home, landing):
        landing.put("tiny/stranger", b"?")
        crash(home, claims)
        staging = next(p for p in (home / "raw/_staging").iterdir() if p.is_dir())
        hidden = home / "hidden"
        staging.rename(hidden)  # so that another batch takes the number first
        landing.put(NOTE, b"first\n")
        with open_zone(home) as zone:
            promotion.promote(zone, look(zone).ready, judge=judge, run_id="other")
        hidden.rename(staging)
        assert finish(home) == {"tiny/stranger": "unrecognized", NOTE: "promoted"}

    def test_a_staged_commit_whose_number_is_taken_is_decided_again(self, home, landing):
        landing.put(NOTE, b"first\n")
        landing.put("tiny/note_20240523.txt", b"bad")
        crash(home, claims)
        staged = [
            p for root in ("raw", "quarantine") for p in (home / root / "_staging").iterdir() if p.is_dir()
        ]
        for number, folder in enumerate(staged):
            folder.rename(home / f"hidden{number}")
        (home / "raw" / KEY).unlink()
        (home / "quarantine/tiny").rename(home / "gone")
        landing.put("tiny/sum_20240522.csv", b"1\n")
        with open_zone(home) as zone:
            sums = [delivery for delivery in look(zone).ready if delivery.feed_id == "tiny/sums"]
            promotion.promote(zone, sums, judge=judge, run_id="other")
        for number, folder in enumerate(staged):
            (home / f"hidden{number}").rename(folder)
        with open_zone(home) as zone:
            assert zone.recover() == 1
            assert look(zone).ready == ()
        finish(home)

    def test_a_staged_commit_that_follows_no_commit_of_this_ledger_is_decided_again(self, home, landing):
        """Its number is the next one, but the ledger was put back from elsewhere meanwhile."""
        landing.put(BEFORE, b"1\n")
        finish(home)
        landing.put(NOTE, b"first\n")
        crash(home, claims)
        staged = next(path for path in (home / "raw/_staging").iterdir() if path.is_dir())
        staged.rename(home / "hidden")
        for name in ("raw", "state"):
            shutil.rmtree(home / name)
        landing.remove(NOTE)
        landing.put(BEFORE, b"2\n")
        finish(home)
        (home / "hidden").rename(staged)
        landing.put(NOTE, b"first\n")
        assert finish(home) == {BEFORE: "promoted", NOTE: "promoted"}

    def test_whoever_takes_the_number_of_what_is_redone_makes_it_be_decided_again(self, home, landing):
        landing.put(NOTE, b"first\n")
        crash(home, claims)

        files = overtaken(
            home,
            "other",
            wants=lambda d: d.feed_id == "tiny/sums",
            first=lambda: landing.put(BEFORE, b"1\n"),
            files=WatchedFiles,
        )
        with open_zone(home, files=files) as zone:
            assert zone.recover() == 1
        receipts = receipts_of(read_tree(home / "raw"))
        assert [receipt["landing_path"] for receipt in receipts] == [BEFORE, NOTE]
        finish(home)

    def test_a_stranger_at_a_key_that_is_redone_holds_up_that_delivery_only(self, home, landing):
        landing.put_all({BEFORE: b"1\n", NOTE: b"first\n", "tiny/note_20240523.txt": b"second\n"})
        crash(home, lambda op, path: op == "link" and path == home / "raw" / KEY)
        (home / "raw" / KEY).write_bytes(b"foreign")
        with open_zone(home) as zone:
            assert zone.recover() == 1
            assert [error.path for error in promote_all(zone).occupied] == [home / "raw" / KEY]
            states = look(zone).states()
        assert states == {BEFORE: "promoted", NOTE: "waiting", "tiny/note_20240523.txt": "promoted"}
        assert (home / "raw" / KEY).read_bytes() == b"foreign"

    def test_a_staged_file_that_no_disk_takes_holds_up_what_comes_next_only_once(self, home, landing):
        landing.put(NOTE, b"first\n")
        crash(home, lambda op, path: op == "link" and path == home / "raw" / KEY)
        landing.put("tiny/sum_20240522.csv", b"1\n")
        with open_zone(home, files=_Refusing(home / "raw" / KEY)) as zone:
            with pytest.raises(ZoneError, match="input/output error"):
                zone.recover()
            sums = [delivery for delivery in look(zone).ready if delivery.feed_id == "tiny/sums"]
            assert promotion.promote(zone, sums, judge=judge, run_id="next").count(Verdict.PROMOTED) == 1
        assert finish(home) == {NOTE: "promoted", "tiny/sum_20240522.csv": "promoted"}

    def test_lost_or_torn_findings_in_staging_do_not_stop_later_commands(self, home, landing):
        for damage in (lambda path: path.unlink(), lambda path: (path.chmod(0o644), path.write_bytes(b"{"))):
            landing.put(NOTE, b"bad " + os.urandom(4))
            crash(home, lambda op, path: op == "make_folder" and "tiny" in path.parts)
            damage(next((home / "quarantine/_staging").glob("*/*.findings")))
            assert finish(home) == {NOTE: "quarantined"}

    def test_only_the_quarantine_side_of_a_batch_is_dropped(self, home, landing):
        landing.put(NOTE, b"bad")
        crash(home, lambda op, path: op == "create" and "commit-" in path.name)
        for folder in (home / "raw/_staging").iterdir():
            if folder.is_dir():
                folder.rename(home / "lost")
        assert finish(home) == {NOTE: "quarantined"}

    def test_what_a_killed_process_never_synced_is_synced_by_whoever_goes_on(self, home, landing):
        """The names of new folders too: a process may die between making a folder and syncing its parent."""
        landing.put(NOTE, b"first\n")
        landing.put("tiny/note_20240523.txt", b"bad")
        steps = 0
        for last in range(200):
            files = SimulatedFiles(home)
            crashing = CrashingFiles(files, last=last)
            with suppress(Crash), open_zone(home, files=crashing, with_index=False) as zone:
                promote_all(zone)
            next_one = files.copy()
            with open_zone(home, files=next_one, with_index=False) as zone:
                promote_all(zone)
            oracle = Oracle()
            oracle.acknowledge(next_one.tree(home / "raw"))
            after = next_one.after_power_loss(next(losses(0, 0)))
            assert (
                oracle.check(after.tree(home / "raw"), after.tree(home / "quarantine"), recovered=False) == []
            )
            steps = last
            if not crashing.dead:
                break
        assert steps > 50


class TestFilesThatNoReceiptKnows:
    def foreign(self, home, path, data=b"foreign", mode=0o644):
        target = home / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        target.chmod(mode)
        return target

    @pytest.mark.parametrize("path", [f"raw/{KEY}", "raw/tiny/notes/2024", "raw/tiny/notes/2024/05"])
    def test_one_at_a_key_or_on_the_way_to_it_holds_up_that_delivery_only(self, home, landing, path):
        target = self.foreign(home, path)
        landing.put_all({NOTE: b"first\n", "tiny/note_20230101.txt": b"old\n", "tiny/sum_20240522.csv": b"1\n"})
        with open_zone(home) as zone:
            outcome = promote_all(zone)
            states = look(zone).states()
        assert states == {
            NOTE: "waiting",
            "tiny/note_20230101.txt": "quarantined",
            "tiny/sum_20240522.csv": "promoted",
        }
        assert [error.path for error in outcome.occupied] == [target]
        with pytest.raises(KeyOccupied, match="move that file away"):
            outcome.raise_for_environment()
        assert target.read_bytes() == b"foreign"
        target.unlink()
        assert finish(home)[NOTE] == "promoted"

    def test_one_in_the_place_of_findings_leaves_no_refused_copy_that_no_receipt_knows(self, home, landing):
        landing.put(NOTE, b"bad")
        finish(home)
        (copy,) = (home / "quarantine").rglob("note_*")
        for name in ("raw", "quarantine", "state"):
            shutil.rmtree(home / name)
        findings = self.foreign(home, copy.with_name("findings.json").relative_to(home))
        with open_zone(home) as zone:
            assert [error.path for error in promote_all(zone).occupied] == [findings]
            assert look(zone).states() == {NOTE: "waiting"}
        assert not copy.exists()
        findings.unlink()
        assert finish(home) == {NOTE: "quarantined"}

    def test_one_with_the_right_bytes_is_taken_only_when_nobody_may_write_to_it(self, home, landing):
        landing.put(BEFORE, b"1")
        with open_zone(home) as zone:
            promote_all(zone)  # where no ledger lies beside what is read-only, nothing is begun
        landing.put(NOTE, b"first\n")
        target = self.foreign(home, f"raw/{KEY}", Compression.SMALL.compress(b"first\n"), 0o644)
        with open_zone(home) as zone:
            assert len(promote_all(zone).occupied) == 1
        target.chmod(0o444)
        assert finish(home) == {BEFORE: "promoted", NOTE: "promoted"}

    def test_one_with_the_right_bytes_is_made_durable(self, home, landing):
        landing.put(NOTE, b"first\n")
        files = SimulatedFiles(home)
        with open_zone(home, files=files, with_index=False) as zone:
            promote_all(zone)
        tree = files.tree(home / "raw")
        (landing.root / NOTE).unlink()
        landing.put(BEFORE, b"1")
        files = SimulatedFiles(home)
        with open_zone(home, files=files, with_index=False) as zone:
            promote_all(zone)  # where no ledger lies beside what is read-only, nothing is begun
        landing.put(NOTE, b"first\n")
        folder = home / "raw"
        for part in KEY.split("/")[:-1]:
            folder = folder / part
            if files.status(folder) is None:
                files.make_folder(folder)
        files.put_foreign(home / "raw" / KEY, tree[KEY].data)
        with open_zone(home, files=files, with_index=False) as zone:
            promote_all(zone).raise_for_environment()
        after = files.after_power_loss(next(losses(0, 0)))
        assert Oracle().check(after.tree(home / "raw"), {}, recovered=False) == []

    def test_one_at_the_key_is_not_taken_away_when_publishing_is_undone(self, home, landing):
        landing.put_all({NOTE: b"first\n", "tiny/note_20240523.txt": b"second\n"})
        target = self.foreign(home, f"raw/{KEY}")
        with open_zone(home) as zone:
            promote_all(zone)
        assert target.read_bytes() == b"foreign"
        assert (home / "raw/tiny/notes/2024/05/note_20240523.txt.gz").exists()


class TestRefusals:
    def test_the_same_refusal_stored_by_another_compressor_does_not_meet_the_first(
        self, home, landing, monkeypatch
    ):
        landing.put(NOTE, b"bad" * 1000)
        finish(home)
        monkeypatch.setattr(compression, "_SMALL_LEVEL", 12)
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", 1)
        landing.put("tiny/copy/note_20240522.txt", b"bad" * 1000)
        assert set(finish(home).values()) == {"quarantined"}

    def test_the_same_bytes_refused_in_two_forms_in_one_batch_keep_both(self, home, landing):
        landing.put_all({"tiny/note_20240522.txt": b"bad\n" * 50, "tiny/note_20240522.zip": b"bad\n" * 50})
        assert set(finish(home).values()) == {"quarantined"}
        _, quarantine = trees(home)
        assert sorted(path.rpartition("/")[2] for path, entry in quarantine.items() if entry.data) == [
            "findings.json", "findings.json", "note_20240522.txt.gz", "note_20240522.zip",
        ]  # fmt: skip

    def test_a_stored_file_refused_under_another_name_has_its_own_copy(self, home, landing):
        landing.put(NOTE, b"good\n")
        finish(home)
        landing.put("tiny/note_20230522.txt", b"good\n")  # before the feed's start
        assert finish(home)["tiny/note_20230522.txt"] == "quarantined"


class _Refusing(LocalFiles):
    """A disk that cannot give any file one name."""

    def __init__(self, name):
        self._name = name

    def link(self, source, target):
        if target == self._name:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(target))
        super().link(source, target)

    def linker(self, source, target):
        return linked_one_by_one(self, source, target)


class TestStates:
    def test_bytes_that_were_taken_for_stored_and_are_not_are_promoted_the_next_time(
        self, home, landing, monkeypatch
    ):
        landing.put(NOTE, b"first\n")
        with monkeypatch.context() as patched, open_zone(home) as zone:
            patched.setattr(PastLookups, "hashes_told_of", lambda _, digests: set(digests))
            patched.setattr(intake.Intake, "_is_stored", lambda *_: True)
            assert promote_all(zone).receipts == []
        assert finish(home) == {NOTE: "promoted"}

    def test_bytes_that_came_back_have_the_state_they_had(self, home, landing):
        """A path may hold good bytes, then bad ones, then the good ones again."""
        for data in (b"good\n", b"bad", b"good\n", b"bad", b"good\n"):
            landing.put(NOTE, data)
            finish(home)
        assert finish(home) == {NOTE: "promoted"}
        assert len(receipts_of(read_tree(home / "raw"))) == 2

    def test_a_delivery_that_becomes_a_link_and_back_is_what_it_is_each_time(self, home, landing):
        path = landing.root / NOTE
        for _ in range(2):
            landing.put(NOTE, b"good\n")
            assert finish(home) == {NOTE: "promoted"}
            path.unlink()
            path.symlink_to("elsewhere")
            assert finish(home) == {NOTE: "unrecognized"}
            path.unlink()

    def test_a_stamp_of_tomorrow_waits_until_its_day(self, home, landing):
        landing.put("tiny/note_20240701.txt", b"x\n")
        with open_zone(home) as zone:
            assert promote_all(zone).receipts == []
            assert look(zone).states() == {"tiny/note_20240701.txt": "waiting"}
        with open_zone(home, now=NOW + timedelta(days=1)) as zone:
            assert len(promote_all(zone).receipts) == 1

    def test_a_file_waits_until_it_has_settled_or_is_marked_done(self, home, landing):
        landing.put_all({NOTE: b"x\n", "tiny/note_20240523.txt": b"y\n", "tiny/note_20240523.txt.done": b""})
        from rawzone_assets_tests.zone.tiny_platform import TINY  # noqa: PLC0415

        with Zone(Settings.from_environment({}, home=home)) as zone:
            found = zone.survey([TINY], settle=3600)
        assert [delivery.landed.path for delivery in found.ready] == ["tiny/note_20240523.txt"]
        assert [(item.label, item.reason) for item in found.waiting] == [(NOTE, "still settling")]


class TestLargeDeliveries:
    """Those beyond ``HELD_IN_MEMORY`` go straight into staging and come to the same."""

    @pytest.fixture(autouse=True)
    def everything_is_large(self, monkeypatch):
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", 2)

    def test_they_are_promoted_refused_repeated_and_revised_like_small_ones(self, home, landing):
        landing.put_all(
            {
                NOTE: b"good\n" * 999,
                "tiny/note_20240523.txt": b"good\n" * 999,
                "tiny/note_20240524.txt": b"bad\n" * 999,
                "tiny/x/note_20240524.txt": b"bad\n" * 999,
                "tiny/note_20240525.zip": b"zip" * 99,
                "tiny/note_20240525.txt": b"zip" * 99,
            }
        )
        assert sorted(finish(home).values()) == [
            "duplicate", "duplicate", "promoted", "promoted", "quarantined", "quarantined",
        ]  # fmt: skip
        landing.put(NOTE, b"revised\n" * 99)
        assert finish(home)[NOTE] == "promoted"
        with open_zone(home) as zone:
            assert promote_all(zone).receipts == []

    def test_nothing_of_one_that_changed_while_it_was_read_stays(self, home, landing, monkeypatch):
        landing.put(NOTE, b"good\n" * 999)
        read = os.read

        def restless(descriptor, size):
            os.utime(landing.root / NOTE)
            return read(descriptor, size)

        monkeypatch.setattr(os, "read", restless)
        with open_zone(home) as zone:
            outcome = promote_all(zone)
        assert len(outcome.waiting) == 1
        assert Oracle().check(*trees(home)) == []


class TestManyAtATime:
    def test_the_same_bytes_staged_by_many_threads_are_stored_once(self, home, landing):
        for number in range(40):
            landing.put(f"tiny/note_20240522_{number:06}.txt", b"same\n" if number % 2 else b"bad same\n")
        with open_zone(home) as zone:
            outcome = promotion.promote(zone, look(zone).ready, judge=judge, run_id="threads", parallel=8)
        verdicts = [str(receipt.verdict) for receipt in outcome.receipts]
        assert {verdict: verdicts.count(verdict) for verdict in verdicts} == {
            "quarantined": 20, "promoted": 1, "duplicate": 19,
        }  # fmt: skip
        finish(home)

    def test_two_batches_with_the_same_bytes_at_once_store_them_once(self, home, landing):
        landing.put_all(
            {NOTE: b"same\n", "tiny/note_20240523.txt": b"same\n", "tiny/note_20240524.txt": b"bad"}
        )
        barrier, outcomes = threading.Barrier(2), []

        def meet(feed, content, capture):
            with suppress(threading.BrokenBarrierError):
                barrier.wait(timeout=5)  # both have read and found nothing stored yet
            return judge(feed, content, capture)

        def work(paths):
            with open_zone(home) as zone:
                chosen = [delivery for delivery in look(zone).ready if delivery.landed.path in paths]
                outcomes.append(promotion.promote(zone, chosen, judge=meet, run_id="at once"))

        threads = [
            threading.Thread(target=work, args=[paths])
            for paths in (
                [NOTE, "tiny/note_20240524.txt"],
                ["tiny/note_20240523.txt", "tiny/note_20240524.txt"],
            )
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        verdicts = sorted(str(receipt.verdict) for outcome in outcomes for receipt in outcome.receipts)
        assert verdicts == ["duplicate", "promoted", "quarantined"]
        assert sum(outcome.unchanged for outcome in outcomes) == 1
        finish(home)

    def test_a_writer_that_ignores_the_lock_can_only_lose_and_decide_again(self, home, landing):
        landing.put_all({NOTE: b"mine\n", "tiny/note_20240524.txt": b"bad"})

        files = overtaken(
            home,
            "other",
            wants=lambda d: d.feed_id == "tiny/sums",
            first=lambda: landing.put("tiny/sum_20240522.csv", b"1\n"),
        )
        with open_zone(home, files=files) as zone:
            outcome = promotion.promote(zone, look(zone).ready, judge=judge, run_id="mine")
        assert receipts_of(read_tree(home / "raw"))[0]["feed"] == "tiny/sums"
        assert len(outcome.receipts) == 2
        finish(home)

    def test_links_that_the_winner_relies_on_are_not_taken_back_by_the_loser(self, home, landing):
        """Both want the same bytes at the same key; the loser linked them, the winner committed them."""
        landing.put(NOTE, b"same\n")

        files = overtaken(home, "winner")
        with open_zone(home, files=files) as zone:
            outcome = promotion.promote(zone, look(zone).ready, judge=judge, run_id="loser")
        assert (outcome.receipts, outcome.unchanged) == ([], 1)
        assert finish(home) == {NOTE: "promoted"}

    def test_links_that_nobody_needs_any_more_are_taken_back_by_the_loser(self, home, landing):
        """The winner stored the same bytes under another name, so the loser's are a duplicate now."""
        landing.put(NOTE, b"same\n")

        files = overtaken(
            home,
            "winner",
            wants=lambda d: d.landed.path != NOTE,
            first=lambda: landing.put("tiny/note_20240523.txt", b"same\n"),
        )
        with open_zone(home, files=files) as zone:
            outcome = promotion.promote(zone, look(zone).ready, judge=judge, run_id="loser")
        assert [str(receipt.verdict) for receipt in outcome.receipts] == ["duplicate"]
        finish(home)


class TestTheEnvironment:
    def test_promotion_stops_before_the_reserve_is_used(self, home, landing):
        landing.put(NOTE, b"x\n")
        settings = Settings.from_environment({"RAWZONE_RESERVE": str(2**60)}, home=home)
        with Zone(settings, clock=lambda: NOW) as zone:
            outcome = promote_all(zone)
        with pytest.raises(DiskAlmostFull, match="was not written and nothing was lost"):
            outcome.raise_for_environment()
        assert list((home / "raw/_ledger").iterdir()) == []

    def test_a_rule_that_fails_publishes_nothing_and_leaves_nothing(self, home, landing):
        landing.put(NOTE, b"x\n")

        def broken(*_):
            raise ValueError("a bug in a rule")

        with open_zone(home) as zone, pytest.raises(ValueError, match="a bug in a rule"):
            promotion.promote(zone, look(zone).ready, judge=broken, run_id="broken")
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]
        finish(home)

    def test_a_commit_that_the_disk_refuses_leaves_nothing_and_gives_its_room_back(self, home, landing):
        landing.put(NOTE, b"x\n")

        class Full(WatchedFiles):
            def before(self, operation, path):
                if operation == "sync" and path.name.startswith("commit-"):
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

        with (
            open_zone(home, files=Full(LocalFiles())) as zone,
            pytest.raises(ZoneError, match="the disk is full"),
        ):
            promote_all(zone)
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]
        finish(home)

    def test_what_is_published_is_published_though_staging_cannot_be_cleaned_up(self, home, landing):
        landing.put(NOTE, b"x\n")

        class Stuck(WatchedFiles):
            def before(self, operation, path):
                if operation == "remove" and "_staging" in path.parts:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(path))

        with open_zone(home, files=Stuck(LocalFiles())) as zone:
            outcome = promote_all(zone)
            outcome.raise_for_environment()
        assert [str(receipt.verdict) for receipt in outcome.receipts] == ["promoted"]
        finish(home)
        assert [path.name for path in (home / "raw/_staging").iterdir()] == ["lock"]

    def test_roots_on_the_way_that_cannot_be_made_are_one_sentence(self, home, landing):
        landing.put(NOTE, b"x\n")
        (home / "raw").write_bytes(b"a file")
        with open_zone(home) as zone, pytest.raises(ZoneError, match="Cannot create the zone's folders"):
            promote_all(zone)

    def test_objects_commits_and_findings_are_read_only(self, home, landing):
        landing.put_all({NOTE: b"x\n", "tiny/note_20240523.txt": b"bad"})
        old = os.umask(0o077)
        try:
            finish(home)
        finally:
            os.umask(old)
        modes = {
            e.mode for t in trees(home) for p, e in t.items() if e.kind == "file" and not p.endswith("lock")
        }
        assert modes == {0o444}
