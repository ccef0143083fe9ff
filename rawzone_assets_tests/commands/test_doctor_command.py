"""``rawzone doctor``: what is wrong with this installation."""

import os
from importlib.metadata import PackageNotFoundError

import pytest

from rawzone_assets.commands import installation
from rawzone_assets.orchestration.instance import open_instance
from rawzone_assets.zone.settings import Settings


class TestDoctor:
    def test_a_sound_installation_has_no_failure(self, rawzone):
        outcome = rawzone("doctor", "--json")
        assert outcome.code == 0, outcome.text
        assert {"name", "health", "seen", "remedy"} == outcome.records[0].keys()

    def test_a_missing_landing_fails_with_what_to_do(self, nowhere):
        outcome = nowhere("doctor")
        assert outcome.code == 1
        assert "mount its disk, create it or set RAWZONE_LANDING" in outcome.text
        assert not nowhere.home.exists()

    def test_it_changes_nothing(self, own):
        before = {path: path.read_bytes() for path in own.home.rglob("*") if path.is_file()}
        own("doctor")
        after = {path: path.read_bytes() for path in own.home.rglob("*") if path.is_file()}
        assert after == before


class TestSettings:
    """Nothing was wrong by the doctor where alerts, readers or checkpoints could not begin."""

    @pytest.mark.parametrize(
        ("variable", "value", "name"),
        [
            ("RAWZONE_ALERT_DIGEST", "25:00", "alert settings"),
            ("RAWZONE_ALERT_HEARTBEAT", "ftp://hidden", "alert settings"),
            ("RAWZONE_CACHE", "raw", "cache"),
            ("RAWZONE_SIGNING_KEY", "/nosuch", "signing key"),
        ],
    )
    def test_one_that_cannot_be_used_fails_with_what_to_do(self, rawzone, monkeypatch, variable, value, name):
        monkeypatch.setenv(variable, str(rawzone.home / value) if value == "raw" else value)
        outcome = rawzone("doctor", "--json")
        (check,) = [check for check in outcome.records if check["name"] == name]
        assert (outcome.code, check["health"]) == (1, "fail")
        assert variable in check["seen"] or value in check["seen"] or "cache" in check["seen"]
        assert check["remedy"]
        assert "hidden" not in outcome.text

    def test_an_executor_that_is_none_is_refused_as_the_code_location_refuses_it(self, rawzone, monkeypatch):
        monkeypatch.setenv("RAWZONE_EXECUTOR", "quantum")
        outcome = rawzone("doctor")
        assert outcome.code == 2
        assert "RAWZONE_EXECUTOR is set to 'quantum', which is not in_process or multiprocess" in outcome.err


class TestWitnesses:
    """A process of Dagster with another RAWZONE_HOME promotes into another zone, and nothing fails."""

    def check(self, own):
        outcome = own("doctor", "--json")
        return outcome.code, next((r for r in outcome.records if r["name"] == "witnesses"), None)

    def test_a_dagster_that_saw_this_ledger_is_well(self, own, witnessed):
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        code, check = self.check(own)
        assert (code, check["health"]) == (0, "ok")

    def test_one_that_saw_another_fails_with_what_to_set(self, own, witnessed):
        witnessed(0, "f" * 64)
        code, check = self.check(own)
        assert (code, check["health"]) == (1, "fail")
        assert check["seen"].startswith("1 of the newest 1 events in")
        assert "the same RAWZONE_HOME and DAGSTER_HOME" in check["remedy"]

    def test_one_that_saw_more_than_there_is_fails_too(self, own, witnessed):
        witnessed(999, "f" * 64)
        assert self.check(own)[1]["health"] == "fail"

    def test_what_lies_in_the_place_of_a_commit_it_saw_is_left_to_the_check_of_the_ledger(self, own, witnessed):
        """The doctor ended with the sentence of the first command that needs the ledger."""
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        newest = max(own.home.glob("raw/_ledger/*.jsonl"))
        newest.unlink()
        newest.mkdir()
        assert self.check(own) == (1, None)

    def test_one_that_lost_all_it_saw_is_to_be_told_again(self, own, witnessed):
        """After `dagster run wipe` a zone of years looked empty in Dagster, and nothing said why."""
        (record,) = own("verify", "--json").records
        witnessed(record["head_seq"], record["head"])
        with open_instance(Settings.from_environment({}, home=own.home)) as instance:
            instance.wipe()
        code, check = self.check(own)
        assert (code, check["health"]) == (0, "warn")
        assert "rawzone reindex" in check["remedy"]

    def test_a_pipe_in_the_place_of_its_configuration_is_waited_for_by_no_command(self, own):
        home = own.home / "dagster"
        home.mkdir(exist_ok=True)
        (home / "dagster.yaml").unlink(missing_ok=True)
        os.mkfifo(home / "dagster.yaml")
        told = "its dagster.yaml is no file"
        assert self.check(own) == (0, None)
        assert told in own("verify").text
        assert (own("reindex").code, told in own("reindex").err) == (2, True)

    def test_without_a_dagster_nothing_is_said(self, own):
        assert self.check(own) == (0, None)


class TestInstallation:
    def versions(self, monkeypatch, installed):
        def version(name):
            if name not in installed:
                raise PackageNotFoundError(name)
            return installed[name]

        wanted = ["click<9,>=8.1", "dagster<1.14,>=1.13", "tzdata>=2024.2", 'ruff>=0.9; extra == "dev"']
        monkeypatch.setattr(installation, "requires", lambda _: wanted)
        monkeypatch.setattr(installation, "version", version)
        return list(installation.examine_installation())[-1]

    def test_versions_within_bounds_are_well_and_extras_do_not_count(self, monkeypatch):
        check = self.versions(monkeypatch, {"click": "8.1", "dagster": "1.13.27", "tzdata": "2026.6"})
        assert check.health == "ok"

    @pytest.mark.parametrize(
        ("name", "version"), [("click", "9.0"), ("click", "8.0.9"), ("dagster", "1.14.0rc1"), ("dagster", None)]
    )
    def test_another_version_is_named(self, monkeypatch, name, version):
        installed = {"click": "8.5.1", "dagster": "1.13.0", "tzdata": "2024.2", name: version}
        check = self.versions(monkeypatch, {n: v for n, v in installed.items() if v})
        assert check.health == "fail"
        assert name in check.seen
