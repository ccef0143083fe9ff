"""A zone against an independent model: whatever is landed, changed, deleted and interrupted, in any order."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from unittest import mock

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone import intake, promotion, reading
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets_tests.zone.faulty_files import Crash, CrashingFiles
from rawzone_assets_tests.zone.invariants import Oracle, check_states, read_landing, read_tree, receipts_of
from rawzone_assets_tests.zone.tiny_platform import CONTRACT, LandingFolder, look, open_zone, promote_all
from rawzone_assets_tests.zone.zone_model import Fate, ZoneModel

NAMES = st.sampled_from(
    [f"note_2024052{day}.txt" for day in range(4)]
    + [
        "note_20240522_143022.txt",
        "note_20240522.zip",
        "note_20240601.txt",
        "sum_20240522.csv",
        "sum_20230522.csv",
    ]
)
FOLDERS = st.sampled_from(["tiny", "tiny/x", "tiny/x/ü 1"])
GOOD = st.sampled_from([b"a\n", b"b\n", b"c\n", b"d" * 300])
BAD = st.sampled_from([b"bad", b"bad two", b""])
STRANGE = st.sampled_from(
    ["tiny/unknown.bin", "elsewhere/note_20240522.txt", "top.txt", "tiny/note_20241399.txt"]
)
PASSED_OVER = st.sampled_from(["tiny/note_20240522.txt.part", "tiny/.hidden", "tiny/~$note_20240522.txt"])


class ZoneMachine(RuleBasedStateMachine):
    """DESIGN section 5: after each step the invariants hold and each file is where ADR 4 says."""

    held_in_memory = 32 * 2**20

    @initialize()
    def begin(self):
        memory = Path("/dev/shm")  # noqa: S108
        self.home = Path(tempfile.mkdtemp(dir=memory if os.access(memory, os.W_OK) else None)).resolve()
        self.landing = LandingFolder(self.home)
        self.landing.root.mkdir()
        self.model = ZoneModel()
        self.oracle = Oracle()
        self.zone = open_zone(self.home)
        self.before = {}

    def teardown(self):
        if hasattr(self, "zone"):
            self.zone.close()
            shutil.rmtree(self.home)

    # --- what extractors do ----------------------------------------------------------------------

    def land(self, path, data):
        target = self.landing.root / path
        if target.exists() and self.model.landing.get(path) != data:
            target.unlink()  # as a transfer does: another file under the same name
        self.landing.put(path, data)
        self.model.landing[path] = data

    @rule(folder=FOLDERS, name=NAMES, data=GOOD)
    def land_good_file(self, folder, name, data):
        self.land(f"{folder}/{name}", data)

    @rule(folder=FOLDERS, name=NAMES, data=BAD)
    def land_bad_file(self, folder, name, data):
        if name != "sum_20230522.csv":
            self.land(f"{folder}/{name}", data)

    @rule(path=STRANGE, data=GOOD)
    def land_unrecognized_file(self, path, data):
        self.land(path, data)

    @rule(path=PASSED_OVER, data=GOOD)
    def land_unfinished_file(self, path, data):
        self.land(path, data)

    @precondition(lambda self: self.model.landing)
    @rule(data=st.data(), content=GOOD | BAD)
    def land_other_bytes_under_a_landed_name(self, data, content):
        self.land(data.draw(st.sampled_from(sorted(self.model.landing))), content)

    @precondition(lambda self: self.model.landing)
    @rule(data=st.data(), folder=FOLDERS)
    def land_a_landed_file_in_another_folder(self, data, folder):
        path = data.draw(st.sampled_from(sorted(self.model.landing)))
        self.land(f"{folder}/{path.rpartition('/')[2]}", self.model.landing[path])

    @precondition(lambda self: self.model.landing)
    @rule(data=st.data())
    def touch(self, data):
        self.landing.touch(data.draw(st.sampled_from(sorted(self.model.landing))))

    @precondition(lambda self: self.model.landing)
    @rule(data=st.data())
    def remove_from_landing(self, data):
        path = data.draw(st.sampled_from(sorted(self.model.landing)))
        self.landing.remove(path)
        del self.model.landing[path]

    # --- what the zone does ----------------------------------------------------------------------

    @rule()
    def promote_everything(self):
        before = read_landing(self.landing.root)
        promote_all(self.zone).raise_for_environment()
        self.model.promote()
        assert read_landing(self.landing.root) == before, "I4"
        self.compare(everything=True)

    @rule()
    def promote_twice(self):
        self.promote_everything()
        trees = self.trees()
        again = promote_all(self.zone)
        assert (again.receipts, again.waiting, self.trees()) == ([], [], trees), "I7"
        assert look(self.zone).ready == (), "nothing is ready when everything was dealt with"

    @rule(data=st.data())
    def promote_a_part(self, data):
        ready = look(self.zone).ready
        chosen = [delivery for delivery in ready if data.draw(st.booleans())]
        with mock.patch.object(intake, "contract_of", return_value=CONTRACT):
            promotion.promote(self.zone, chosen, judge=judge, run_id="part").raise_for_environment()
        self.model.promote([delivery.landed.path for delivery in chosen])
        self.compare(everything=False)

    @rule()
    def delete_the_index(self):
        self.zone.close()
        shutil.rmtree(self.home / "state")
        self.zone = open_zone(self.home)

    @rule()
    def reopen(self):
        self.zone.close()
        self.zone = open_zone(self.home)

    @rule(last=st.integers(0, 90), look_before=st.booleans())
    def crash_while_promoting(self, last, look_before):
        files = CrashingFiles(LocalFiles(), last=last)
        self.zone.close()
        try:
            with open_zone(self.home, files=files) as zone:
                promote_all(zone)
        except Crash:
            pass
        self.zone = open_zone(self.home)
        assert self.oracle.check(*self.trees(), recovered=False) == []
        if look_before:
            look(self.zone)
        self.zone.recover()
        assert self.oracle.check(*self.trees()) == []
        self.promote_everything()

    # --- what must hold --------------------------------------------------------------------------

    def trees(self):
        return read_tree(self.home / "raw"), read_tree(self.home / "quarantine")

    def compare(self, *, everything):
        receipts = receipts_of(read_tree(self.home / "raw"))
        assert by_feed(fate_of(receipt) for receipt in receipts) == by_feed(self.model.fates)
        states, expected = look(self.zone).states(), self.model.states()
        if everything:
            assert states == expected
        for path, state in states.items():
            # A file that was landed anew is read again, whatever its bytes; until then the zone cannot know.
            assert state in (expected[path], "waiting"), path
        assert check_states(states, read_landing(self.landing.root), receipts) == []

    @invariant()
    def invariants_hold(self):
        if not hasattr(self, "home"):
            return
        raw, quarantine = self.trees()
        assert self.oracle.check(raw, quarantine) == []
        self.oracle.acknowledge(raw)


def by_feed(fates):
    """In the order of decisions, which counts within a feed only."""
    return sorted(fates, key=lambda fate: ZoneModel.feed(fate.path) or "")


def fate_of(receipt):
    places = receipt["quarantine"]
    return Fate(
        receipt["landing_path"], receipt["verdict"], receipt["sha256"], receipt["key"], receipt["revision"],
        receipt["duplicate_of"], receipt["revises"], places["path"] if places else None,
    )  # fmt: skip


def run(machine, examples, steps):
    began = time.monotonic()
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    return f"{examples} histories of up to {steps} steps, {time.monotonic() - began:.0f} s"


class TestAnyHistory:
    def test_the_zone_does_what_the_model_does(self, tell):
        tell(f"state machine: {run(ZoneMachine, 100, 25)}")

    def test_also_when_every_delivery_counts_as_large(self, tell, monkeypatch):
        monkeypatch.setattr(reading, "HELD_IN_MEMORY", 1)
        tell(f"state machine, large deliveries: {run(ZoneMachine, 40, 20)}")

    @pytest.mark.campaign
    def test_through_many_long_histories(self, tell):
        tell(f"state machine: {run(ZoneMachine, 600, 50)}")
