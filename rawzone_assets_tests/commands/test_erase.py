"""``rawzone erase`` as its user meets it, on real deliveries, and what all other commands say afterwards."""

import gzip
import re
import shlex
import shutil
from pathlib import Path

import pytest

from rawzone_assets.access.columnar import bring_up_to_date
from rawzone_assets.platforms import all_feeds
from rawzone_assets.samples import samples
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone
from rawzone_assets_tests.commands.conftest import LAST_DAY, Rawzone, promote_all

FEED = "metaads/daily"
MARK = "planted-7f3c9a-marker"
ORDER = ("--reason", "request 17", "--authority", "Data Protection Office")
ROOT = Path(__file__).parents[2]


@pytest.fixture
def marked(own, monkeypatch):
    """A zone in which a delivery holds a marker, in its columns and its cache too, and what landed is gone."""
    zone, home = own, own.home
    sample = next(one for one in samples(FEED, capture=LAST_DAY) if one.verdict == "promoted")
    rows = [line.split(b",") for line in sample.data.splitlines()]
    rows[1:] = [[*row[:2], MARK.encode(), *row[3:]] for row in rows[1:]]
    names = ("metaads_campaign_daily_20250611.csv", "metaads_campaign_daily_20250612.csv")
    for name in names:
        (home / "landing" / "metaads" / name).write_bytes(b"\n".join(map(b",".join, rows)) + b"\n")
    monkeypatch.setenv("RAWZONE_CACHE", str(home / "cache"))
    promote_all(home)
    feed = next(feed for feed in all_feeds() if feed.id == FEED)
    with Zone(Settings.from_environment({}, home=home)) as opened:
        opened.index.catch_up()
        assert list(bring_up_to_date(opened, feed))
    keys = [one for one in zone("ls", FEED, "--json").records if one["name"] in names]
    assert len(keys) == 2
    assert zone("cat", keys[0]["key"]).code == 0
    shutil.rmtree(home / "landing")
    (home / "landing").mkdir()
    zone.key = keys[0]["key"]
    return zone


def holders(home: Path) -> list[str]:
    """Every file below the home in which the marker stands, packed or not."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    found = []
    for path in (path for path in home.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.suffix == ".parquet":
            data = str(pq.read_table(path).to_pylist()).encode()
        elif data.startswith(b"\x1f\x8b"):
            data = gzip.decompress(data)
        if MARK.encode() in data:
            found.append(path.relative_to(home).parts[0])
    return found


def confirmed(zone: Rawzone, *keys: str):
    code = zone("erase", *keys, *ORDER, "--json").records[-1]["code"]
    return zone("erase", *keys, *ORDER, "--confirm", code)


class TestTwoSteps:
    def test_the_first_shows_what_would_go_and_changes_nothing(self, marked):
        before = holders(marked.home)
        assert set(before) == {"raw", "state", "cache"}
        shown = marked("erase", marked.key, *ORDER)
        assert shown.code == 0
        assert marked.key in shown.text
        assert "1 name under which the same bytes can be read" in shown.text
        assert "days of columns" in shown.text
        assert re.search(r"--confirm \d+-[0-9a-f]{16}$", shown.err.strip())
        assert holders(marked.home) == before

    def test_the_second_leaves_no_byte_anywhere_in_the_home(self, marked):
        done = confirmed(marked, marked.key)
        assert (done.code, "It is recorded in commit" in done.err) == (0, True)
        assert holders(marked.home) == []

    def test_once_more_there_is_nothing_left_to_erase(self, marked):
        confirmed(marked, marked.key)
        again = marked("erase", marked.key, *ORDER)
        assert (again.code, "There is nothing left to erase." in again.err) == (0, True)
        assert "erased already, in commit" in again.text
        confirmed_again = marked("erase", marked.key, *ORDER, "--confirm", "1-0000000000000000")
        assert (confirmed_again.code, confirmed_again.err) == (0, again.err)

    def test_a_wrong_code_erases_nothing(self, marked):
        before = holders(marked.home)
        refused = marked("erase", marked.key, *ORDER, "--confirm", "1-0000000000000000")
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert holders(marked.home) == before

    def test_under_a_hold_nothing_is_even_planned(self, marked):
        marked("hold", "add", "--feed", FEED, "--reason", "dispute", "--authority", "court")
        refused = marked("erase", marked.key, *ORDER)
        assert (refused.code, refused.err.count("\n")) == (2, 1)
        assert "hold-1" in refused.err

    @pytest.mark.parametrize("missing", ["--reason", "--authority"])
    def test_without_reason_and_authority_nothing_happens(self, marked, missing):
        order = list(ORDER)
        del order[order.index(missing) : order.index(missing) + 2]
        assert marked("erase", marked.key, *order).code == 2

    def test_names_that_mean_nothing_or_several_contents_are_refused(self, marked):
        assert marked("erase", "nowhere", *ORDER).code == 2
        several = marked.record("log", verdict="promoted", revision=2)["name"]
        assert "more than one" in marked("erase", several, *ORDER).err


class TestAfterwards:
    @pytest.fixture
    def erased(self, marked):
        confirmed(marked, marked.key)
        return marked

    def test_verify_passes_and_says_who_ordered_it(self, erased):
        verified = erased("verify")
        assert verified.code == 0
        assert f"erased   raw/{erased.key}: erased by law on " in verified.text
        assert "by authority of Data Protection Office: request 17" in verified.text

    def test_the_report_counts_nothing_of_it_as_stored(self, marked):
        """No scrub reads it again, so a file unread for longest was told for ever."""

        def stored():
            records = marked("report", FEED, "--json").records
            (feed,) = [record for record in records if record["record"] == "feed"]
            return feed["stored_files"]

        before = stored()
        confirmed(marked, marked.key)
        assert stored() == before - 1

    def test_scrub_and_repair_find_nothing_to_do(self, erased):
        assert erased("scrub").code == 0
        assert erased("repair").code == 0

    def test_reading_is_one_sentence(self, erased):
        read = erased("cat", erased.key)
        assert (read.code, read.out, read.err.count("\n")) == (2, b"", 1)
        assert "was erased by law on" in read.err

    def test_it_is_no_more_among_what_can_be_read(self, erased):
        assert erased.key not in erased("ls", FEED).text
        exported = erased("export", FEED, "--to", "sha256sums", str(erased.home.parent / "export"))
        assert exported.code == 0

    def test_sql_tells_it_and_gives_it_to_no_reader(self, erased):
        query = f"SELECT DISTINCT whereabouts, is_newest FROM raw_files WHERE key = '{erased.key}'"  # noqa: S608
        assert erased("sql", query, "--json").records == [{"whereabouts": "erased", "is_newest": False}]

    def test_show_and_the_ledger_tell_it(self, erased):
        assert "by law in commit" in erased("show", erased.key).text
        assert erased.record(f"show {erased.key}", verdict="promoted")["erased"]["authority"] == ORDER[3]
        told = erased("log", "--all").text
        assert re.search(rf"erased +raw/{re.escape(erased.key)} by authority of Data Protection Office", told)

    def test_the_report_has_it(self, erased):
        text = erased("report", FEED).text
        assert f"raw/{erased.key}" in text
        assert "request 17 (Data Protection Office" in text

    def test_no_other_command_stumbles_over_it(self, erased):
        restored = erased("archive", "restore", erased.key)
        assert (restored.code, "was erased by law in commit" in restored.err) == (2, True)
        assert "erased" not in erased("backtest", FEED).text
        for command in (
            "status",
            "health",
            "catalog update",
            "quarantine replay",
            "consistency",
            "archive plan",
        ):
            outcome = erased(*command.split())
            assert outcome.code in (0, 1), outcome.err
            assert erased.key not in outcome.text + outcome.err, command

    def test_a_refusal_shows_that_its_copy_is_gone(self, marked):
        refused = next(one for one in marked("quarantine", "ls", "--json").records)
        shown = ("quarantine", "show", refused["sha256"])
        assert "\ncopy " in marked(*shown).text
        confirmed(marked, refused["sha256"])
        text = marked(*shown).text
        assert re.search(r"\nerased +by law in commit \d+, by authority of Data Protection Office", text)
        assert "\ncopy " not in text

    def test_what_a_backup_brings_back_is_found_and_goes_again(self, marked):
        path = marked.home / "raw" / marked.key
        backup = path.read_bytes()
        confirmed(marked, marked.key)
        path.write_bytes(backup)
        found = marked("verify", "--no-witness")
        assert (found.code, f"unerased {path}: " in found.text) == (1, True)
        assert "there again although erased in commit" in marked("erase", marked.key, *ORDER).text
        done = confirmed(marked, marked.key)
        assert (done.code, "What had come back is gone again" in done.err) == (0, True)
        assert not path.exists()
        assert marked("verify", "--no-witness").code == 0

    def test_what_was_published_of_it_can_still_be_proved(self, erased, tmp_path):
        proof = tmp_path / "proof"
        proved = erased("prove", erased.key, "--output", str(proof))
        assert (proved.code, "erased by law" in proved.err) == (0, True)
        assert erased("verify-proof", str(proof)).code == 0

    def test_columns_are_projected_again_without_it(self, erased):
        feed = next(feed for feed in all_feeds() if feed.id == FEED)
        with Zone(Settings.from_environment({}, home=erased.home)) as opened:
            opened.index.catch_up()
            days = list(bring_up_to_date(opened, feed))
        assert days
        assert not any(day.is_partial for day in days)
        assert holders(erased.home) == []

    def test_the_same_bytes_again_are_recorded_and_left_in_landing(self, marked):
        data = marked("cat", marked.key).out
        confirmed(marked, marked.key)
        landed = marked.home / "landing" / "metaads" / "metaads_campaign_daily_20250613.csv"
        landed.parent.mkdir()
        landed.write_bytes(data)
        marked.promote()
        receipt = marked.record("log", landing_path=f"metaads/{landed.name}")
        assert receipt["verdict"] == "unrecognized"
        assert [finding["code"] for finding in receipt["findings"]] == ["RZ-ERASED-BY-LAW"]
        assert holders(marked.home) == ["landing"]
        told = marked("erase", marked.key, *ORDER)
        assert "There is nothing left to erase." in told.err


def test_every_documented_command_works(marked):
    text = (ROOT / "docs" / "erasure.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    code = ""
    for command in commands:
        words = [{"KEY": marked.key, "CODE": code}.get(word, word) for word in shlex.split(command)]
        assert words[0] == "rawzone"
        outcome = marked(*words[1:])
        assert outcome.code == (2 if words[1] == "cat" else 0), outcome.err
        found = re.search(r"--confirm (\S+)$", outcome.err.strip())
        code = found[1] if found else code
    assert holders(marked.home) == []
