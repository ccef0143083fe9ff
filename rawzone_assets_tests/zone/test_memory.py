"""Memory: what a promotion holds does not grow with the size of a delivery, nor with their number."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

MIB = 2**20
PROMOTE = """
import json, re, resource, sys
from pathlib import Path
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.judges import JudgePool
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

with Zone(Settings.from_environment({}, home=Path(sys.argv[1]))) as zone:
    with JudgePool("rawzone_assets.platforms:all_platforms", workers=2) as judges:
        found = zone.survey(all_platforms(), settle=0)
        done = promote(zone, found.ready, judge=judges, run_id="memory", parallel=judges.workers)
print(json.dumps({
    "verdicts": sorted({str(receipt.verdict) for receipt in done.receipts}),
    "records": sum(receipt.records or 0 for receipt in done.receipts),
    # Its own peak: what getrusage tells of a process begins with that of the one that started it.
    "promoting": int(re.search(r"VmHWM:\\s*(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024,
    "judging": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
}))
"""
HEADER = (
    "Reporting Date\tSale Month\tStore\tArtist\tTitle\tISRC\tUPC\tQuantity\tTeam Percentage\tSong/Album\t"
    "Country of Sale\tSongwriter Royalties Withheld\tEarnings (USD)"
)
ROW = (
    "2025-05-{day:02}\t2025-03\tA store\tExample Artist\tA title\tQZXYZ2500{number:03}\t198000000000\t{number}"
    "\t100\tSong\tUS\t0.00000000\t-0.{number:08}"
)


def report(path: Path, size: int) -> int:
    """Write a sales report of about that many bytes; its rows."""
    path.parent.mkdir(parents=True, exist_ok=True)
    block = "".join("\r" + ROW.format(day=n % 28 + 1, number=n % 1000) for n in range(5_000)).encode()
    blocks = size // len(block) + 1
    with path.open("wb") as file:
        file.write(HEADER.encode())
        for _ in range(blocks):
            file.write(block)
    return blocks * 5_000


def promoted(home: Path) -> dict:
    """What a process came to that promoted the landing folder of this home: peak memory in MiB."""
    done = subprocess.run(
        [sys.executable, "-c", PROMOTE, str(home)], capture_output=True, check=True, text=True
    )
    return json.loads(done.stdout)


def peaks(folder: Path, size: int) -> dict:
    rows = report(folder / "landing/distrokid/sales_report_20250612_070000.tsv", size)
    told = promoted(folder)
    assert told["verdicts"] == ["promoted"]
    assert told["records"] == rows
    return told


def test_of_a_large_delivery_does_not_grow_with_its_size(tmp_path: Path, tell: Callable[[str], None]):
    small, large = peaks(tmp_path / "small", 66 * MIB), peaks(tmp_path / "large", 198 * MIB)
    for process in ("promoting", "judging"):
        assert large[process] < 1.15 * small[process]
        assert large[process] < 250
    tell(f"peak MiB for reports of 66 and 198 MiB: {small}, {large}")


def test_of_many_deliveries_does_not_grow_with_their_number(tmp_path: Path, tell: Callable[[str], None]):
    found = {}
    for count in (300, 1_200):
        home = tmp_path / str(count)
        folder = home / "landing/toolost"
        folder.mkdir(parents=True)
        for number in range(count):
            days = [{"date": f"2025-05-{day:02}", "streams": str(number * day)} for day in range(1, 29)]
            stamp = f"202506{number % 28 + 1:02}_{number // 28:06}"
            data = json.dumps({"streams": days, "discovery": []})
            (folder / f"toolost_spotify_{stamp}.json").write_text(data)
        found[count] = promoted(home)
    # The outcome itself holds a receipt of each, some kilobytes.
    tell(f"peak MiB for 300 and 1,200 deliveries: {found}")
    assert found[1_200]["promoting"] < found[300]["promoting"] + 900 * 16 / 1024
    assert found[1_200]["judging"] < found[300]["judging"] + 8


@pytest.mark.campaign
def test_of_two_gigabytes_stays_below_five_hundred_megabytes(tmp_path: Path, tell: Callable[[str], None]):
    told = peaks(tmp_path, 2**31 - 2 * MIB)
    assert max(told["promoting"], told["judging"]) < 500
    tell(f"peak MiB for a report of 2 GiB: {told}")
