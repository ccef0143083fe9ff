"""A zone small and fast by turns: one zone still, read, verified and repaired whatever made its objects."""

import gzip
import shutil
import signal
import subprocess
import sys
from dataclasses import replace

import pytest

from rawzone_assets.access.reading import original_bytes
from rawzone_assets.contract.judging import judge
from rawzone_assets.health.repair import repair
from rawzone_assets.health.scrub import scrub
from rawzone_assets.zone import intake, reading
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.pile import Pile
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.health.damaging import flip, zone_files
from rawzone_assets_tests.zone.invariants import Oracle, read_tree
from rawzone_assets_tests.zone.tiny_platform import (
    CONTRACT,
    NOW,
    TINY,
    LandingFolder,
    look,
    promote_all,
    promote_these,
    settings_for,
)

SMALL, FAST = Compression.SMALL, Compression.FAST
FIRST = b"".join(b"%d;first\n" % n for n in range(999))
SECOND = b"".join(b"%d;second\n" % n for n in range(999))
BAD = b"bad;" + FIRST

each = pytest.mark.parametrize("how", Compression)


@pytest.fixture
def home(tmp_path):
    (tmp_path / "landing").mkdir()
    return tmp_path


@pytest.fixture
def landing(home):
    return LandingFolder(home)


def opened(home, how):
    return Zone(replace(settings_for(home), compression=how), clock=lambda: NOW)


def finish(home, how):
    """Promote what is pending; the verdicts by path."""
    with opened(home, how) as zone:
        outcome = promote_all(zone)
        outcome.raise_for_environment()
    return {receipt.landing_path: str(receipt.verdict) for receipt in outcome.receipts}


def stored(home):
    """Every object and refused copy: its bytes by its path."""
    return {
        path.relative_to(home).as_posix(): path.read_bytes()
        for path in zone_files(home)
        if path.suffix == ".gz"
    }


def problems(home):
    return Oracle().check(read_tree(home / "raw"), read_tree(home / "quarantine"))


def is_sound(home, how=SMALL):
    with opened(home, how) as zone:
        report = scrub(zone)
    return not report.damages and not report.weaknesses and problems(home) == []


def originals(home):
    """What readers are given of every object."""
    with opened(home, SMALL) as zone:
        zone.index.catch_up()
        receipts = [entry.receipt for entry in zone.index.entries() if entry.receipt.verdict == "promoted"]
        return [b"".join(original_bytes(zone, receipt)) for receipt in receipts]


@pytest.fixture
def mixed(home, landing):
    """Promoted small, then fast: objects, refusals, and the same bytes again."""
    landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/sum_20240522.csv": BAD})
    finish(home, SMALL)
    landing.put_all(
        {
            "tiny/note_20240523.txt": FIRST,
            "tiny/note_20240524.txt": SECOND,
            "tiny/again/sum_20240522.csv": BAD,
            "tiny/sum_20240524.csv": BAD + SECOND,
        }
    )
    landing.put("tiny/note_20240522.txt", SECOND + FIRST)
    finish(home, FAST)
    return home


@pytest.fixture
def without_isal(mixed, monkeypatch):
    """The zone on a machine that lacks what made half of it."""
    monkeypatch.setitem(sys.modules, "isal", None)


class TestPromotion:
    @each
    def test_stores_what_the_setting_says(self, home, landing, how):
        landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/sum_20240522.csv": BAD})
        assert finish(home, how) == {
            "tiny/note_20240522.txt": "promoted",
            "tiny/sum_20240522.csv": "quarantined",
        }
        assert sorted(stored(home).values()) == sorted([how.compress(FIRST), how.compress(BAD)])

    @each
    def test_streams_large_ones_as_the_setting_says(self, home, landing, how, monkeypatch):
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", 100)
        landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/sum_20240522.csv": BAD})
        finish(home, how)
        forms = [b"".join(how.compress_stream([data])) for data in (FIRST, BAD)]
        assert sorted(stored(home).values()) == sorted(forms)
        assert is_sound(home, how)

    @each
    def test_compresses_while_it_judges_as_the_setting_says(self, home, landing, how, monkeypatch):
        monkeypatch.setattr(intake, "_LARGE", 1)
        monkeypatch.setattr(intake, "contract_of", lambda *_: CONTRACT)
        landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/note_20240523.txt": SECOND})
        with opened(home, how) as zone:
            promote(zone, look(zone).ready, judge=judge, run_id="test", parallel=2)
        assert sorted(stored(home).values()) == sorted([how.compress(FIRST), how.compress(SECOND)])

    @each
    def test_of_what_is_adopted_stores_it_so_too(self, home, how):
        old = home / "old"
        (old / "tiny").mkdir(parents=True)
        (old / "tiny/note_20240522.txt").write_bytes(FIRST)
        (old / "tiny/note_20240523.txt.gz").write_bytes(gzip.compress(SECOND))
        with opened(home, how) as zone:
            pile = Pile(old, zone.layout)
            promote_these(zone, pile.survey(zone.index, [TINY]).ready, source=pile)
        assert sorted(stored(home).values()) == sorted([how.compress(FIRST), how.compress(SECOND)])

    def test_links_bytes_that_are_stored_in_the_other_form(self, mixed):
        key = "raw/tiny/notes/2024/05/note_20240522.txt.gz"
        forms = stored(mixed)
        assert forms[key] == SMALL.compress(FIRST)
        assert forms[key.replace("22.txt", "22.r2.txt")] == FAST.compress(SECOND + FIRST)
        assert forms[key.replace("22.txt", "24.txt")] == FAST.compress(SECOND)
        assert key.replace("22.txt", "23.txt") not in forms, "a duplicate is not stored again"
        assert [form for path, form in forms.items() if path.startswith("quarantine")].count(
            FAST.compress(BAD)
        ) == 1, "a refusal is kept each time, as it is stored now"

    @each
    def test_that_was_done_is_not_done_again_whatever_the_setting_is_now(self, mixed, how):
        before = stored(mixed)
        assert finish(mixed, how) == {}
        shutil.rmtree(mixed / "state")
        assert finish(mixed, how) == {}
        assert stored(mixed) == before


class TestSeveralProcesses:
    """One small, one fast: neither takes the other's place, and no object has another form than its receipt."""

    PROGRAM = """
import signal, sys
from dataclasses import replace
from pathlib import Path
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.zone.driven_process import POINTS, _Halting
from rawzone_assets_tests.zone.tiny_platform import NOW, promote_all, settings_for
home, how = Path(sys.argv[1]), Compression(sys.argv[2])
point = POINTS.get(sys.argv[3], lambda: lambda *_: False)
print("ready", flush=True)
sys.stdin.readline()
files = _Halting(point(), signal.SIGKILL, torn=False)
with Zone(replace(settings_for(home), compression=how), files=files, clock=lambda: NOW) as zone:
    promote_all(zone).raise_for_environment()
"""

    def start(self, home, how, point=""):
        command = [sys.executable, "-c", self.PROGRAM, str(home), how, point]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert process.stdout.readline() == b"ready\n"
        return process

    @pytest.mark.parametrize("point", ["before the first link", "between two links", "between link and claim"])
    def test_what_one_left_when_it_was_killed_the_next_finishes_as_it_was_staged(self, home, landing, point):
        landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/note_20240523.txt": SECOND})
        killed = self.start(home, FAST, point)
        killed.communicate(b"go\n", timeout=60)
        assert killed.returncode == -signal.SIGKILL
        finish(home, SMALL)
        assert sorted(stored(home).values()) == sorted([FAST.compress(FIRST), FAST.compress(SECOND)])
        assert is_sound(home)

    def test_at_once_store_each_delivery_once_in_either_form(self, home, landing):
        landing.put_all({f"tiny/note_202405{day}.txt": FIRST + b"%d" % day for day in range(10, 30)})
        racing = [self.start(home, how) for how in (SMALL, FAST)]
        for process in racing:
            process.stdin.write(b"go\n")
            process.stdin.flush()
        for process in racing:
            process.communicate(timeout=60)
            assert process.returncode == 0
        forms = stored(home)
        assert len(forms) == 20
        for form in forms.values():
            assert form in (SMALL.compress(gzip.decompress(form)), FAST.compress(gzip.decompress(form)))
        assert is_sound(home)


@pytest.mark.usefixtures("without_isal")
class TestReading:
    """Needs nothing: the package that made the fast ones may be gone."""

    def test_finds_every_object_sound(self, mixed):
        assert is_sound(mixed)

    def test_gives_the_landed_bytes(self, mixed):
        assert sorted(originals(mixed)) == sorted([FIRST, SECOND, SECOND + FIRST])

    def test_takes_no_more_than_gunzip(self, mixed):
        for path in zone_files(mixed):
            if path.suffix == ".gz":
                done = subprocess.run(["gunzip", "-c", str(path)], capture_output=True, check=True)
                assert done.stderr == b""
                assert done.stdout in (FIRST, SECOND, SECOND + FIRST, BAD, BAD + SECOND)

    def test_notices_every_flipped_bit(self, mixed):
        path = mixed / "raw/tiny/notes/2024/05/note_20240524.txt.gz"
        for offset in range(0, path.stat().st_size, 97):
            flip(path, offset)
            assert not is_sound(mixed)
            flip(path, offset)
        assert is_sound(mixed)


class TestRepair:
    """From landing, where originals lie: to the very form that was recorded, if its maker is here."""

    @pytest.mark.parametrize("is_streamed", [False, True])
    @each
    def test_gives_back_the_recorded_form_whatever_the_setting_is_now(
        self, home, landing, how, is_streamed, monkeypatch
    ):
        landing.put_all({"tiny/note_20240522.txt": FIRST, "tiny/note_20240523.txt": SECOND})
        if is_streamed:
            monkeypatch.setattr(reading, "HELD_IN_MEMORY", 100)
        finish(home, SMALL)
        landing.put_all({"tiny/note_20240524.txt": FIRST + SECOND, "tiny/note_20240525.txt": SECOND + FIRST})
        finish(home, FAST)
        before = stored(home)
        for path in zone_files(home):
            if path.suffix == ".gz":
                flip(path)
        with opened(home, how) as zone:
            outcome = repair(zone, run_id="repair")
        assert [done.is_new_form for done in outcome.repaired] == [False] * 4
        assert stored_in_zone(home) == before
        assert is_sound(home)

    @pytest.mark.usefixtures("without_isal")
    def test_records_a_new_form_where_the_old_ones_maker_is_missing(self, mixed):
        path = mixed / "raw/tiny/notes/2024/05/note_20240522.r2.txt.gz"
        flip(path)
        with opened(mixed, SMALL) as zone:
            (done,) = repair(zone, run_id="repair").repaired
        assert done.is_new_form
        assert path.read_bytes() == SMALL.compress(SECOND + FIRST)
        assert is_sound(mixed)

    @each
    def test_makes_a_new_form_as_the_setting_says(self, home, landing, how, monkeypatch):
        landing.put("tiny/note_20240522.txt", FIRST)
        with monkeypatch.context() as then:
            then.setattr(Compression, "compress", lambda _, data: gzip.compress(data, 9, mtime=0))
            finish(home, how)
        (path,) = (home / "raw/tiny").rglob("*.gz")
        flip(path)
        with opened(home, how) as zone:
            (done,) = repair(zone, run_id="repair").repaired
        assert done.is_new_form
        assert path.read_bytes() == how.compress(FIRST)


def stored_in_zone(home):
    """As ``stored``, without what repairs took away."""
    return {path: data for path, data in stored(home).items() if "_evidence" not in path}
