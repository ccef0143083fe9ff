"""``rawzone quarantine``: what was refused, why, and where its copy lies."""

import gzip
from datetime import date
from pathlib import Path

import pytest

from rawzone_assets.commands import quarantine
from rawzone_assets.samples import write_landing


class TestQuarantine:
    def test_every_refusal_is_listed_with_the_codes_that_block(self, rawzone):
        records = rawzone("quarantine", "ls", "--json").records
        assert {record["verdict"] for record in records} == {"quarantined"}
        lines = rawzone("quarantine", "ls").text.splitlines()
        assert len(lines) == len(records)
        assert all("RZ-" in line for line in lines)

    def test_feeds_and_days_narrow_the_list(self, rawzone):
        feeds = rawzone("quarantine", "ls", "distrokid/sales", "--json").records
        assert {record["feed"] for record in feeds} == {"distrokid/sales"}
        assert rawzone("quarantine", "ls", "--until", "2020-01-01").out == b""

    def test_show_gives_findings_with_places_remedy_and_the_copy(self, rawzone):
        record = next(
            r
            for r in rawzone("quarantine", "ls", "--json").records
            if r["findings"][0]["where"] and "line" in r["findings"][0]["where"]
        )
        finding = record["findings"][0]
        for wanted in (record["landing_path"], record["name"], record["sha256"], record["quarantine"]["path"]):
            text = rawzone("quarantine", "show", wanted).text
            assert finding["code"] in text
            assert finding["message"] in text
            assert f"line {finding['where']['line']}" in text
            assert "what to do:" in text
        copy = next(line.split(None, 1)[1] for line in text.splitlines() if line.startswith("copy"))
        assert gzip.decompress(Path(copy).read_bytes()) == rawzone.landed(record)

    def test_show_of_an_accepted_file_says_that_it_was_not_refused(self, rawzone):
        record = rawzone.record("ls", verdict="promoted")
        outcome = rawzone("quarantine", "show", record["key"])
        assert outcome.code == 2
        assert "was not refused: it is promoted" in outcome.err


@pytest.fixture
def refusing(nowhere):
    """A zone that refused the deliveries of its first day, for a setting that has been corrected since."""
    write_landing(nowhere.home / "landing", days=2, until=date(2025, 6, 10), bad=False)
    nowhere.promote(RAWZONE_START="2025-06-10")
    return nowhere


class TestReplay:
    def test_what_is_accepted_now_is_promoted_and_the_second_time_there_is_nothing(self, refusing):
        refused = refusing("quarantine", "ls", "--json").records
        assert refused
        first = refusing("quarantine", "replay", "--json")
        assert first.code == 0
        assert {r["landing_path"] for r in first.records} == {r["landing_path"] for r in refused}
        assert {r["verdict"] for r in first.records} == {
            "promoted",
            "duplicate",
        }  # equal copies are stored once
        for record in first.records:
            assert refusing("cat", record["key"]).out == refusing.landed(record)
        second = refusing("quarantine", "replay")
        assert second.code == 0
        assert second.text == "There is no open refusal.\n"
        assert refusing("verify").code == 0

    def test_a_dry_run_says_the_same_and_writes_nothing(self, refusing):
        foreseen = refusing("quarantine", "replay", "--dry-run", "--json").records
        assert all(record["dry_run"] for record in foreseen)
        done = refusing("quarantine", "replay", "--json").records
        assert [(r["verdict"], r["key"], r["findings"]) for r in foreseen] == [
            (r["verdict"], r["key"], r["findings"]) for r in done
        ]

    def test_feeds_and_days_narrow_it(self, refusing):
        assert refusing("quarantine", "replay", "--until", "2020-01-01", "--json").out == b""
        records = refusing("quarantine", "replay", "toolost", "--json").records
        assert {record["feed"] for record in records} == {
            "toolost/spotify",
            "toolost/analytics",
            "toolost/sales",
        }

    def test_the_list_of_open_refusals_is_worked_off_and_the_others_say_what_they_became(self, refusing):
        before = refusing("quarantine", "ls", "--json").records
        assert len(refusing("quarantine", "ls", "--open", "--json").records) == len(before)
        refusing("quarantine", "replay")
        assert refusing("quarantine", "ls", "--open").out == b""
        assert refusing("quarantine", "ls", "--json").records == before
        assert "accepted  as " in refusing("quarantine", "show", before[0]["quarantine"]["path"]).text

    def test_what_is_still_refused_is_listed_with_its_reasons_and_ends_with_1(self, own):
        before = own("log", "--json").out
        outcome = own("quarantine", "replay")
        assert outcome.code == 1
        assert all("still refused for RZ-" in line for line in outcome.text.splitlines())
        assert len(outcome.text.splitlines()) == len(own("quarantine", "ls").text.splitlines())
        assert "before:" not in outcome.text
        assert own("log", "--json").out == before

    def test_a_foreign_file_in_the_place_of_one_holds_up_no_other_and_ends_with_2(self, refusing):
        keys = {record["key"] for record in refusing("quarantine", "replay", "--dry-run", "--json").records}
        taken = refusing.home / "raw" / min(keys)
        taken.parent.mkdir(parents=True, exist_ok=True)
        taken.write_bytes(b"somebody else's")
        outcome = refusing("quarantine", "replay", "--json")
        assert outcome.code == 2
        assert str(taken) in outcome.err
        assert {record["key"] for record in outcome.records} == keys - {min(keys)}

    def test_a_damaged_copy_is_named(self, refusing):
        record = refusing("quarantine", "ls", "--json").records[0]
        copy = refusing.home / "quarantine" / record["quarantine"]["path"]
        copy.chmod(0o644)
        copy.write_bytes(b"x")
        outcome = refusing("quarantine", "replay")
        assert outcome.code == 1
        assert f"{record['landing_path']}: not judged, it has 1 of the recorded" in outcome.text
        assert "rawzone verify" in outcome.text

    def test_what_no_contract_is_left_for_is_still_refused(self, refusing, monkeypatch):
        """That there is no open refusal was said beside how many were not judged."""
        feeds = [feed for feed in quarantine.all_feeds() if feed.id != "toolost/sales"]
        monkeypatch.setattr(quarantine, "all_feeds", lambda: feeds)
        outcome = refusing("quarantine", "replay", "toolost/sales")
        assert (outcome.code, outcome.out) == (1, b"")
        assert "toolost/sales is no longer declared, so its 1 refusal was not judged" in outcome.err
        outcome = refusing("quarantine", "replay", "toolost/sales", "--until", "2020-01-01")
        assert (outcome.code, outcome.out, outcome.err) == (0, b"There is no open refusal.\n", "")

    def test_in_a_folder_that_is_new_there_is_nothing_to_replay(self, nowhere):
        nowhere.home.mkdir()
        assert nowhere("quarantine", "replay").code == 0
