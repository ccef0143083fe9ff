"""``rawzone log``: the ledger, newest last."""

import pytest

from rawzone_assets.zone.receipt import Verdict


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
