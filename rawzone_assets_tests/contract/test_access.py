"""Access: what a delivery gives away decides its access class, and by policy its verdict; never is it shown."""

from __future__ import annotations

import json
from dataclasses import replace
from random import Random

import pytest
from judging_support import DAY, capture

from rawzone_assets.contract import table_examination
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Judgement
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.platforms import find_feed
from rawzone_assets.samples import samples
from rawzone_assets.samples.distrokid_reports import good_report

TOKEN = "EAABsbCS1iHgBO7ZAx0ZBq3WvZCkT9ZAm2LrV5uYqXzZB8pHn4ZD"  # noqa: S105  made up
GOOD = {"streams": [{"date": "2025-06-10", "streams": 7}], "discovery": []}


def judged(document: object, feed_id: str = "toolost/spotify", **changes: object) -> Judgement:
    feed = find_feed(feed_id)
    assert feed
    data = document if isinstance(document, bytes) else json.dumps(document).encode()
    return judge(replace(feed, **changes), BytesContent(data), capture())


PAGING = GOOD | {"discovery": [{"next": f"https://graph.example/ads?limit=25&access_token={TOKEN}"}]}
MAIL = GOOD | {"discovery": [{"by": "owner@example.org"}]}


class TestAccess:
    """The receipt carries a class and its reasons; advisory findings say where, in bytes."""

    def test_is_open_when_nothing_is_given_away(self):
        facts = judged(GOOD).facts
        assert (facts.access, facts.access_reasons) == ("open", {})

    def test_is_secret_with_a_token(self):
        judgement = judged(PAGING)
        assert judgement.facts.access == "secret"
        assert judgement.facts.access_reasons == {"access-token": 2}  # by its name, and by its own form
        finding = next(f for f in judgement.findings if f.code == "RZ-SECRET")
        assert not finding.blocking
        assert finding.where
        assert json.dumps(PAGING).encode()[finding.where.offset :].startswith(b"token=")

    def test_is_personal_with_an_address(self):
        judgement = judged(MAIL)
        assert judgement.facts.access == "personal"
        assert [f.code for f in judgement.findings if f.code.startswith("RZ-P")] == ["RZ-PERSONAL-DATA"]
        assert not judgement.refused

    @pytest.mark.parametrize("row", [0, 5, -1])
    @pytest.mark.parametrize("title", ["by owner@example.org", 'by "owner"', "by owner\t"])
    def test_of_a_table_is_found_in_any_row(self, row: int, title: str, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(table_examination, "CHUNK_ROWS", 4)
        report = good_report(DAY, Random(1), weeks=2).set(row, "Title", title)
        report.set(-2, "Title", "owner%40example.org")
        expected = {"e-mail": 1 + ("@" in title)}
        assert judged(report.encoded(), "distrokid/sales").facts.access_reasons == expected

    def test_of_a_table_is_found_in_its_header(self):
        report = good_report(DAY, Random(1), weeks=2).rename("Artist", "owner@example.org")
        assert judged(report.encoded(), "distrokid/sales").facts.access_reasons == {"e-mail": 1}

    def test_is_told_of_what_cannot_be_read_as_well(self):
        judgement = judged(b'{"next": "https://graph.example/ads?access_token=' + TOKEN.encode())
        assert judgement.facts.access == "secret"
        assert judgement.refused

    def test_is_unknown_when_nobody_looked(self):
        assert judged(GOOD, max_size=10).facts.access is None

    def test_of_a_page_is_that_of_its_session_and_no_news(self):
        page = next(s for s in samples("distrokid/streams") if s.verdict == "promoted" and not s.codes)
        judgement = judged(page.data, "distrokid/streams")
        assert judgement.facts.access == "secret"
        assert set(judgement.facts.access_reasons or ()) == {"e-mail", "session-id"}
        assert judgement.findings == ()

    def test_of_a_page_without_session_is_personal(self):
        page = next(s for s in samples("distrokid/streams") if s.verdict == "promoted" and not s.codes)
        data = page.data.replace(b"s4aSessionId", b"nothing")
        assert judged(data, "distrokid/streams").facts.access == "personal"


class TestQuarantine:
    """By configuration what gives something away is refused, except what every good delivery of a feed has."""

    def test_refuses_secrets_and_addresses(self):
        for document in (PAGING, MAIL):
            assert judged(document, secrets=Secrets.QUARANTINE).refused
        assert not judged(GOOD, secrets=Secrets.QUARANTINE).refused

    def test_takes_usual_addresses_but_no_usual_secrets(self):
        page = next(s for s in samples("distrokid/streams") if s.verdict == "promoted" and not s.codes)
        refused = judged(page.data, "distrokid/streams", secrets=Secrets.QUARANTINE)
        assert [f.code for f in refused.findings] == ["RZ-SECRET"]
        data = page.data.replace(b"s4aSessionId", b"nothing")
        assert not judged(data, "distrokid/streams", secrets=Secrets.QUARANTINE).refused

    def test_obeys_modes_like_every_finding(self):
        judgement = judged(PAGING, secrets=Secrets.QUARANTINE, modes={"RZ-SECRET": Mode.SHADOW})
        assert not judgement.refused
        assert [f.code for f in judgement.shadow] == ["RZ-SECRET"]


class TestNames:
    """Names of members and columns are the source's: what they give away is blacked out like any value."""

    @pytest.mark.parametrize("name", ["owner@example.org", TOKEN, f"access_token={TOKEN}"])
    def test_are_not_shown_when_they_give_something_away(self, name: str):
        for document in ({name: 1}, {"discovery": [{name: 1}]}, {"streams": [{name: 1}]}, {"a/~b": {name: 1}}):
            for finding in judged(GOOD | document).findings:
                assert name not in repr(finding)
        tsv = f"Reporting Date\t{name}\n2025-06-01\t1\n".encode()
        findings = judged(tsv, "distrokid/sales").findings
        assert findings
        assert name not in repr(findings)

    def test_keep_the_harmless_parts_of_a_pointer(self):
        document = GOOD | {"discovery": [], "owner@example.org": 1}
        places = [f.where.pointer for f in judged(document).findings if f.where and f.where.pointer]
        assert places == ["/…"]

    def test_never_make_a_place_long(self):
        for finding in judged(GOOD | {"n" * 100_000: 1}).findings:
            assert len(repr(finding)) < 1000
