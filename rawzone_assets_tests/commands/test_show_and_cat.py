"""``rawzone show`` and ``rawzone cat``: the receipt, and the exact original bytes, verified."""

import gzip
import os

import pytest

from rawzone_assets.samples import write_landing
from rawzone_assets_tests.commands.conftest import LAST_DAY


class TestShow:
    """``show KEY|SHA|PATH``"""

    def test_an_object_is_found_by_whatever_a_person_has_of_it(self, rawzone, monkeypatch):
        record = rawzone.record("ls", verdict="promoted", feed="distrokid/sales")
        monkeypatch.chdir(rawzone.home)
        names = [
            record["key"],
            record["name"],
            record["sha256"],
            record["sha256"][:8].upper(),
            record["landing_path"],
            record["path"],
            f"raw/{record['key']}",
            f"./raw/{record['key']}",
            record["key"].removesuffix(".gz"),
            f"landing/{record['landing_path']}",
            str(rawzone.home / "landing" / record["landing_path"]),
        ]
        for name in names:
            assert [r["key"] for r in rawzone("show", name, "--json").records] == [record["key"]], name

    def test_a_path_that_starts_at_the_zone_is_found_from_any_folder(self, rawzone, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        record = rawzone.record("ls", verdict="promoted")
        assert rawzone("show", f"raw/{record['key']}").code == 0

    def test_a_link_to_the_zone_leads_to_it(self, rawzone, tmp_path):
        os.symlink(rawzone.home, tmp_path / "link")
        record = rawzone.record("ls", verdict="promoted")
        assert rawzone("show", str(tmp_path / "link" / "raw" / record["key"])).code == 0

    @pytest.mark.parametrize("part", ["path", "findings", "folder"])
    def test_a_quarantined_copy_is_found_by_its_paths(self, rawzone, part):
        record = rawzone.record("quarantine ls")
        place = record["quarantine"].get(part) or os.path.dirname(record["quarantine"]["path"])
        for wanted in (place, f"quarantine/{place}", str(rawzone.home / "quarantine" / place)):
            shown = rawzone("show", wanted, "--json").records
            assert record["landing_path"] in {receipt["landing_path"] for receipt in shown}

    def test_a_duplicate_is_shown_with_the_receipt_of_the_object_it_repeats(self, rawzone):
        duplicate = rawzone.record("ls", verdict="duplicate")
        shown = rawzone("show", duplicate["landing_path"], "--json").records
        assert {receipt["verdict"] for receipt in shown} == {"duplicate", "promoted"}

    def test_a_person_reads_where_it_lies_and_why_it_was_refused(self, rawzone):
        record = rawzone.record("quarantine ls")
        text = rawzone("show", record["landing_path"]).text
        assert str(rawzone.home / "quarantine" / record["quarantine"]["path"]) in text
        assert record["findings"][0]["code"] in text
        assert "what to do:" in text

    def test_what_there_is_nothing_of_has_no_line(self, rawzone):
        assert "shadow findings" not in rawzone("show", rawzone.record("ls")["key"]).text

    def test_what_a_rule_in_trial_found_is_told_as_such(self, nowhere):
        nowhere.home.mkdir()
        (nowhere.home / "policy.toml").write_text('[modes]\nRZ-VALUE-TYPE = "shadow"\n')
        write_landing(nowhere.home / "landing", days=1, until=LAST_DAY)
        nowhere.promote()
        tried = [
            record for record in nowhere("log", "--json").records if record["shadow_findings"] and record["key"]
        ]
        text = nowhere("show", tried[0]["key"]).text
        assert "\n  in trial: " in text
        assert tried[0]["shadow_findings"][0]["message"] in text
        assert "{'" not in text


class TestCat:
    """``cat KEY``: exact original bytes, verified."""

    def test_every_listed_object_gives_the_landed_bytes(self, rawzone):
        for record in rawzone("ls", "--all-revisions", "--json").records:
            wanted = record["landing_path"] if record["verdict"] == "duplicate" else record["key"]
            assert rawzone("cat", wanted).out == rawzone.landed(record)

    def test_bytes_pass_through_a_real_pipe_unchanged(self, rawzone):
        record = rawzone.record("ls", feed="distrokid/sales")
        assert rawzone.run("cat", record["key"]).out == rawzone.landed(record)

    def test_not_one_byte_of_a_damaged_object_is_given_out(self, own):
        record = own.record("ls", feed="distrokid/sales")
        path = own.home / "raw" / record["key"]
        good = path.read_bytes()
        path.chmod(0o644)
        for bad in (
            gzip.compress(b"something else"),
            good[:-9],
            good + b"x",
            good[:200] + bytes([good[200] ^ 1]) + good[201:],
            b"",
        ):
            path.write_bytes(bad)
            outcome = own("cat", record["key"])
            assert (outcome.code, outcome.out) == (2, b"")
            assert "rawzone repair" in outcome.err
        path.unlink()
        assert "is missing" in own("cat", record["key"]).err

    def test_a_name_with_revisions_must_be_given_by_key(self, rawzone):
        record = rawzone.record("ls", revision=2)
        outcome = rawzone("cat", record["name"])
        assert outcome.code == 2
        assert record["key"] in outcome.err
        assert record["revises"] in outcome.err

    def test_refused_bytes_are_given_only_when_asked_for(self, rawzone):
        record = rawzone.record("quarantine ls")
        place = record["quarantine"]["path"]
        outcome = rawzone("cat", place)
        assert (outcome.code, outcome.out) == (2, b"")
        assert "quarantine show" in outcome.err
        assert rawzone("cat", place, "--quarantined").out == rawzone.landed(record)

    def test_an_archived_object_is_found_by_its_path_there_and_read(self, own):
        record = own.record("ls", feed="distrokid/sales")
        moved = own.home / "archive" / record["key"]
        moved.parent.mkdir(parents=True)
        os.rename(record["path"], moved)
        assert own.record("ls", key=record["key"])["path"] == str(moved)
        assert str(moved) in own("show", record["key"]).text
        for wanted in (record["key"], str(moved)):
            assert own("cat", wanted).out == own.landed(record)

    def test_with_a_cache_a_second_reading_comes_from_it(self, own, tmp_path):
        record = own.record("ls", feed="distrokid/sales")
        cache = {"RAWZONE_CACHE": str(tmp_path / "cache")}
        assert own.run("cat", record["key"], **cache).out == own.landed(record)
        os.unlink(record["path"])
        assert own.run("cat", record["key"], **cache).out == own.landed(record)

    def test_json_tells_what_was_checked_and_writes_no_bytes(self, rawzone):
        record = rawzone.record("ls", verdict="promoted")
        (line,) = rawzone("cat", record["key"], "--json").records
        assert (line["sha256"], line["size"]) == (record["sha256"], record["size"])
