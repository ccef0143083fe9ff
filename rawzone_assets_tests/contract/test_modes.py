"""Modes: a rule can be tried in shadow, softened to a warning or enforced, and finds the same in each."""

from __future__ import annotations

from dataclasses import replace

import pytest
from judging_support import capture

from rawzone_assets.contract.codes import FUTURE_DATE, STALE_DATA, TOO_LARGE, find
from rawzone_assets.contract.content import BytesContent
from rawzone_assets.contract.feed import Feed, Judgement
from rawzone_assets.contract.findings import Findings, Place, Role
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import ALWAYS_ENFORCED, Mode, Secrets
from rawzone_assets.contract.policy import Policy, PolicyError, policy_from
from rawzone_assets.platforms import find_feed

CHECKS = {Role.STRUCTURE: "shape", Role.TIME: "time"}
FUTURE = b'{"streams": [{"date": "2025-07-01", "streams": 1}], "discovery": []}'


def spotify() -> Feed:
    feed = find_feed("toolost/spotify")
    assert feed
    return feed


def judged(data: bytes, **changes: object) -> Judgement:
    return judge(replace(spotify(), **changes), BytesContent(data), capture())


class TestGathering:
    """Modes take effect where findings are gathered, and nowhere else."""

    def gathered(self, **modes: Mode) -> Findings:
        findings = Findings(
            checks=CHECKS, modes={f"RZ-{name.replace('_', '-')}": m for name, m in modes.items()}
        )
        findings.add(FUTURE_DATE("late", Place(line=1)))
        findings.add(STALE_DATA("old"))
        return findings

    def test_enforces_what_no_mode_is_declared_for(self):
        findings = self.gathered()
        assert [(f.code, f.blocking) for f in findings.result()] == [
            ("RZ-FUTURE-DATE", True),
            ("RZ-STALE-DATA", False),
        ]
        assert findings.refused
        assert findings.shadow() == ()

    def test_softens_a_refusal_to_a_warning(self):
        findings = self.gathered(FUTURE_DATE=Mode.WARN)
        assert [(f.code, f.blocking) for f in findings.result()] == [
            ("RZ-FUTURE-DATE", False),
            ("RZ-STALE-DATA", False),
        ]
        assert not findings.refused

    def test_keeps_a_shadow_apart_as_it_would_act(self):
        findings = self.gathered(FUTURE_DATE=Mode.SHADOW, STALE_DATA=Mode.SHADOW)
        assert findings.result() == ()
        assert [(f.code, f.blocking, f.check) for f in findings.shadow()] == [
            ("RZ-FUTURE-DATE", True, "time"),
            ("RZ-STALE-DATA", False, "time"),
        ]
        assert not findings.refused

    def test_does_not_make_the_unreadable_readable(self):
        assert self.gathered(FUTURE_DATE=Mode.SHADOW).blocking

    def test_counts_a_million_shadows_too(self):
        findings = Findings(checks=CHECKS, modes={"RZ-STALE-DATA": Mode.SHADOW})
        findings.extend(STALE_DATA("old") for _ in range(25))
        assert len(findings.shadow()) == 20
        assert findings.shadow()[-1].message == "old (and 5 more like it)"

    def test_has_no_mode_for_what_was_never_judged(self):
        assert all(find(code) for code in ALWAYS_ENFORCED)
        findings = Findings(checks=CHECKS, modes={"RZ-TOO-LARGE": Mode.SHADOW})
        findings.add(TOO_LARGE("huge"))
        assert findings.refused


class TestJudging:
    """The same bytes have the same findings in every mode; only what they do differs."""

    def test_refuses_by_default(self):
        assert judged(FUTURE).refused

    def test_promotes_with_a_warning(self):
        judgement = judged(FUTURE, modes={"RZ-FUTURE-DATE": Mode.WARN})
        assert [(f.code, f.blocking) for f in judgement.findings] == [("RZ-FUTURE-DATE", False)]

    def test_promotes_silently_in_shadow(self):
        judgement = judged(FUTURE, modes={"RZ-FUTURE-DATE": Mode.SHADOW})
        assert judgement.findings == ()
        assert [f.code for f in judgement.shadow] == ["RZ-FUTURE-DATE"]

    @pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.WARN])
    @pytest.mark.parametrize(
        "data",
        [b"{", b"", b"\xff", b"<html>", b"[]", b'{"error": 1}', b'{"totalStreams": []}', b'{"streams": [7]}'],
    )
    def test_is_total_whatever_is_softened(self, data: bytes, mode: Mode):
        """What stops reading stops it in every mode: nothing after it has to cope with half a document."""
        everything = dict.fromkeys((f.code for f in judged(data).findings), mode)
        softened = judged(data, modes=everything)
        told = {f.code for f in (*softened.findings, *softened.shadow)}
        assert told == {f.code for f in judged(data).findings}

    @pytest.mark.parametrize("mode", [Mode.SHADOW, Mode.WARN])
    def test_is_total_for_pages_without_charts(self, mode: Mode):
        feed = find_feed("distrokid/streams")
        assert feed
        softened = replace(feed, modes={"RZ-CHART-MISSING": mode, "RZ-MISSING-FIELD": mode, "RZ-SHAPE": mode})
        judgement = judge(softened, BytesContent(b"<html><body></body></html>"), capture())
        assert not judgement.refused


class TestPolicies:
    """An installation changes modes for all feeds or for one, in a file that says nothing wrong unnoticed."""

    def test_apply_to_all_and_to_one(self):
        policy = policy_from(
            {
                "secrets": "quarantine",
                "modes": {"stale-data": "shadow", "RZ-FUTURE-DATE": "warn"},
                "feeds": {"toolost/spotify": {"secrets": "flag", "modes": {"RZ-FUTURE-DATE": "enforce"}}},
            }
        )
        one = policy.applied_to(spotify())
        assert one.secrets is Secrets.FLAG
        assert one.modes == {"RZ-STALE-DATA": Mode.SHADOW, "RZ-FUTURE-DATE": Mode.ENFORCE}
        other = policy.applied_to(replace(spotify(), id="toolost/other"))
        assert other.secrets is Secrets.QUARANTINE
        assert other.modes["RZ-FUTURE-DATE"] is Mode.WARN

    def test_that_change_nothing_give_the_same_feed(self):
        feed = spotify()
        assert Policy().applied_to(feed) is feed

    def test_know_which_feeds_nobody_delivers(self):
        policy = policy_from({"feeds": {"toolost/spotty": {"secrets": "flag"}, "toolost/spotify": {}}})
        assert policy.unknown_feeds(["toolost/spotify"]) == ("toolost/spotty",)

    @pytest.mark.parametrize(
        ("document", "said"),
        [
            ({"modes": {"RZ-NO-SUCH": "warn"}}, "RZ-NO-SUCH"),
            ({"modes": {"RZ-SHAPE": "off"}}, "shadow, warn, enforce"),
            ({"modes": ["RZ-SHAPE"]}, "table"),
            ({"modes": {"RZ-SHAPE": 1}}, "shadow"),
            ({"secrets": "hide"}, "flag or quarantine"),
            ({"secrets": ["flag"]}, "flag or quarantine"),
            ({"mode": {}}, "'mode'"),
            ({"feeds": {"x": "flag"}}, "feeds"),
            ({"feeds": {"x": {"feeds": {}}}}, "'feeds'"),
            ({"modes": {"RZ-TOO-LARGE": "warn"}}, "always enforced"),
        ],
    )
    def test_that_mean_nothing_are_refused(self, document: dict, said: str):
        with pytest.raises(PolicyError, match=said):
            policy_from(document)
