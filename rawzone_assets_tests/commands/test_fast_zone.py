"""A zone stored fast, where the package that made it is not installed: every way of reading it is as ever."""

import hashlib
import json

import pytest

from rawzone_assets.samples import write_landing
from rawzone_assets.zone.compression import Compression
from rawzone_assets_tests.commands.conftest import LAST_DAY, Rawzone, promote_all
from rawzone_assets_tests.commands.test_export import FORMS, passes, payload, receipts

FEED = "distrokid/streams"
HIDDEN = "import sys; sys.modules['isal'] = None"


@pytest.fixture(scope="module")
def fast_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("fast")
    write_landing(home / "landing", days=1, until=LAST_DAY)
    promote_all(home, RAWZONE_COMPRESSION="fast")
    return home


@pytest.fixture
def fast(fast_home):
    return Rawzone(fast_home)


def test_all_of_it_was_stored_fast(fast):
    stored = [
        r for r in fast("log", "--json").records if r.get("encoding") == "gzip" and r["verdict"] == "promoted"
    ]
    assert stored
    for receipt in stored:
        form = (fast.home / "raw" / receipt["key"]).read_bytes()
        assert form == Compression.FAST.compress(fast.landed(receipt))
        assert receipt["stored_sha256"] == hashlib.sha256(form).hexdigest()


@pytest.mark.parametrize("command", ["verify", "verify --strict", "scrub", "repair --dry-run"])
def test_is_found_sound(fast, command):
    outcome = fast.run(*command.split(), "--json", code=HIDDEN)
    damaged = [record for record in outcome.records if record.get("problem")]
    assert (outcome.code, damaged) == (0, []), outcome.err


def test_gives_out_the_landed_bytes(fast):
    receipt = fast.record("ls", feed=FEED)
    outcome = fast.run("cat", receipt["key"], code=HIDDEN)
    assert (outcome.code, outcome.out) == (0, fast.landed(receipt))


@pytest.mark.parametrize("form", FORMS)
def test_is_exported(fast, form, tmp_path):
    out = tmp_path / "out"
    assert fast.run("export", FEED, "--to", form, str(out), code=HIDDEN).code == 0
    files = payload(out)
    assert receipts(out)
    for receipt in receipts(out):
        assert files[receipt["path"]] == fast.landed(receipt)
    assert passes(out, form)


def test_is_read_as_tables(fast):
    outcome = fast.run("sql", "SELECT count(*) AS rows FROM distrokid_streams", "--json", code=HIDDEN)
    assert outcome.code == 0, outcome.err
    assert json.loads(outcome.out)["rows"] > 0


class TestTheSetting:
    @pytest.mark.parametrize("command", ["promote --now", "adopt old --apply", "quarantine replay"])
    def test_without_the_package_ends_with_2_and_one_sentence_before_anything_is_done(self, nowhere, command):
        (nowhere.home / "landing").mkdir(parents=True)
        outcome = nowhere.run(*command.split(), code=HIDDEN, RAWZONE_COMPRESSION="fast")
        assert (outcome.code, outcome.out) == (2, b"")
        (sentence,) = outcome.err.splitlines()
        assert "pip install rawzone[fast]" in sentence
        assert [path.name for path in nowhere.home.iterdir()] == ["landing"]

    def test_of_another_value_ends_with_2_and_names_those_there_are(self, nowhere):
        outcome = nowhere.run("promote", RAWZONE_COMPRESSION="best")
        assert (outcome.code, outcome.out) == (2, b"")
        assert (
            outcome.err
            == "RAWZONE_COMPRESSION is set to 'best', which is not small or fast: correct or unset it.\n"
        )
