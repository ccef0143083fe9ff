"""``rawzone report``: its sums are those of the ledger's lines, and no name in it does anything."""

import json
import re
from collections import Counter
from datetime import date
from html.parser import HTMLParser

import pytest

from rawzone_assets.samples import write_landing
from rawzone_assets_tests.commands.test_names_that_steer import steering

VERDICTS = ("promoted", "duplicate", "quarantined", "unrecognized")
HOSTILE = "<img src=x onerror=alert(1)>|`x`[a](http://b) **{{7*7}}** www.evil.example \x1b[31m\u202e"


def ledger_lines(home):
    """The ledger as it lies on disk, read with nothing of ours: header and records of each commit."""
    for path in sorted((home / "raw" / "_ledger").glob("*.jsonl")):
        header, *records = map(json.loads, path.read_bytes().splitlines())
        yield header, records


def receipts(home, chosen=lambda receipt: True):
    return [
        (header, record)
        for header, records in ledger_lines(home)
        for record in records
        if record["record"] == "receipt" and chosen(record)
    ]


def told(outcome, kind):
    return [record for record in outcome.records if record["record"] == kind]


def check_sums(rawzone, chosen, *arguments):
    expected = receipts(rawzone.home, chosen)
    outcome = rawzone("report", *arguments, "--json")
    assert outcome.code == 0, outcome.err
    (summary,) = told(outcome, "report")
    verdicts = Counter(r["verdict"] for _, r in expected)
    assert {v: summary[v] for v in VERDICTS} == {v: verdicts[v] for v in VERDICTS}
    assert summary["deliveries"] == len(expected)
    by_feed = Counter((r["feed"], r["verdict"]) for _, r in expected)
    sizes, stored, records = Counter(), Counter(), Counter()
    for _, r in expected:
        sizes[r["feed"]] += r["size"] or 0
        if r["verdict"] == "promoted":
            stored[r["feed"]] += r["stored_size"]
            records[r["feed"]] += r["records"] or 0
    feeds = told(outcome, "feed")
    assert {f["feed"] for f in feeds} == {r["feed"] for _, r in expected}
    for feed in feeds:
        name = feed["feed"]
        assert {v: feed[v] for v in VERDICTS} == {v: by_feed[name, v] for v in VERDICTS}
        assert (feed["size"], feed["stored_size"], feed["records"]) == (
            sizes[name],
            stored[name],
            records[name],
        )
    blocking = Counter(
        (r["feed"], *reason)
        for _, r in expected
        if r["verdict"] == "quarantined"
        for reason in {(f["check"], f["code"]) for f in r["findings"] if f["blocking"]}
    )
    reasons = {(r["feed"], r["check"], r["code"]): r["deliveries"] for r in told(outcome, "reason")}
    assert reasons == blocking
    refused = [(r["seq"], r["landing_path"]) for r in told(outcome, "refused")]
    assert refused == [(h["seq"], r["landing_path"]) for h, r in expected if r["verdict"] == "quarantined"]
    contracts = Counter((r["feed"], r["contract"]["schema_sha256"]) for _, r in expected if r["contract"])
    found = Counter()
    for contract in told(outcome, "contract"):
        found[contract["feed"], contract["schema_sha256"]] += contract["deliveries"]
    assert found == contracts
    codes = Counter(h["code_version"] for h, _ in expected)
    assert {c["code_version"]: c["deliveries"] for c in told(outcome, "code")} == codes
    return expected


class TestSums:
    def test_of_everything(self, rawzone):
        assert {r["verdict"] for _, r in check_sums(rawzone, lambda _: True)} == set(VERDICTS)

    def test_of_a_range_of_capture_days_both_included(self, rawzone):
        days = sorted({r["partition"] for _, r in receipts(rawzone.home) if r["partition"]})
        since, until = days[0], days[-2]
        chosen = check_sums(
            rawzone,
            lambda r: r["partition"] and since <= r["partition"] <= until,
            "--since",
            since,
            "--until",
            until,
        )
        assert 0 < len(chosen) < len(receipts(rawzone.home))

    def test_of_a_platform(self, rawzone):
        assert check_sums(rawzone, lambda r: (r["feed"] or "").startswith("distrokid/"), "distrokid")

    def test_of_the_days_on_which_the_ledger_took_them_in(self, rawzone):
        today = next(ledger_lines(rawzone.home))[0]["at"][:10]
        assert check_sums(rawzone, lambda _: True, "--recorded-since", today)
        assert not check_sums(rawzone, lambda _: False, "--recorded-until", "2020-01-01")

    def test_it_names_the_head_and_the_checkpoint_of_the_ledger(self, rawzone):
        (summary,) = told(rawzone("report", "--json"), "report")
        checkpoint = rawzone("checkpoint", "--json").records[0]
        for name in ("ledger_seq", "ledger_head", "root", "checkpoint"):
            assert summary[name] == checkpoint[name]
        text = rawzone("report").text
        assert checkpoint["ledger_head"] in text
        assert checkpoint["root"] in text


class TestUpkeep:
    def test_scrub_damage_and_repair_are_told(self, own):
        before = {f["feed"]: f for f in told(own("report", "--json"), "feed")}
        stored = [r for _, r in receipts(own.home) if r["verdict"] == "promoted" or r["quarantine"]]
        assert sum(f["stored_files"] for f in before.values()) == len(stored)
        assert sum(f["re_read"] for f in before.values()) == 0
        victim = own.record("ls", feed="distrokid/streams", revision=1)
        path = own.home / "raw" / victim["key"]
        path.chmod(0o644)
        path.write_bytes(b"x")
        assert own("scrub").code == 1
        assert own("repair").code == 0, "the landed file has the bytes"
        outcome = own("report", "--json")
        after = {f["feed"]: f for f in told(outcome, "feed")}
        assert all(f["re_read"] == f["stored_files"] for f in after.values())
        lines = Counter(r["record"] for _, records in ledger_lines(own.home) for r in records)
        kinds = Counter(e["kind"] for e in told(outcome, "event"))
        assert kinds == {kind: count for kind, count in lines.items() if kind != "receipt"}
        assert kinds["damaged"] == kinds["repaired"] == 1
        only = told(own("report", "toolost", "--json"), "event")
        assert {e["kind"] for e in only} == {"scrubbed"}, "a scrub is the whole zone's, damage is a feed's"
        day = victim["partition"]
        text = own("report", "distrokid/streams", "--since", day, "--until", day).text
        assert f"| damaged | distrokid/streams | {day} | raw/{victim['key']} |" in text

    def test_a_refusal_that_a_replay_took_back_is_told_and_no_longer_out(self, nowhere):
        write_landing(nowhere.home / "landing", days=2, until=date(2025, 6, 10), bad=False)
        nowhere.promote(RAWZONE_START="2025-06-10")
        for replayed in (False, True):
            if replayed:
                assert nowhere("quarantine", "replay").code == 0
            outcome = nowhere("report", "--json")
            still = [] if replayed else nowhere("quarantine", "ls", "--json").records
            assert sum(f["open_refusals"] for f in told(outcome, "feed")) == len(still)
            assert [r["is_open"] for r in told(outcome, "refused")] == [not replayed] * len(
                told(outcome, "refused")
            )
        assert told(outcome, "refused")
        assert Counter(e["kind"] for e in told(outcome, "event")) == {"replayed": len(told(outcome, "refused"))}
        assert "| accepted since |" in nowhere("report").text


class Page(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text = set(), set(), ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.text += data


@pytest.fixture
def hostile(own):
    landing = own.home / "landing" / "toolost"
    page = next(landing.rglob("toolost_spotify_*.json"), None) or next(landing.rglob("*spotify*.json"))
    target = landing / HOSTILE.replace("/", "\u2215") / page.name
    target.parent.mkdir()
    target.write_bytes(b"{")
    said = {"source_system": HOSTILE, "extractor": {"name": HOSTILE, "version": HOSTILE}}
    target.with_name(f"{target.name}.meta.json").write_text(json.dumps(said))
    own.promote()
    return own


class TestDocuments:
    def test_hostile_names_are_text_in_every_form(self, hostile, tmp_path):
        html, markdown = tmp_path / "r.html", tmp_path / "r.md"
        outcome = hostile("report", "--html", str(html), "--md", str(markdown))
        assert (outcome.code, outcome.out) == (0, b"")
        page = Page(html.read_text())
        assert "onerror=alert(1)" in page.text
        assert page.tags.isdisjoint({"img", "script", "a", "b", "link", "iframe"})
        assert page.attributes <= {"lang", "charset", "name", "content", "http-equiv", "class"}
        text = markdown.read_text()
        assert r"\<img src=x onerror=alert(1)\>\|\`x\`\[a\](http\://b) \*\*\{\{7\*7\}\}\*\* www\.evil" in text
        assert not {c for c in text if not c.isprintable() and c != "\n"}
        for line in text.splitlines():
            if "onerror" in line:
                cells = len(re.findall(r"(?<!\\)\|", line))
                assert cells in (9, 8), "as many cells as its table has columns"
        assert not steering(hostile("report", "--json"))
        assert not steering(hostile("report"))
        shown = [r["landing_path"] for r in told(hostile("report", "--json"), "refused")]
        assert any(HOSTILE.replace("/", "\u2215") in path for path in shown), (
            "JSON says exactly what was landed"
        )

    def test_the_documents_agree_with_the_records(self, rawzone, tmp_path):
        (summary,) = told(rawzone("report", "distrokid", "--json"), "report")
        rawzone("report", "distrokid", "--html", str(tmp_path / "r.html"))
        text = rawzone("report", "distrokid").text
        page = " ".join(Page((tmp_path / "r.html").read_text()).text.split())
        for verdict in VERDICTS:
            assert f"| {verdict} | {summary[verdict]:,} |" in text
            assert f"{verdict}{summary[verdict]:,}" in page

    @pytest.mark.parametrize("there", ["--html", "--md"])
    def test_a_report_that_may_have_been_handed_out_is_not_overwritten(self, rawzone, tmp_path, there):
        """As no proof, plan or export is; a page of figures, which is written every hour, is replaced."""
        options = {"--html": tmp_path / "r.html", "--md": tmp_path / "r.md"}
        options[there].write_text("of last year")
        outcome = rawzone("report", *(str(word) for option in options.items() for word in option))
        assert (outcome.code, outcome.out) == (2, b"")
        assert outcome.err == f"{options[there]} exists already and is not overwritten: name another file.\n"
        assert [path.read_text() for path in tmp_path.glob("r.*")] == ["of last year"]

    def test_a_file_that_cannot_be_written_and_a_zone_that_is_not_there_are_one_sentence(
        self, rawzone, nowhere, tmp_path
    ):
        outcome = rawzone("report", "--html", str(tmp_path / "no" / "r.html"))
        assert outcome.code == 2
        assert len(outcome.err.splitlines()) == 1
        assert "There is no zone" in nowhere("report").err
        assert not nowhere.home.exists()
