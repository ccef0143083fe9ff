"""Erasure by law: every copy of the bytes goes, nothing unrecorded ever does, and the ledger stays whole.

Crashes and failing disks: ``works.ERASE`` in the campaigns, and the broken erasers below.
"""

import errno
import gzip
import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from unittest import mock

import pytest

from rawzone_assets.access import RawReader
from rawzone_assets.access.cache import ByteCache
from rawzone_assets.access.file_locks import locked
from rawzone_assets.access.reading import original_bytes, path_of
from rawzone_assets.contract.judging import judge
from rawzone_assets.health import erasure, restoring
from rawzone_assets.health.erasure import ErasureUnfinished, NotConfirmed, plan_erasure
from rawzone_assets.health.holds import HoldOver, add_hold, release_hold
from rawzone_assets.health.repair import repair
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import erasing
from rawzone_assets.zone import replay as replaying
from rawzone_assets.zone.errors import CannotUnseal, RootAway, StorageFailed
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.object_errors import ObjectErased
from rawzone_assets.zone.pile import Pile
from rawzone_assets.zone.publishing import Publisher
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.rejudging import Unsound, rejudge
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.archive_support import archive_due, objections, restore_all, set_policy
from rawzone_assets_tests.health.damaging import overwrite
from rawzone_assets_tests.health.test_archiving import Sealed
from rawzone_assets_tests.zone.fault_bench import FaultBench
from rawzone_assets_tests.zone.faulty_files import WatchedFiles
from rawzone_assets_tests.zone.mutants import Mutant
from rawzone_assets_tests.zone.power_loss import Campaign
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOTES,
    NOW,
    TINY,
    LandingFolder,
    look,
    open_zone,
    promote_all,
    promote_these,
    settings_for,
)
from rawzone_assets_tests.zone.works import ERASE, FIRST, Forgiving, Work, erase

MARK = b"planted 7f3c9a marker\n"
DIGEST = hashlib.sha256(MARK).hexdigest()
ORDER = {"reason": "request of 2024-05-30", "authority": "Data Protection Office"}
KEY = "tiny/notes/2024/05/note_20240522.txt.gz"
LANDED = {
    "tiny/note_20240522.txt": MARK,
    "tiny/note_20240523.txt": MARK,  # a duplicate
    "tiny/sum_20240522.csv": MARK,  # the same bytes in another feed
    "tiny/note_20240524.txt": b"another\n",
}


def holders(home):
    """Every file of the zone, landing left out, in which the marker stands, packed or not."""
    found = []
    for path in home.rglob("*"):
        if not path.is_file() or path.is_relative_to(home / "landing"):
            continue
        data = path.read_bytes()
        if data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        if MARK.strip() in data:
            found.append(path.relative_to(home).as_posix())
    return sorted(found)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "zone"


@pytest.fixture
def landing(home):
    return LandingFolder(home)


@pytest.fixture
def marked(home, landing):
    landing.put_all(LANDED)
    with open_zone(home) as zone:
        promote_all(zone)
    return home


def carry_out(zone, digests=(DIGEST,), **changed):
    zone.index.catch_up()
    order = {**ORDER, **changed}
    code = plan_erasure(zone, digests, **order).code
    return erasure.erase(zone, digests, code=code, by="Ada", **order)


def erase_apart(home):
    with open_zone(home) as zone:
        carry_out(zone)


class TestWhatGoes:
    def test_no_byte_is_left_under_any_key_of_any_feed(self, marked):
        assert len(holders(marked)) == 2
        with open_zone(marked) as zone:
            done = carry_out(zone)
        assert {target.place for target in done.erased} == {
            f"raw/{KEY}",
            "raw/tiny/sums/2024/sum_20240522.csv.gz",
        }
        assert holders(marked) == []
        assert objections(marked) == []

    def test_nor_in_the_archive_and_in_what_was_restored_from_it(self, marked):
        set_policy(marked)
        with open_zone(marked) as zone:
            archive_due(zone)
            restore_all(zone)
            assert len(holders(marked)) == 4
            carry_out(zone)
        assert holders(marked) == []
        assert objections(marked) == []

    def test_nor_among_what_a_repair_has_kept(self, marked, landing):
        path = marked / "raw" / KEY
        path.chmod(0o644)
        path.write_bytes(gzip.compress(MARK + b"damaged"))
        path.chmod(0o444)
        with open_zone(marked) as zone:
            repair(zone, run_id="repair")
        assert [held for held in holders(marked) if "_evidence" in held]
        with open_zone(marked) as zone:
            carry_out(zone)
        assert holders(marked) == []
        assert objections(marked) == []

    def test_nor_in_quarantine_where_the_findings_stay(self, home, landing):
        landing.put_all(
            {"tiny/note_20240522.txt": b"bad" + MARK, "tiny/again/note_20240522.txt": b"bad" + MARK}
        )
        digest = hashlib.sha256(b"bad" + MARK).hexdigest()
        with open_zone(home) as zone:
            promote_all(zone)
            assert len(holders(home)) == 2
            done = carry_out(zone, [digest])
            assert zone.index.open_refusals() == {}  # nobody can work them off any more
        assert len(done.erased) == 2
        assert holders(home) == []
        assert len(list((home / "quarantine").rglob("findings.json"))) == 2
        assert objections(home) == []

    def test_nor_in_a_cache_that_a_reader_fills_meanwhile(self, marked):
        stored, cache = (marked / "raw" / KEY).read_bytes(), marked / "cache"

        def blocks():
            yield stored[:9]
            with Zone(replace(settings_for(marked), cache=cache), clock=lambda: NOW) as zone:
                carry_out(zone)
            yield stored[9:]

        digest = hashlib.sha256(stored).hexdigest()
        assert ByteCache(cache, 10**6).keep(digest, len(stored), blocks()) is None
        assert holders(marked) == []

    def test_nor_in_a_cache_under_any_form_that_they_had_before_repairs(self, home, landing, monkeypatch):
        landing.put("tiny/note_20240522.txt", MARK)
        path, cache = home / "raw" / KEY, home / "cache"
        with Zone(replace(settings_for(home), cache=cache), clock=lambda: NOW) as zone:
            promote_all(zone)
            for level in (0, 9):
                digest = hashlib.sha256(path.read_bytes()).hexdigest()
                ByteCache(cache, 10**6).keep(digest, path.stat().st_size, [path.read_bytes()]).close()
                ways = [lambda blocks, level=level: [gzip.compress(b"".join(blocks), level, mtime=1)]]
                monkeypatch.setattr(restoring, "compressors", lambda *_, ways=ways, **__: ways)
                overwrite(path, b"damaged")
                (done,) = repair(zone, run_id="repair").repaired
                assert done.is_new_form
            assert len([held for held in holders(home) if held.startswith("cache/")]) == 2
            carry_out(zone)
        assert holders(home) == []

    def test_nor_in_what_projections_hold_and_a_killed_one_has_left(self, marked):
        with open_zone(marked) as zone:
            work = zone.layout.columnar_work(NOTES.id)
            day = zone.layout.columnar / NOTES.id / "2024-05-22.0123456789abcdef"
            (work / "killed").mkdir(parents=True)
            (work / "killed/spooled").write_bytes(MARK)
            with ThreadPoolExecutor(1) as another:
                with locked(work / "lock"):
                    erased = another.submit(lambda: erase_apart(marked))
                    with pytest.raises(TimeoutError):
                        erased.result(timeout=0.5)
                    day.mkdir(parents=True)  # of what was read before it was erased
                    (day / "notes.parquet").write_bytes(MARK)
                erased.result(timeout=30)
        assert holders(marked) == []

    def test_landing_is_not_ours_and_is_named(self, marked, landing):
        landing.remove("tiny/note_20240523.txt")
        with open_zone(marked) as zone:
            zone.index.catch_up()
            elsewhere = plan_erasure(zone, [DIGEST], **ORDER).elsewhere
        assert elsewhere == tuple(
            marked / "landing" / path for path in ("tiny/note_20240522.txt", "tiny/sum_20240522.csv")
        )

    def test_nor_is_what_was_adopted_also_where_it_is_packed(self, home):
        packed = home / "old/tiny/note_20240522.txt.gz"
        packed.parent.mkdir(parents=True)
        packed.write_bytes(gzip.compress(MARK))
        with open_zone(home) as zone:
            pile = Pile(home / "old", zone.layout)
            promote_these(zone, pile.survey(zone.index, [TINY]).ready, source=pile)
            zone.index.catch_up()
            assert plan_erasure(zone, [DIGEST], **ORDER).elsewhere == (packed,)

    def test_a_reader_whose_index_is_of_before_is_told_so_too(self, marked):
        with open_zone(marked, with_index=False) as reader, open_zone(marked) as other:
            reader.index.catch_up()
            receipt = reader.index.find(KEY)[0].receipt
            carry_out(other)
            with pytest.raises(ObjectErased):
                list(original_bytes(reader, receipt))

    def test_nothing_that_is_gone_is_judged_again_and_why_is_said(self, marked):
        with open_zone(marked) as zone:
            carry_out(zone)
            entry = zone.index.find(KEY)[0]
            with pytest.raises(Unsound, match=r"^it was erased by law in commit \d+$"):
                rejudge(zone, NOTES, entry, judge=judge)

    def test_a_refusal_that_is_erased_once_a_replay_has_judged_it_stays_refused(self, home, landing):
        landing.put("tiny/note_20240525.txt", b"bad one")
        with open_zone(home) as zone:
            promote_all(zone)

        def judge_and_erase(*delivery):
            erase_refusal(home)
            return judge(*delivery)

        feed = replace(NOTES, format=Forgiving())
        with open_zone(home) as zone, mock.patch.object(replaying, "contract_of", return_value=CONTRACT):
            outcome = replaying.replay(zone, [feed], judge=judge_and_erase, run_id="replay")
        assert [left.reason for left in outcome.unplayable] == ["it was erased by law in commit 1"]
        assert (outcome.accepted, objections(home)) == ([], [])

    def test_so_does_one_that_is_erased_as_its_copy_is_about_to_be_read(self, home, landing):
        class Erasing(LocalFiles):
            def open(self, path):
                if path.name == "note_20240525.txt.gz" and not (home / "judged").exists():
                    (home / "judged").touch()
                elif path.name == "note_20240525.txt.gz":
                    path.unlink()
                return super().open(path)

        landing.put("tiny/note_20240525.txt", b"bad one")
        with open_zone(home) as zone:
            promote_all(zone)
        feed = replace(NOTES, format=Forgiving())
        with (
            open_zone(home, files=Erasing()) as zone,
            mock.patch.object(replaying, "contract_of", return_value=CONTRACT),
        ):
            outcome = replaying.replay(zone, [feed], judge=judge, run_id="replay")
        assert [left.reason for left in outcome.unplayable] == ["its stored copy is gone since it was judged"]


def erase_refusal(home):
    with open_zone(home) as zone:
        carry_out(zone, [hashlib.sha256(b"bad one").hexdigest()])


class TestWhatStays:
    def test_the_ledger_keeps_digest_reason_and_authority(self, marked):
        with open_zone(marked) as zone:
            carry_out(zone)
            record = zone.index.custody.erasures(sha256=DIGEST)[0].record
        assert (record["sha256"], record["reason"], record["authority"], record["by"]) == (
            DIGEST,
            ORDER["reason"],
            ORDER["authority"],
            "Ada",
        )

    def test_everything_else_verifies_and_nothing_needs_repair(self, marked):
        with open_zone(marked) as zone:
            carry_out(zone)
            report = scrub(zone)
            assert (report.damages, report.weaknesses) == ((), ())
            assert [erased.record["sha256"] for erased in report.erased] == [DIGEST, DIGEST]
            assert "by authority of Data Protection Office" in report.erased[0].sentence
            assert repair(zone, others=[marked / "landing"], run_id="repair").repaired == []
        assert holders(marked) == []  # not even though landing still has the bytes

    def test_reading_it_is_one_sentence_for_the_object_and_its_duplicates(self, marked):
        with open_zone(marked) as zone:
            zone.index.catch_up()
            stored = next(e.receipt for e in zone.index.find(KEY) if e.receipt.verdict is Verdict.PROMOTED)
            carry_out(zone)
            with pytest.raises(ObjectErased) as error:
                b"".join(original_bytes(zone, stored))
        assert "was erased by law on 2024-06-30 (by authority of Data Protection Office" in str(error.value)

    def test_among_many_that_are_read_it_is_told_in_its_turn(self, marked):
        with open_zone(marked) as zone:
            zone.index.catch_up()
            raw = RawReader(zone)
            found = sorted(raw.find(), key=lambda listed: listed.stored.sha256 == DIGEST)
            erased = next(listed for listed in found if listed.stored.sha256 == DIGEST)
            kept = path_of(zone, erased.stored).read_bytes()
            carry_out(zone)
            path_of(zone, erased.stored).write_bytes(kept)  # as a backup that was put back has it
            reading = raw.read_all(found)
            assert next(reading)[1] == b"another\n"
            with pytest.raises(ObjectErased, match="was erased by law"):
                next(reading)


class TestTheSameBytesAgain:
    def test_are_recorded_and_neither_stored_nor_quarantined(self, marked, landing):
        with open_zone(marked) as zone:
            carry_out(zone)
        landing.put("tiny/note_20240610.txt", MARK)
        landing.put("tiny/note_20240611.txt", b"fine\n")
        with open_zone(marked) as zone:
            receipts = promote_all(zone).receipts
            states = look(zone).states()
        assert {(r.landing_path, str(r.verdict)) for r in receipts} == {
            ("tiny/note_20240610.txt", "unrecognized"),
            ("tiny/note_20240611.txt", "promoted"),
        }
        (refused,) = [r for r in receipts if r.verdict is Verdict.UNRECOGNIZED]
        assert [finding["code"] for finding in refused.findings] == ["RZ-ERASED-BY-LAW"]
        assert states["tiny/note_20240610.txt"] == "unrecognized"
        assert holders(marked) == []

    def test_are_recorded_once_and_not_read_again(self, marked, landing):
        with open_zone(marked) as zone:
            carry_out(zone)
        landing.put("tiny/note_20240610.txt", MARK)
        with open_zone(marked) as zone:
            promote_all(zone)
            assert look(zone).ready == ()
            assert promote_all(zone).receipts == []

    def test_that_were_read_before_are_not_published_after(self, marked, landing):
        """A promotion that has staged them when they are erased drops them."""
        landing.put("tiny/note_20240610.txt", MARK)
        publish = Publisher.publish

        def erase_first(publisher, batch, drafts):
            with open_zone(marked) as other:
                carry_out(other)
            return publish(publisher, batch, drafts)

        with open_zone(marked) as zone, mock.patch.object(Publisher, "publish", erase_first):
            assert promote_all(zone).receipts == []
        assert holders(marked) == []
        with open_zone(marked) as zone:
            assert [str(r.verdict) for r in promote_all(zone).receipts] == ["unrecognized"]

    def test_that_a_repair_has_found_in_landing_are_not_put_back(self, marked):
        """One that was planned before they were erased puts back all else."""
        inside = ("tiny/notes/2024/05/note_20240524.txt.gz", "tiny/sums/2024/sum_20240522.csv.gz", KEY)
        other, *lost = (marked / "raw" / key for key in inside)
        for path in (other, *lost):
            path.unlink()
        restore = restoring.restore

        def erase_first(zone, jobs, **options):
            erase_apart(marked)
            return restore(zone, jobs, **options)

        with open_zone(marked) as zone, mock.patch("rawzone_assets.health.repair.restore", erase_first):
            (done,) = repair(zone, run_id="repair").repaired
        assert done.damage.path == str(other)
        assert holders(marked) == []
        assert objections(marked) == []


class TestConfirmation:
    @pytest.mark.parametrize("changed", [{"reason": "other"}, {"authority": "other"}])
    def test_a_code_stands_for_the_words_that_the_ledger_will_keep(self, marked, changed):
        with open_zone(marked) as zone:
            zone.index.catch_up()
            code = plan_erasure(zone, [DIGEST], **ORDER).code
            with pytest.raises(NotConfirmed):
                erasure.erase(zone, [DIGEST], code=code, by="Ada", **{**ORDER, **changed})
        assert len(holders(marked)) == 2

    def test_and_for_what_the_zone_held_then(self, marked, landing):
        with open_zone(marked) as zone:
            zone.index.catch_up()
            code = plan_erasure(zone, [DIGEST], **ORDER).code
            landing.put("tiny/pack_a_20240522.a", b"bad" + MARK)  # other bytes: nothing to do with it
            promote_all(zone)
            landing.put("tiny/sum_20240601.csv", b"unrelated\n")
            promote_all(zone)
            erasure.erase(zone, [DIGEST], code=code, by="Ada", **ORDER)
        assert [held for held in holders(marked) if not held.startswith("quarantine/")] == []

    def test_copies_that_came_since_are_looked_at_again(self, home, landing):
        landing.put("tiny/note_20240522.txt", MARK)
        with open_zone(home) as zone:
            promote_all(zone)
            code = plan_erasure(zone, [DIGEST], **ORDER).code
            landing.put("tiny/sum_20240522.csv", MARK)
            promote_all(zone)
            with pytest.raises(NotConfirmed):
                erasure.erase(zone, [DIGEST], code=code, by="Ada", **ORDER)

    @pytest.mark.parametrize(
        "code", ["", "x", "-", "0-0", "999999-0000", "1" * 40 + "-a", "1" * 5000 + "-a", "²-3"]
    )
    def test_nonsense_confirms_nothing(self, marked, code):
        with open_zone(marked) as zone, pytest.raises(NotConfirmed):
            erasure.erase(zone, [DIGEST], code=code, by="Ada", **ORDER)

    def test_a_code_of_a_commit_that_is_still_to_come_confirms_nothing(self, marked):
        """It could be reckoned by whoever never saw what would go."""
        with open_zone(marked) as zone:
            zone.index.catch_up()
            targets = plan_erasure(zone, [DIGEST], **ORDER).targets
            code = erasure._code(zone, zone.index.head.seq + 1, targets, **ORDER)
            with pytest.raises(NotConfirmed):
                erasure.erase(zone, [DIGEST], code=code, by="Ada", **ORDER)


class TestHolds:
    @pytest.mark.parametrize(
        "scope",
        [{}, {"platform": "tiny"}, {"feed": "tiny/sums"}, {"since": "2024-05-23", "until": "2024-05-23"}],
        ids=str,
    )
    def test_nothing_under_one_is_erased_also_by_a_duplicates_day(self, marked, scope):
        with open_zone(marked) as zone:
            hold = add_hold(zone, **scope, reason="dispute", authority="court", by="Ada")
            with pytest.raises(HoldOver):
                carry_out(zone)
            assert len(holders(marked)) == 2
            release_hold(zone, hold.id, reason="settled", authority="court", by="Ada")
            carry_out(zone)
        assert holders(marked) == []

    def test_one_that_is_added_after_the_plan_still_counts(self, marked):
        with open_zone(marked) as zone:
            zone.index.catch_up()
            code = plan_erasure(zone, [DIGEST], **ORDER).code
            add_hold(zone, feed="tiny/notes", reason="dispute", authority="court", by="Ada")
            with pytest.raises(HoldOver):
                erasure.erase(zone, [DIGEST], code=code, by="Ada", **ORDER)
        assert len(holders(marked)) == 2


class TestACrash:
    def test_between_record_and_removal_is_finished_by_the_next_command(self, marked):
        failing = mock.patch.object(erasing, "_remove", side_effect=OSError(5, "broken"))
        with open_zone(marked) as zone, failing, pytest.raises(ErasureUnfinished, match="still there"):
            carry_out(zone)
        assert len(holders(marked)) == 2
        with open_zone(marked) as zone:
            zone.index.catch_up()
            report = scrub(zone)
            assert {damage.kind for damage in report.damages} == {"unerased"}
            zone.recover()
            assert scrub(zone).damages == ()
        assert holders(marked) == []


class ReadOnly(WatchedFiles):
    """The disk of one folder takes none of these calls."""

    def __init__(self, folder, refused):
        super().__init__(LocalFiles())
        self.folder, self.refused = folder, refused

    def before(self, operation, path):
        if operation in self.refused and path.is_relative_to(self.folder):
            raise OSError(errno.EROFS, "Read-only file system", str(path))


class TestADiskThatIsAway:
    """What nobody can reach is not called erased."""

    @pytest.mark.parametrize("root", ["archive", "quarantine"])
    def test_nothing_is_erased_while_a_copy_lies_there(self, home, landing, root):
        landing.put_all({**LANDED, "tiny/sum_20240525.csv": b"bad\n" + MARK})
        set_policy(home)
        refused = hashlib.sha256(b"bad\n" + MARK).hexdigest()
        with open_zone(home) as zone:
            promote_all(zone)
            archive_due(zone)
            digest = DIGEST if root == "archive" else refused
            (home / root).rename(home / "away")
            (home / root).mkdir()
            with pytest.raises(RootAway, match="so nothing was done: mount its disk"):
                carry_out(zone, [digest])
            (home / root).rmdir()
            (home / "away").rename(home / root)
            assert zone.index.custody.erasures() == []
            carry_out(zone, [DIGEST])
            carry_out(zone, [refused])
        assert holders(home) == []

    def test_nor_while_that_disk_is_read_only(self, marked):
        set_policy(marked)
        with open_zone(marked) as zone:
            archive_due(zone)
        before = holders(marked)
        with open_zone(marked, files=ReadOnly(marked / "archive", {"require_writable", "remove"})) as zone:
            with pytest.raises(StorageFailed, match=r"archive/tiny.*read-only.*Nothing was lost"):
                carry_out(zone)
            assert zone.index.custody.erasures() == []
        assert holders(marked) == before
        assert objections(marked) == []

    def test_one_that_turns_read_only_meanwhile_is_said_to_hold_what_is_recorded_as_erased(self, marked):
        set_policy(marked)
        with open_zone(marked) as zone:
            archive_due(zone)
        with (
            open_zone(marked, files=ReadOnly(marked / "archive", {"remove"})) as zone,
            pytest.raises(
                ErasureUnfinished, match=r"recorded in commit \d+ as erased, and .*archive/tiny.* is still"
            ),
        ):
            carry_out(zone)
        with open_zone(marked) as zone:
            zone.recover()
        assert holders(marked) == []

    def test_one_that_turns_read_only_meanwhile_holds_up_no_promotion(self, marked, landing):
        disk = ReadOnly(marked / "raw/tiny/notes", {"remove"})
        with open_zone(marked, files=disk) as zone, pytest.raises(ErasureUnfinished):
            carry_out(zone)
        landing.put("tiny/sum_20240525.csv", b"1\n")
        with open_zone(marked, files=disk) as zone:
            outcome = promote_all(zone)
            outcome.raise_for_environment()
        assert outcome.count(Verdict.PROMOTED) == 1
        with open_zone(marked) as zone:
            zone.recover()
        assert holders(marked) == []

    def test_a_copy_that_is_missing_where_others_are_keeps_nobody_from_erasing(self, marked):
        set_policy(marked)
        with open_zone(marked) as zone:
            archive_due(zone)
            (marked / "archive" / KEY).unlink()
            carry_out(zone)
        assert holders(marked) == []


class TestWhatIsReadMeanwhile:
    def test_the_same_bytes_under_another_name_are_not_stored_once_they_are_erased(self, home, landing):
        landing.put("tiny/note_20240522.txt", MARK)
        with open_zone(home) as zone:
            promote_all(zone)
        landing.put("tiny/sum_20240522.csv", MARK)

        class Meanwhile(WatchedFiles):
            def before(self, operation, path):
                if operation == "sync" and path.suffix == ".gzip" and holders(home):
                    with open_zone(home) as other:
                        carry_out(other)

        with open_zone(home, files=Meanwhile(LocalFiles())) as zone:
            assert promote_all(zone).receipts == []
        assert holders(home) == []
        assert objections(home) == []


class TestWhatComesBack:
    """A backup that is played back after an erasure brings the bytes back: that is named, and undone."""

    @pytest.mark.parametrize("root", ["raw", "archive"])
    def test_is_named_and_goes_again(self, marked, root):
        backup = (marked / "raw" / KEY).read_bytes()
        with open_zone(marked) as zone:
            carry_out(zone)
            back = marked / root / KEY
            back.parent.mkdir(parents=True, exist_ok=True)
            back.write_bytes(backup)
            report = scrub(zone)
            assert [(damage.kind, damage.path) for damage in report.damages] == [("unerased", str(back))]
            assert f"'rawzone erase {DIGEST}'" in report.damages[0].problem
            before = zone.index.catch_up().seq
            done = carry_out(zone)
            assert [target.place for target in done.erased] == [f"raw/{KEY}"]
            assert (done.seq, done.left, zone.index.catch_up().seq) == (None, [], before)
            assert scrub(zone).damages == ()
            assert plan_erasure(zone, [DIGEST], **ORDER).targets == ()
        assert holders(marked) == []

    @pytest.mark.parametrize("root", ["raw", "archive"])
    def test_is_named_among_the_evidence_of_repairs_too(self, marked, root):
        if root == "archive":
            set_policy(marked)
            with open_zone(marked) as zone:
                archive_due(zone)
        (marked / root / KEY).chmod(0o644)
        with (marked / root / KEY).open("ab") as file:
            file.write(b"x")
        with open_zone(marked) as zone:
            (done,) = repair(zone, run_id="repair").repaired
            kept = marked / done.evidence
            backup = kept.read_bytes()
            carry_out(zone)
            assert not kept.exists()
            assert scrub(zone).damages == scrub(zone).weaknesses == ()
            kept.write_bytes(backup)
            (damage,) = scrub(zone).damages
            assert (damage.kind, damage.path) == ("unerased", str(kept))
            carry_out(zone)
            assert not kept.exists()
            assert scrub(zone).damages == scrub(zone).weaknesses == ()

    def test_is_under_a_hold_that_was_added_since(self, marked):
        backup = (marked / "raw" / KEY).read_bytes()
        with open_zone(marked) as zone:
            carry_out(zone)
            (marked / "raw" / KEY).write_bytes(backup)
            add_hold(zone, feed="tiny/notes", reason="dispute", authority="court", by="Ada")
            with pytest.raises(HoldOver):
                carry_out(zone)


class Flagged(WatchedFiles):
    """A disk on which stored files cannot be removed before their immutable flag is taken off."""

    def __init__(self):
        super().__init__(LocalFiles())
        self.loose = set()

    def is_immutable(self, path):
        return "_staging" not in path.parts and path.suffix == ".gz" and path not in self.loose

    def set_immutable(self, path, *, on):
        (self.loose.discard if on else self.loose.add)(path)

    def try_immutable(self, folder):
        pass

    def remove(self, path):
        if self.is_immutable(path):
            raise PermissionError(errno.EPERM, "Operation not permitted", str(path))
        super().remove(path)


class TestSealedFiles:
    def test_lose_their_flag_before_they_go(self, marked):
        with open_zone(marked, files=Flagged()) as zone:
            carry_out(zone)
        assert holders(marked) == []

    def test_that_this_user_cannot_remove_are_not_recorded_as_erased_either(self, marked):
        with open_zone(marked, files=Sealed(LocalFiles())) as zone:
            with pytest.raises(CannotUnseal, match=r"carries the immutable flag.*so nothing was erased"):
                carry_out(zone)
            assert zone.index.custody.erasures() == []
        assert len(holders(marked)) == 2
        assert objections(marked) == []


class _ErasesFirst(Publisher):
    """Removes before the ledger says so."""

    def erase(self, batch, records):
        with self.locked():
            wanted = [dict(record) for record in records()]
            erasing.erase(self._files, self._layout, self._ledger, self._index, wanted, cache=None)
        return super().erase(batch, lambda: wanted)


class _SyncsNoFolder(Publisher):
    """Leaves it to chance whether a name that was removed comes back."""

    def _erase(self, commit):
        with mock.patch.object(self._files, "sync_folder", return_value=None):
            super()._erase(commit)


class _ForgetsAfterACrash(Publisher):
    """Takes what is recorded for done."""

    def recover(self):
        erase, self._erase = self._erase, lambda _commit: None
        try:
            return super().recover()
        finally:
            self._erase = erase


def _with(publisher):
    return Mutant(name=publisher.__name__, noticed_by="crashes", publisher=publisher).open


SMALL = Work(
    name="a small erasure",
    run=erase,
    before=({"tiny/note_20240522.txt": b"first\n", "tiny/note_20240524.txt": b"bad one"},),
    landed={},
)


class TestBrokenErasers:
    """A campaign that notices none of them would prove nothing."""

    @pytest.mark.parametrize("broken", [_ErasesFirst, _SyncsNoFolder, _ForgetsAfterACrash])
    def test_are_noticed(self, home, tell, broken):
        campaign = Campaign(home, SMALL, opening=_with(broken))
        moments = campaign.record(campaign.start())
        campaign.interrupt(moments, random_ones=0, every_way=True, each_alone=True, until_broken=True)
        tell(f"{broken.__name__}: noticed after {campaign.tried} crashes")
        assert campaign.violations

    def test_the_sound_one_passes_the_same_campaign(self, home, tell):
        campaign = Campaign(home, SMALL, opening=_with(Publisher))
        moments = campaign.record(campaign.start())
        campaign.interrupt(moments, random_ones=0, every_way=True, each_alone=True)
        tell(f"a small erasure: {campaign.tried} crashes")
        assert campaign.violations == []

    def test_no_call_that_fails_loses_or_keeps_anything(self, home, tell):
        bench = FaultBench(home, SMALL)
        bench.fail_each([errno.EIO, errno.EACCES] * 99)
        tell(f"a small erasure, one call fails: {bench.tried} faults")
        assert bench.violations == []


def test_the_campaigns_erase_something():
    assert any(data == b"first\n" for data in FIRST.values())
    assert ERASE.run is erase
