"""``rawzone log``: the ledger, newest last."""

import json
from datetime import date

import pytest

from rawzone_assets.samples import write_landing
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.commands.conftest import Rawzone


class TestLog:
    """In ``log --json`` a line per delivery carries at least what DESIGN section 9 lists."""

    def test_each_landed_file_has_a_line_with_the_promised_fields(self, rawzone):
        records = rawzone("log", "--json").records
        fields = {"verdict", "feed", "landing_path", "key", "sha256", "findings", "seq", "at"}
        assert all(fields <= record.keys() for record in records)
        landing = rawzone.home / "landing"
        landed = {str(path.relative_to(landing)) for path in landing.rglob("*") if path.is_file()}
        assert {record["landing_path"] for record in records} == {p for p in landed if not p.endswith(".part")}

    def test_lines_come_in_ledger_order_newest_last(self, rawzone):
        records = rawzone("log", "--json").records
        assert [r["seq"] for r in records] == sorted(r["seq"] for r in records)
        assert [r["at"] for r in records] == sorted(r["at"] for r in records)
        assert records[-1]["revision"] == 2

    @pytest.mark.parametrize("verdict", list(Verdict))
    def test_a_verdict_narrows_it(self, rawzone, verdict):
        records = rawzone("log", "--verdict", verdict.value, "--json").records
        assert records
        assert {record["verdict"] for record in records} == {verdict.value}

    def test_feeds_narrow_it(self, rawzone):
        records = rawzone("log", "toolost/spotify", "distrokid/sales", "--json").records
        assert {record["feed"] for record in records} == {"toolost/spotify", "distrokid/sales"}

    def test_last_keeps_the_newest(self, rawzone):
        assert rawzone("log", "-n", "3", "--json").records == rawzone("log", "--json").records[-3:]

    def test_a_person_reads_what_became_of_it_and_why(self, rawzone):
        text = rawzone("log").text
        refused = rawzone.record("quarantine ls")
        assert f"{refused['landing_path']}  [" in text
        assert " -> " in text

    def test_a_name_cannot_steer_the_terminal(self, own):
        (own.home / "landing" / "distrokid" / "\x1b[31mred\n.html").write_bytes(b"x")
        own.promote()
        assert "\\x1b[31mred" in own("log").text
        assert "\x1b" not in own("log").text


def lines_of_the_ledger(home):
    """Every record, read without any of our code."""
    for path in sorted((home / "raw" / "_ledger").glob("*.jsonl")):
        header, *records = map(json.loads, path.read_bytes().splitlines())
        for record in records:
            yield {**record, "seq": header["seq"], "at": header["at"]}


@pytest.fixture(scope="module")
def eventful(tmp_path_factory):
    """A zone with refusals replayed, an object found damaged, repaired, and re-read. To be looked at only."""
    own = Rawzone(tmp_path_factory.mktemp("eventful"))
    write_landing(own.home / "landing", days=2, until=date(2025, 6, 10), bad=False)
    own.promote(RAWZONE_START="2025-06-10")
    own("quarantine", "replay")
    path = own.home / "raw" / own.record("ls", verdict="promoted")["key"]
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    for command in ("scrub", "repair", "scrub"):
        own(command)
    return own


class TestEverything:
    """DESIGN section 6: the ledger has further kinds of records, and ``log --all`` shows each."""

    def test_programs_get_every_record_as_it_was_written(self, eventful):
        told = eventful("log", "--all", "--json").records
        assert told == list(lines_of_the_ledger(eventful.home))
        kinds = {"receipt", "replayed", "scrubbed", "damaged", "repaired"}
        assert {record["record"] for record in told} == kinds

    def test_a_person_reads_one_line_a_record_that_says_what_befell_what(self, eventful):
        records = eventful("log", "--all", "--json").records
        lines = eventful("log", "--all").text.splitlines()
        assert len(lines) == len(records)
        for record, line in zip(records, lines, strict=True):
            assert f"  {record.get('verdict') or record['record']} " in line
            assert str(record.get("place") or record.get("landing_path") or record.get("files")) in line

    def test_without_it_receipts_only(self, eventful):
        assert eventful("log", "--json").records == [
            record for record in lines_of_the_ledger(eventful.home) if record["record"] == "receipt"
        ]

    def test_a_feed_leaves_what_befell_its_files(self, eventful):
        (damaged,) = [r for r in lines_of_the_ledger(eventful.home) if r["record"] == "damaged"]
        told = eventful("log", "--all", damaged["feed"], "--json").records
        assert {record["feed"] for record in told} == {damaged["feed"]}
        assert {"receipt", "damaged", "repaired"} <= {record["record"] for record in told}

    def test_a_verdict_leaves_the_receipts_that_have_it(self, eventful):
        asked = ("--verdict", "promoted", "--json")
        assert eventful("log", "--all", *asked).records == eventful("log", *asked).records

    def test_last_counts_records_of_any_kind(self, eventful):
        assert [r["record"] for r in eventful("log", "--all", "-n", "2", "--json").records] == [
            "repaired",
            "scrubbed",
        ]

    def test_what_a_later_version_adds_to_a_record_is_told_as_its_other_facts_are(self, own):
        told = {"feed": "distrokid/sales", "reason": "audit\x1b[2J", "terms": {"a": 1}}
        rest = {**dict.fromkeys(("platform", "since", "until")), "authority": "a court", "by": "me"}
        later = {"record": "hold_added", "hold": "hold-1", **rest, **told}
        with Zone(Settings.from_environment({}, home=own.home)) as zone:
            zone.publisher("later").record(lambda: [later])
        last = own("log", "--all", "-n", "1").text
        facts = "authority a court, by me, feed distrokid/sales, hold hold-1, reason audit\\x1b[2J"
        assert f"  hold_added    {facts}" in last
        assert own("log", "--all", "-n", "1", "--json").records[0].items() >= later.items()

    def test_a_damaged_ledger_is_said_in_one_sentence(self, own):
        path = min((own.home / "raw" / "_ledger").glob("*.jsonl"))
        path.chmod(0o644)
        path.write_bytes(path.read_bytes()[:-9])
        outcome = own.run("log", "--all")
        assert outcome.code == 2
        assert path.name in outcome.err
        assert "Traceback" not in outcome.err

    def test_nothing_yet_is_said(self, nowhere):
        nowhere.home.mkdir()
        assert "empty" in nowhere("log", "--all").err
