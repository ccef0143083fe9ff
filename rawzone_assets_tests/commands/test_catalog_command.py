"""``rawzone catalog``: bring the Parquet files up to date, or build them from nothing."""

from pathlib import Path

import pyarrow.parquet as pq


def test_update_and_rebuild_come_to_the_same_files(own):
    (grown,) = own("catalog", "update", "--json").records
    before = {path.name: path.read_bytes() for path in Path(grown["folder"]).glob("*.parquet")}
    (built,) = own("catalog", "rebuild", "--json").records
    assert built == grown
    assert {path.name: path.read_bytes() for path in Path(built["folder"]).glob("*.parquet")} == before


def test_it_holds_every_receipt_of_the_log(own):
    (told,) = own("catalog", "update", "--json").records
    table = pq.read_table(told["folder"]).sort_by([("seq", "ascending"), ("line", "ascending")])
    log = own("log", "--json").records
    assert table["landing_path"].to_pylist() == [record["landing_path"] for record in log]
    assert told["receipts"] == len(log)
    assert f"{len(log)} receipts" in own("catalog", "update").text


def test_without_a_ledger_it_says_so_and_creates_nothing(nowhere):
    nowhere.home.mkdir()
    outcome = nowhere("catalog", "update")
    assert (outcome.code, outcome.out) == (2, b"")
    assert "promote first" in outcome.err
    assert list(nowhere.home.iterdir()) == []
