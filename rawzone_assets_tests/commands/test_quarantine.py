"""``rawzone quarantine``: what was refused, why, and where its copy lies."""

import gzip
from pathlib import Path


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
