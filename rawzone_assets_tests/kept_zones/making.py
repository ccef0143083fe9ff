"""How a kept zone is made, by hand and once: what later versions must still read is not to be made by them.

    python -m rawzone_assets_tests.kept_zones.making NAME

makes ``kept_zones/NAME``: a zone with a delivery judged by every schema and every kind of record that this
version writes, as it lies on the disk, and in ``told`` what its commands said of it. Another one is wanted when
there is a new kind of record or another version of a schema; those that are there already stay as they are.
"""

import json
import os
import shutil
import sys
import tempfile
from datetime import date
from pathlib import Path
from unittest import mock

from rawzone_assets.samples import Sample, samples
from rawzone_assets_tests.commands.conftest import Outcome, Rawzone

DAY = date(2024, 2, 10)
REFUSED = {
    ("tiktok/audience", "no bytes"),
    ("tiktok/audience", "a share in percent"),
    ("toolost/spotify", "a day after the capture"),
}
REPLAYED = '[feeds."toolost/spotify".modes]\nRZ-FUTURE-DATE = "warn"\n'
AGES = "[retention]\nrecent_days = 0\nhot_days = 0\n"
FOR_THE_COURT = ("--reason", "case 12", "--authority", "a court")
SIDECAR = b'{"source_system": "portal", "extractor": {"name": "a browser", "version": "2"}}'


def main(kept: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        zone = Rawzone(Path(folder) / "home")
        live(zone, of_every_schema(Rawzone(Path(folder) / "all")))
        kept.mkdir()
        for root in ("raw", "quarantine", "archive"):
            shutil.copytree(zone.home / root, kept / root, ignore=shutil.ignore_patterns("_staging"))
        told = kept / "told"
        told.mkdir()
        with (told / "ls.jsonl").open("w") as file:
            for record in zone("ls", "--all-revisions", "--json").records:
                del record["path"]  # where it lay on this machine
                file.write(f"{json.dumps(record)}\n")
        key = str(Path(folder) / "key")
        (told / "key.pub").write_bytes(
            well(zone("key", "generate", key, "--name", "house.example/rawzone")).out
        )
        with mock.patch.dict(os.environ, RAWZONE_SIGNING_KEY=key):
            (told / "checkpoint").write_bytes(zone("checkpoint").out)
            proved = zone.record("ls", feed="toolost/sales")["key"]
            (told / "proof.tlog-proof").write_bytes(zone("prove", proved).out)


def of_every_schema(zone: Rawzone) -> list[Sample]:
    """The smallest good delivery that each schema judges, and what is to be refused."""
    accepted = {sample.path: sample for sample in samples(capture=DAY) if sample.verdict == "promoted"}
    for sample in accepted.values():
        land(zone, sample.path, sample.data)
    zone.promote()
    receipts = zone("log", "--verdict", "promoted", "--json").records
    receipts.sort(key=lambda receipt: (bool(receipt["findings"]), receipt["size"]), reverse=True)
    chosen = {receipt["contract"]["schema"]: accepted[receipt["landing_path"]] for receipt in receipts}
    return [*chosen.values(), *(one for one in samples(capture=DAY) if (one.feed, one.title) in REFUSED)]


def live(zone: Rawzone, deliveries: list[Sample]) -> None:
    """All that befalls a zone."""
    for sample in deliveries:
        land(zone, sample.path, sample.data)
    (sales,) = [sample for sample in deliveries if sample.feed == "toolost/sales"]
    land(zone, f"{sales.path}.meta.json", SIDECAR)
    land(zone, "tiktok/übersicht.txt", b"of no feed\n")
    zone.promote()
    answer = next(sample for sample in deliveries if sample.feed == "toolost/spotify")
    land(zone, "toolost/toolost_spotify_20240211_100200.json", answer.data)  # the same under another name
    land(zone, f"toolost/again/{Path(answer.path).name}", answer.data.replace(b"}", b" }", 1))  # a revision
    zone.promote()
    (zone.home / "policy.toml").write_text(REPLAYED)
    well(zone("quarantine", "replay"), 1)
    kept = sorted(record["key"] for record in zone("ls", "metaads/campaigns", "--json").records)
    damaged = zone.home / "raw" / kept[0]
    damaged.chmod(0o644)
    damaged.write_bytes(damaged.read_bytes()[:-1] + b"?")
    well(zone("scrub"), 1)
    well(zone("repair"))
    (zone.home / "policy.toml").write_text(REPLAYED + AGES)
    well(zone("hold", "add", "--platform", "tiktok", *FOR_THE_COURT))
    well(zone("hold", "add", "--feed", "toolost/sales", *FOR_THE_COURT))
    well(zone("hold", "release", "hold-2", *FOR_THE_COURT))
    plan = str(zone.home / "plan.json")
    well(zone("archive", "plan", "toolost", "tiktok", "metaads/campaigns", "--out", plan))
    well(zone("archive", "apply", plan, "--approved-by", "a keeper", "--share", "100"))
    well(zone("archive", "drill"))
    well(zone("archive", "restore", "--feed", "toolost/sales", "--by", "a keeper"))
    code = zone("erase", kept[-1], *FOR_THE_COURT, "--json").records[-1]["code"]
    well(zone("erase", kept[-1], *FOR_THE_COURT, "--by", "a keeper", "--confirm", code))
    well(zone("scrub"))


def land(zone: Rawzone, path: str, data: bytes) -> None:
    landed = zone.home / "landing" / path
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(data)


def well(done: Outcome, code: int = 0) -> Outcome:
    if done.code != code:
        sys.exit(done.err or done.text)
    return done


if __name__ == "__main__":
    os.umask(0o022)
    with (
        mock.patch("getpass.getuser", return_value="keeper"),
        mock.patch("socket.gethostname", return_value="house"),
    ):
        main(Path(__file__).parent / sys.argv[1])
