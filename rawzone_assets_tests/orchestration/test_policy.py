"""``docs/policy.md``, run: a rule goes from shadow to enforced on real deliveries, by commands alone."""

import json
import os
import re
import tomllib
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.policy import policy_from
from rawzone_assets.platforms import all_feeds, find_feed
from rawzone_assets.samples import samples

FEED = "toolost/spotify"
CODE = "RZ-FUTURE-DATE"
PAGE = (Path(__file__).parents[2] / "docs" / "policy.md").read_text()
EXAMPLES = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)
STEPS = dict(re.findall(r"<!-- (\w+) -->\n```toml\n(.*?)```", PAGE, re.DOTALL))


@pytest.fixture
def rawzone(home, monkeypatch):
    """The command line in this process, on a zone of its own, with a policy to write."""
    for name in [name for name in os.environ if name.startswith(("RAWZONE_", "DAGSTER_"))]:
        monkeypatch.delenv(name)
    before = dict(os.environ)

    def call(*arguments):
        result = CliRunner().invoke(root, ["--home", str(home / "data"), *arguments])
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        return result

    (home / "data" / "landing").mkdir(parents=True)
    yield call
    for name in set(os.environ) - set(before):
        del os.environ[name]


def lines(result) -> list[dict]:
    return [json.loads(line) for line in result.stdout.splitlines()]


class TestExamples:
    """What the page shows is a policy, and means what the page says."""

    @pytest.mark.parametrize("text", EXAMPLES)
    def test_are_policies_about_feeds_that_exist(self, text: str):
        assert policy_from(tomllib.loads(text)).unknown_feeds(feed.id for feed in all_feeds()) == ()

    def test_let_a_feed_win_over_the_general_part(self):
        policy = policy_from(tomllib.loads(EXAMPLES[0]))
        feed, other, third = (
            policy.applied_to(find_feed(name)) for name in (FEED, "tiktok/videos", "social_media/linktree")
        )
        assert feed.modes == {"RZ-STALE-DATA": Mode.ENFORCE, "RZ-REPEATED-DAY": Mode.WARN}
        assert other.modes == {"RZ-STALE-DATA": Mode.SHADOW}
        assert (feed.secrets, third.secrets) == (Secrets.FLAG, Secrets.QUARANTINE)


class TestFromShadowToEnforced:
    """One rule on real deliveries: watched, warned of, enforced, and taken back."""

    def land(self, home: Path, day: int) -> str:
        """A good delivery but for one day in the future."""
        sample = next(s for s in samples(FEED, capture=date(2025, 6, day)) if s.verdict == "promoted")
        document = json.loads(sample.data)
        document["streams"].append({"date": "2026-01-31", "streams": "7"})
        path = home / "data" / "landing" / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(document))
        return sample.path

    def test_by_the_command_line(self, rawzone, home):
        policy = home / "data" / "policy.toml"

        policy.write_text(STEPS["shadow"])
        watched = self.land(home, 10)
        (line,) = lines(rawzone("promote", "--now", "--json"))
        assert (line["landing_path"], line["verdict"], line["findings"]) == (watched, "promoted", [])
        assert [finding["code"] for finding in line["shadow_findings"]] == [CODE]
        assert line["contract"]["modes"] == {CODE: "shadow"}
        feed = find_feed(FEED)
        assert (line["contract"]["feed_version"], line["contract"]["rules_version"]) == (
            feed.version,
            feed.rules_version,
        )

        policy.write_text(STEPS["warn"])
        self.land(home, 11)
        result = rawzone("promote", "--now", "--json")
        (line,) = lines(result)
        assert (result.exit_code, line["verdict"]) == (0, "promoted")
        assert [(f["code"], f["blocking"]) for f in line["findings"]] == [(CODE, False)]
        assert line["contract"]["modes"] == {CODE: "warn"}

        policy.write_text(STEPS["enforce"])
        result = rawzone("backtest", FEED, "--json")
        *changed, summary = lines(result)
        assert result.exit_code == 1
        assert [(c["change"], c["blocking"]) for c in changed] == [("newly_refused", [CODE])] * 2
        assert summary["newly_refused"] == summary["judged"] == 2

        refused = self.land(home, 12)
        result = rawzone("promote", "--now", "--json")
        (line,) = lines(result)
        assert (result.exit_code, line["verdict"]) == (1, "quarantined")
        assert "modes" not in line["contract"]  # every code does what the contract says
        assert rawzone("quarantine", "replay", FEED).exit_code == 1

        policy.write_text(STEPS["warn"])
        *changed, summary = lines(rawzone("backtest", FEED, "--json"))
        assert {c["change"]: c["landing_path"] for c in changed}["newly_accepted"] == refused
        assert (summary["newly_accepted"], summary["newly_refused"]) == (1, 0)
        result = rawzone("quarantine", "replay", FEED, "--json")
        (line,) = lines(result)
        assert (result.exit_code, line["verdict"], line["landing_path"]) == (0, "promoted", refused)
        assert rawzone("cat", line["key"]).stdout_bytes == (home / "data" / "landing" / refused).read_bytes()
        assert rawzone("verify").exit_code == 0


def test_a_replay_promotes_no_secret_that_the_policy_quarantines(rawzone, home):
    """Nor one by a later command: what is asked of every delivery is asked of a refused one again."""
    (home / "data" / "policy.toml").write_text(f'[feeds."{FEED}"]\nsecrets = "quarantine"\n')
    sample = next(s for s in samples(FEED, capture=date(2025, 6, 10)) if s.verdict == "promoted")
    document = json.loads(sample.data) | {
        "note": "https://portal.example/?access_token=EXAMPLEexample0123456789"
    }
    path = home / "data" / "landing" / sample.path
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(document))
    assert rawzone("promote", "--now").exit_code == 1
    result = rawzone("quarantine", "replay", "--json")
    assert (result.exit_code, [line["verdict"] for line in lines(result)]) == (1, ["quarantined"])
    assert lines(rawzone("backtest", FEED, "--json"))[-1]["unchanged"] == 1


class TestMistakes:
    """A policy that is not fully in force is never silently half in force."""

    def test_a_feed_nobody_delivers_is_named_by_the_doctor(self, rawzone, home):
        (home / "data" / "policy.toml").write_text('[feeds."toolost/spotty".modes]\nRZ-FUTURE-DATE = "warn"\n')
        result = rawzone("doctor", "--json")
        (check,) = [check for check in lines(result) if check["name"] == "policy"]
        assert (result.exit_code, check["health"]) == (1, "fail")
        assert "toolost/spotty" in check["seen"]

    def test_the_doctor_says_what_is_in_force(self, rawzone, home):
        (home / "data" / "policy.toml").write_text(EXAMPLES[0])
        (check,) = [check for check in lines(rawzone("doctor", "--json")) if check["name"] == "policy"]
        assert check["health"] == "ok"
        assert "RZ-REPEATED-DAY, RZ-STALE-DATA; 2 feeds" in check["seen"]

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ('[modes]\nRZ-NO-SUCH = "warn"\n', "RZ-NO-SUCH"),
            ('[modes]\nRZ-FUTURE-DATE = "soft"\n', "shadow, warn, enforce"),
            ('[modes]\nRZ-TOO-LARGE = "warn"\n', "always enforced"),
            ('[mode]\nRZ-FUTURE-DATE = "warn"\n', "'mode'"),
            ("[modes\n", "policy.toml"),
        ],
    )
    def test_any_other_stops_every_command(self, rawzone, home, text: str, said: str):
        (home / "data" / "policy.toml").write_text(text)
        for command in (["promote", "--now"], ["backtest", FEED], ["doctor"]):
            result = rawzone(*command)
            assert result.exit_code == 2
            assert said in result.stderr
            assert len(result.stderr.splitlines()) == 1
