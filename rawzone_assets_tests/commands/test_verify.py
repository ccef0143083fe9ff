"""``rawzone verify``: names every damaged, missing or foreign file, and a ledger that nobody has seen so."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from rawzone_assets.contract.judging import judge
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.orchestration.desk import PLATFORM


@pytest.fixture
def taken_away(own):
    """An object of a feed that is not, or no longer, declared."""
    landed = own.home / "landing" / "tiny" / "sums_20250610.json"
    landed.parent.mkdir()
    landed.write_bytes(b"1")
    with Zone(Settings.from_environment({}, home=own.home)) as zone:
        promote(zone, zone.survey([PLATFORM], settle=0).ready, judge=judge, run_id="test")
    landed.unlink()
    return own.home / "raw" / own.record("ls", feed="tiny/sums")["key"]


def test_a_commit_of_a_time_to_come_is_told_and_is_no_damage(own):
    assert "future" not in own("verify").err
    (own.home / "landing" / "tiny").mkdir()
    (own.home / "landing" / "tiny" / "sums_20250610.json").write_bytes(b"1")
    ahead = datetime.now(UTC) + timedelta(days=3650)
    with Zone(Settings.from_environment({}, home=own.home), clock=lambda: ahead) as zone:
        promote(zone, zone.survey([PLATFORM], settle=0).ready, judge=judge, run_id="test")
    outcome = own("verify")
    assert outcome.code == 0
    assert f"is of {ahead:%Y-%m-%d %H:%M:%S} UTC, which this clock calls the future" in outcome.err


class TestAFeedThatIsNoLongerDeclared:
    @pytest.mark.parametrize("wanted", ["tiny", "tiny/sums"])
    @pytest.mark.parametrize("keeps", ["index", "no index"])
    def test_is_verified_and_repaired_by_name_like_any_other(self, own, taken_away, wanted, keeps):
        if keeps == "no index":
            shutil.rmtree(own.home / "state")
        assert own("verify", wanted, "--json").records[-1]["objects"] == 1
        taken_away.unlink()
        assert own("verify", wanted).code == 1
        assert own("repair", wanted).text.startswith(f"not repaired: {taken_away}")

    def test_is_called_so_by_status(self, own, taken_away):
        (line,) = [line for line in own("status").text.splitlines() if line.startswith("tiny/sums")]
        assert line.rstrip().endswith("not declared")

    def test_a_name_that_nothing_has_is_refused_also_where_the_ledger_is_damaged(self, own):
        shutil.rmtree(own.home / "state")
        commit = own.home / "raw" / "_ledger" / f"{1:020d}.jsonl"
        commit.chmod(0o644)
        commit.write_bytes(b"")
        assert "There is no feed 'tiny'" in own("verify", "tiny").err
        assert own("verify", "toolost").code == 1


class TestVerify:
    def test_a_sound_zone_says_what_was_read_and_the_ledgers_head(self, rawzone):
        outcome = rawzone("verify")
        (record,) = rawzone("verify", "--json").records
        assert outcome.code == 0
        assert record["head"] in outcome.text
        assert record["objects"] == len(rawzone("log", "--verdict", "promoted", "--json").records)
        assert record["damages"] == 0

    def test_damage_is_named_and_ends_with_1(self, own):
        one, two = [r for r in own("ls", "--json").records if r["verdict"] == "promoted"][:2]
        damaged, missing = own.home / "raw" / one["key"], own.home / "raw" / two["key"]
        damaged.chmod(0o644)
        damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
        missing.unlink()
        (own.home / "raw" / "stranger.txt").write_bytes(b"who am I")
        outcome = own("verify")
        assert outcome.code == 1
        for kind, name in (("damaged", one["key"]), ("missing", two["key"]), ("foreign", "stranger.txt")):
            assert any(line.startswith(kind) and name in line for line in outcome.text.splitlines())
        records = own("verify", "--json").records
        assert {r["kind"] for r in records if r["record"] == "damage"} == {"damaged", "missing", "foreign"}
        assert records[-1]["damages"] == 3

    def test_a_damaged_ledger_is_listed_too(self, own):
        commit = own.home / "raw" / "_ledger" / f"{1:020d}.jsonl"
        commit.chmod(0o644)
        commit.write_bytes(commit.read_bytes()[:-2])
        outcome = own("verify")
        assert outcome.code == 1
        assert f"ledger   {commit}" in outcome.text

    def test_feeds_and_days_narrow_what_is_read(self, own):
        one = own.record("ls", feed="distrokid/sales", verdict="promoted")
        path = own.home / "raw" / one["key"]
        path.chmod(0o644)
        path.write_bytes(b"")
        assert own("verify", "toolost").code == 0
        assert own("verify", "distrokid/sales").code == 1
        assert own("verify", "--until", "2020-01-01").code == 0
        assert own("verify", "--since", one["partition"], "--until", one["partition"]).code == 1

    def test_verifying_changes_nothing(self, own):
        def state():
            return {path: path.stat().st_mtime_ns for path in own.home.rglob("*")}

        before = state()
        own("verify")
        assert state() == before

    @pytest.mark.parametrize("command", ["verify", "scrub"])
    def test_of_a_mistyped_folder_nothing_is_said_to_be_sound(self, nowhere, command):
        outcome = nowhere(command)
        assert (outcome.code, outcome.text) == (2, "")
        assert "There is no zone in" in outcome.err
        assert not nowhere.home.exists()
        nowhere.home.mkdir()
        assert nowhere(command).code == 0  # a zone that is new is sound

    def test_without_a_witness_it_says_that_none_was_asked(self, rawzone):
        assert "witnesses: none asked (DAGSTER_HOME is not set)" in rawzone("verify").text
        assert "--no-witness" in rawzone("verify", "--no-witness").text

    def test_a_witness_that_agrees_is_counted(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        outcome = own("verify", "--require-witness")
        assert outcome.code == 0
        assert "witnesses: 1 event" in outcome.text

    def test_a_witness_that_contradicts_is_damage_with_the_event_named(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], "f" * 64)
        witnessed(record["head_seq"] + 1, "e" * 64)
        outcome = own("verify")
        assert outcome.code == 1
        assert "the materialization of raw/toolost/sales for 2025-06-10" in outcome.text
        assert "rewritten" in outcome.text
        assert "rolled back" in outcome.text
        assert own("verify", "--no-witness").code == 0

    def test_the_dagster_of_another_zone_is_thought_of_where_none_of_its_events_agrees(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], "f" * 64)
        witnessed(record["head_seq"] - 1, "e" * 64)
        outcome = own("verify")
        assert outcome.code == 1
        assert "if that is the Dagster of another zone, set DAGSTER_HOME to this zone's" in outcome.err
        assert "the whole ledger was replaced" in outcome.err

    def test_two_zones_that_tell_one_dagster_are_thought_of_where_events_contradict_each_other(
        self, own, witnessed
    ):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        witnessed(record["head_seq"], "f" * 64)
        outcome = own("verify")
        assert outcome.code == 1
        assert "two zones tell one Dagster" in outcome.err

    def test_a_ledger_that_lost_its_end_is_not_taken_for_that_of_another_zone(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        witnessed(record["head_seq"] + 1, "e" * 64)
        outcome = own("verify")
        assert "rolled back" in outcome.text
        assert "another zone" not in outcome.err

    def test_a_witness_that_cannot_be_heard_keeps_nobody_from_verifying(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        for database in (own.home / "dagster" / "history").rglob("*.db*"):
            database.write_bytes(b"no database")
        outcome = own("verify")
        assert outcome.code == 0
        assert "witnesses: none asked (Dagster cannot use" in outcome.text
        assert own("verify", "--require-witness").code == 2

    def test_a_witness_can_be_required(self, rawzone):
        outcome = rawzone("verify", "--require-witness")
        assert outcome.code == 2
        assert "DAGSTER_HOME" in outcome.err

    def test_what_no_receipt_knows_is_not_said_to_be_repairable(self, own):
        """Nothing would be: a person has to move it away."""
        (own.home / "raw" / "stranger.txt").write_bytes(b"who?")
        outcome = own("verify")
        assert outcome.code == 1
        assert "stranger.txt: no receipt knows it: move it away" in outcome.text
        assert "rawzone repair" not in outcome.text

    def test_a_damaged_file_that_is_writable_too_is_not_called_sound(self, own):
        path = own.home / "raw" / own.record("ls", feed="distrokid/streams")["key"]
        path.chmod(0o644)
        path.write_bytes(b"spoilt")
        outcome = own("verify")
        assert "'rawzone repair --dry-run' says what can be put back" in outcome.text
        assert "sound files" not in outcome.text
        assert own("verify", "--json").records[-1]["weaknesses"] == 0

    def test_a_writable_object_is_named_and_counts_when_strict(self, own):
        path = own.home / "raw" / own.record("ls", verdict="promoted")["key"]
        path.chmod(0o644)
        outcome = own("verify")
        assert f"writable {path}" in outcome.text
        assert outcome.code == 0
        assert own("verify", "--strict").code == 1
