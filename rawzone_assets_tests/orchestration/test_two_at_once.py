"""The sensor fires twice at the same time: the runs meet in the ledger, and each delivery has one receipt."""

import json
import subprocess
import sys

from rawzone_assets.orchestration import reporting
from rawzone_assets.orchestration.targets import newest_targets
from rawzone_assets_tests.zone.invariants import Oracle, read_tree, receipts_of


def start(home):
    pipe = subprocess.PIPE
    command = [sys.executable, "-m", "rawzone_assets_tests.orchestration.running_process", str(home)]
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)


class TestTwoRunsOfAFeedAtOnce:
    """Of a run by hand and one of the sensor, either may report last."""

    def test_what_the_slower_one_saw_does_not_hide_what_the_other_has_told(self, desk, monkeypatch):
        desk.land("20240510")

        def overtaken(*asked):
            monkeypatch.setattr(reporting, "newest_targets", newest_targets)
            desk.land("20240510", "bad", time="080000")
            assert desk.run("2024-05-10").success
            assert desk.verdicts("shape") == {"2024-05-10": "FAILED"}
            desk.tick()  # finds that Dagster knows all, and does not look at those commits again
            return newest_targets(*asked)

        monkeypatch.setattr(reporting, "newest_targets", overtaken)
        assert desk.run("2024-05-10").success
        assert desk.verdicts("shape") == {"2024-05-10": "FAILED"}
        assert not desk.tick().run_requests


class TestTwoTicksAtOnce:
    def test_their_runs_promote_everything_once_and_dagster_shows_it(self, desk, tell):
        days = [f"202405{day:02}" for day in range(1, 5)]
        for day in days:
            desk.land(day)
            desk.land(day, time="120000")
        desk.land("20240520", "bad")
        processes = [start(desk.home.parent) for _ in range(2)]
        keys = [json.loads(process.stdout.readline()) for process in processes]
        assert keys[0] == keys[1] != [], "Dagster launches one of two requests with the same key"
        results = []
        for process in processes:  # as if it had launched both all the same
            process.stdin.write("go\n")
            process.stdin.flush()
        for process in processes:
            out, err = process.communicate(timeout=120)
            assert process.returncode == 0, err
            results += json.loads(out)
        assert set(results) == {True}
        raw, quarantine = read_tree(desk.home / "raw"), read_tree(desk.home / "quarantine")
        assert Oracle().check(raw, quarantine) == []
        receipts = receipts_of(raw)
        assert len({r["landing_path"] for r in receipts}) == len(receipts) == 9
        assert len(desk.materialized()) == 4
        assert desk.verdicts("shape")["2024-05-20"] == "FAILED"
        # Each run reported what it saw, one of them perhaps less than there was: the next look puts that right.
        for request in desk.tick().run_requests or ():
            assert desk.carry_out(request).success
        quiet = desk.tick()
        assert not quiet.run_requests
        assert quiet.skip_reason.skip_message == "nothing new; 9 files dealt with"
        assert receipts_of(read_tree(desk.home / "raw")) == receipts
        tell(f"sensor twice at once: {len(results)} runs, {len(receipts)} receipts")
