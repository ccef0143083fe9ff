"""No secret leaves: a canary in every sample of every feed turns up in no record, listing, message or log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from rawzone_assets.cli import root
from rawzone_assets.contract.judging import judge
from rawzone_assets.contract.modes import Mode, Secrets
from rawzone_assets.contract.policy import Amendment, Policy
from rawzone_assets.platforms import all_platforms
from rawzone_assets.samples import Sample, samples
from rawzone_assets.zone.promotion import Outcome, promote
from rawzone_assets.zone.setting_errors import BadPolicy, BadSetting
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

BIRD = "c4n4ryb1rd" * 4
PLANTS = {
    "token in a URL": f"https://graph.example/v19.0/act_1/ads?limit=25&access_token={BIRD}",
    "address": f"{BIRD}@canary.example",
    "bearer": f"Bearer {BIRD}",
    "session": f'<input type="hidden" id="s4aSessionId" value="{BIRD}">',
}
POLICIES = {
    "flagging": Policy(),
    "quarantining": Policy(general=Amendment(secrets=Secrets.QUARANTINE)),
    "in shadow": Policy(general=Amendment(secrets=Secrets.QUARANTINE, modes={"RZ-SECRET": Mode.SHADOW})),
}


def planted(sample: Sample, plant: str) -> list[bytes]:
    """The sample with the canary as a value, as a name, in the middle of everything, and at the end."""
    data, cell, quoted = sample.data, plant.encode(), json.dumps(plant)[1:-1].encode()
    half = len(data) // 2
    forms = [data[:half] + b" " + cell + b" " + data[half:], data + b" " + cell]
    if sample.path.endswith(".json"):
        forms += [
            data.replace(b'"2025-', b'"' + quoted + b" 2025-", 1),
            data.replace(b'{"', b'{"' + quoted + b'": 1, "', 1),
            data.replace(b'": ', b'": "' + quoted + b'", "other": ', 1),
            b'{"error": "' + quoted + b'"}',
        ]
    elif sample.path.endswith(".tsv"):
        forms += [
            cell + b"\t" + data,
            data.replace(b"\tSpotify\t", b"\t" + cell + b"\t", 1),
            data.replace(b"\r", b"\t" + cell + b"\r", 2),
            data.replace(b"\t17\t", b"\t" + cell + b"\t", 1),
        ]
    else:
        forms += [
            data.replace(b"</body>", cell + b"</body>", 1),
            data.replace(b'"category":"20', b'"category":"' + quoted + b" ", 1),
            data.replace(b'"column-1"', b'"' + quoted + b'"', 1),
        ]
    return [form for form in forms if BIRD.encode() in form]


def land(home: Path, shift: int) -> int:
    """Every sample of every feed with a canary, in forms that take turns; how many."""
    plants = list(PLANTS.values())
    for index, sample in enumerate(samples(capture=date(2025, 6, 12))):
        forms = planted(sample, plants[(index + shift) % len(plants)])
        path = home / "landing" / sample.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(forms[(index // len(plants) + shift) % len(forms)])
    return len(samples())


def promoted(home: Path, policy: Policy) -> Outcome:
    settings = replace(Settings.from_environment({}, home=home), policy=policy)
    with Zone(settings) as zone:
        found = zone.survey(all_platforms(), settle=0)
        return promote(zone, found.ready, judge=judge, run_id="test")


@pytest.mark.parametrize(("shift", "name"), list(enumerate(POLICIES)))
def test_the_canary_is_in_no_record_and_no_listing(tmp_path: Path, shift: int, name: str):
    """What was planted is stored byte for byte, classed, and shown nowhere."""
    landed = land(tmp_path, shift)
    receipts = promoted(tmp_path, POLICIES[name]).receipts
    assert len(receipts) == landed
    unseen = {"RZ-TOO-LARGE", "RZ-EMPTY-FILE"}
    for receipt in receipts:
        # An archive that is broken is not unpacked, and packed bytes show nothing.
        if not receipt.landing_path.endswith(".zip") and not unseen & {
            finding["code"] for finding in receipt.findings
        }:
            assert receipt.access in {"secret", "personal"}, receipt
        if name == "quarantining" and receipt.verdict == "promoted":
            assert set(receipt.access_reasons or ()) <= {"e-mail"}  # usual on DistroKid's pages
    shown = [path.read_bytes() for path in (tmp_path / "raw" / "_ledger").iterdir()]
    shown += [path.read_bytes() for path in (tmp_path / "quarantine").rglob("*findings.json")]
    shown += [path.read_bytes() for path in (tmp_path / "state").rglob("*") if path.is_file()]
    for command in (["log", "--json"], ["log"], ["quarantine", "ls"], ["quarantine", "ls", "--json"]):
        shown.append(CliRunner().invoke(root, command, env={"RAWZONE_HOME": str(tmp_path)}).output.encode())
    assert len(shown) > 20
    assert all(shown)
    assert not any(BIRD.encode() in text for text in shown)


def test_the_canary_is_in_no_examination(tmp_path: Path):
    for shift in range(2):
        land(tmp_path, shift)
        files = sorted(str(path) for path in (tmp_path / "landing").rglob("*.*"))
        options = ["--json"] if shift else []
        result = CliRunner().invoke(root, ["examine", *files, *options], env={"RAWZONE_HOME": str(tmp_path)})
        assert result.exit_code == 1
        assert result.output.count("access") >= shift
        assert BIRD not in result.output


def test_the_canary_is_in_no_exception_of_ours(monkeypatch: pytest.MonkeyPatch):
    """Where even the contract is at fault, the worker's report leaves out what the exception says."""
    from rawzone_assets.zone import judging_worker  # noqa: PLC0415

    said: list[str] = []
    monkeypatch.setattr(judging_worker.sys, "stderr", type("Stream", (), {"write": staticmethod(said.append)}))
    with pytest.raises(ValueError, match=BIRD) as raised:
        int(BIRD)
    judging_worker._say_without_values(raised.type, raised.value, raised.tb)
    assert BIRD not in "".join(said)
    assert "ValueError" in "".join(said)


class TestReceipts:
    """A receipt tells the access class, what stayed in shadow, and which modes were in force."""

    def receipt(self, home: Path, policy: Policy) -> dict:
        sample = next(s for s in samples("toolost/spotify") if s.verdict == "promoted")
        document = json.loads(sample.data) | {"discovery": [{"by": PLANTS["token in a URL"]}]}
        path = home / "landing" / sample.path
        path.parent.mkdir(parents=True)
        path.write_bytes(json.dumps(document).encode())
        (receipt,) = promoted(home, policy).receipts
        return receipt.as_record()

    def test_are_plain_by_default(self, tmp_path: Path):
        record = self.receipt(tmp_path, Policy())
        assert (record["verdict"], record["access"]) == ("promoted", "secret")
        assert record["access_reasons"] == {"access-token": 1}
        assert record["shadow_findings"] == []
        assert set(record["contract"]) == {"feed_version", "schema", "schema_sha256", "rules_version"}

    def test_name_the_modes_in_force(self, tmp_path: Path):
        policy = POLICIES["in shadow"]
        record = self.receipt(tmp_path, policy)
        assert record["verdict"] == "promoted"
        assert record["contract"]["modes"] == {"RZ-SECRET": "shadow"}
        assert record["contract"]["secrets"] == "quarantine"
        assert [finding["code"] for finding in record["shadow_findings"]] == ["RZ-SECRET"]
        with Zone(Settings.from_environment({}, home=tmp_path)) as zone:
            zone.index.catch_up()
        shown = CliRunner().invoke(root, ["log", "--json"], env={"RAWZONE_HOME": str(tmp_path)}).stdout
        assert json.loads(shown)["shadow_findings"] == record["shadow_findings"]

    def test_say_why_a_secret_was_refused(self, tmp_path: Path):
        record = self.receipt(tmp_path, POLICIES["quarantining"])
        assert record["verdict"] == "quarantined"
        assert [finding["code"] for finding in record["findings"] if finding["blocking"]] == ["RZ-SECRET"]


class TestSettings:
    """RAWZONE_SECRETS and policy.toml say what an installation changes; mistakes stop everything."""

    def test_are_read_from_the_zone_and_the_environment(self, tmp_path: Path):
        (tmp_path / "policy.toml").write_text('[modes]\nRZ-STALE-DATA = "shadow"\n')
        settings = Settings.from_environment({"RAWZONE_SECRETS": "quarantine"}, home=tmp_path)
        assert settings.policy.general == Amendment(
            secrets=Secrets.QUARANTINE, modes={"RZ-STALE-DATA": Mode.SHADOW}
        )

    def test_are_nothing_by_default(self, tmp_path: Path):
        assert Settings.from_environment({}, home=tmp_path).policy == Policy()

    @pytest.mark.parametrize("text", ["secrets = ", 'secrets = "hide"', "\xff"])
    def test_are_refused_when_they_mean_nothing(self, tmp_path: Path, text: str):
        (tmp_path / "mine.toml").write_bytes(text.encode("latin-1"))
        with pytest.raises(BadPolicy, match=r"mine\.toml"):
            Settings.from_environment({"RAWZONE_POLICY": str(tmp_path / "mine.toml")}, home=tmp_path)

    def test_are_refused_when_the_named_file_is_absent(self, tmp_path: Path):
        with pytest.raises(BadPolicy, match="no such file"):
            Settings.from_environment({"RAWZONE_POLICY": str(tmp_path / "none.toml")}, home=tmp_path)

    def test_are_none_where_home_is_no_folder(self, tmp_path: Path):
        """What is wrong there is not the policy: whoever needs the folder says so."""
        (tmp_path / "home").write_text("a file")
        assert Settings.from_environment({}, home=tmp_path / "home").policy == Policy()

    def test_are_refused_when_the_variable_is_misspelt(self, tmp_path: Path):
        with pytest.raises(BadSetting, match="RAWZONE_SECRETS"):
            Settings.from_environment({"RAWZONE_SECRETS": "quarantin"}, home=tmp_path)
