"""``rawzone scrub`` and ``rawzone repair``: re-read within a budget, put back what is damaged."""

import pytest


def spoil(path):
    path.chmod(0o644)
    path.write_bytes(path.read_bytes()[:-1] + b"?")
    path.chmod(0o444)


@pytest.fixture
def spoiled(own):
    """An object with another last byte."""
    path = own.home / "raw" / own.record("ls", verdict="promoted")["key"]
    spoil(path)
    return path


class TestScrub:
    def test_says_what_was_read_and_how_much_is_covered(self, own):
        (record,) = own("scrub", "--json").records
        assert record["finished"]
        assert record["coverage_percent"] == 100.0
        assert record["objects"] == len(own("log", "--verdict", "promoted", "--json").records)
        assert own("verify").code == 0

    def test_damage_is_named_and_ends_with_1(self, own, spoiled):
        outcome = own("scrub")
        assert outcome.code == 1
        assert f"damaged  {spoiled}" in outcome.text

    def test_a_small_budget_reads_a_part_and_says_so(self, own):
        record = own("scrub", "--budget", "0", "--json").records[-1]
        assert not record["finished"]

    @pytest.mark.parametrize(
        "arguments",
        [
            ("--budget", "-1"),
            ("--budget", "x"),
            ("--budget", "nan"),
            ("--window", "0"),
            ("--window", "nan"),
            ("--window", "inf"),
        ],
    )
    def test_nonsense_is_refused(self, own, arguments):
        assert own.run("scrub", *arguments).code == 2


class TestRepair:
    def test_a_sound_zone_needs_none(self, own):
        outcome = own("repair")
        assert (outcome.code, outcome.text) == (0, "Nothing needs repair.\n")

    def test_a_sound_zone_is_summed_up_for_programs_too(self, own):
        outcome = own("repair", "--json")
        (summary,) = outcome.records
        counted = ("repaired", "would_be_repaired", "not_repaired", "recorded_late")
        assert (outcome.code, summary["record"]) == (0, "summary")
        assert [summary[name] for name in counted] == [0, 0, 0, 0]

    def test_the_summary_of_a_dry_run_does_not_claim_a_repair(self, own, spoiled):
        _, summary = own("repair", "--dry-run", "--json").records
        assert (summary["dry_run"], summary["repaired"], summary["would_be_repaired"]) == (True, 0, 1)

    def test_a_dry_run_says_from_where_and_writes_nothing(self, own, spoiled):
        before = spoiled.read_bytes()
        outcome = own("repair", "--dry-run")
        assert outcome.code == 1
        assert f"would be repaired: {spoiled}" in outcome.text
        assert "from landing" in outcome.text
        assert spoiled.read_bytes() == before

    def test_damage_is_put_back_and_the_evidence_named(self, own, spoiled):
        damaged = spoiled.read_bytes()
        record, summary = own("repair", "--json").records
        assert record["outcome"] == "repaired"
        assert (summary["record"], summary["repaired"], summary["not_repaired"]) == ("summary", 1, 0)
        assert (own.home / record["evidence"]).read_bytes() == damaged
        assert own("verify").code == 0

    def test_what_cannot_be_put_back_is_said_and_ends_with_1(self, own, spoiled):
        for path in (own.home / "landing").rglob("*"):
            if path.is_file():
                path.unlink()
        outcome = own("repair")
        assert outcome.code == 1
        assert f"not repaired: {spoiled}" in outcome.text
        assert "--from" in outcome.text

    def test_another_copy_of_the_zone_is_a_source(self, own, spoiled, built):
        for path in (own.home / "landing").rglob("*"):
            if path.is_file():
                path.unlink()
        assert own("repair", "--from", str(built)).code == 0
        assert own("verify").code == 0


class TestShow:
    def test_tells_when_an_object_was_last_verified_and_what_befell_it(self, own, spoiled):
        key = spoiled.relative_to(own.home / "raw").as_posix()
        own("scrub")
        own("repair")
        record = own.record(f"show {key}", verdict="promoted")
        assert [event["record"] for event in record["upkeep"]] == ["damaged", "repaired"]
        assert record["last_verified_at"] > record["at"]
        assert "last verified" in own("show", key).text
