"""The Parquet catalog's files: the same whether grown or built from nothing, and whole at any moment."""

import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from rawzone_assets.access import catalog_spans, parquet_catalog
from rawzone_assets.access.parquet_catalog import CatalogDamaged, catalog_of, open_catalog
from rawzone_assets.zone.ledger import EMPTY, Author, decode_commit, encode_commit
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

AUTHOR = Author(run_id="test", writer="test", code_version="1")


@pytest.fixture
def short_spans(monkeypatch):
    monkeypatch.setattr(catalog_spans, "SPAN", 5)
    monkeypatch.setattr(catalog_spans, "_AT_ONCE", 2)


FEEDS = ("distrokid/sales", "toolost/spotify", None)


class Writer:
    """A zone whose ledger a test writes itself, with receipts of random feeds and days."""

    def __init__(self, home: Path) -> None:
        self.zone = Zone(Settings.from_environment({}, home=home))
        self.zone.layout.ledger.mkdir(parents=True)
        self.head = EMPTY
        self.records = []

    def commit(self, *receipts: Receipt) -> None:
        records = [receipt.as_record() for receipt in receipts]
        data = encode_commit(records, after=self.head, at=datetime(2025, 6, 30, tzinfo=UTC), author=AUTHOR)
        self.head = decode_commit(data).head
        self.zone.ledger.path(self.head.seq).write_bytes(data)
        self.records += [(self.head.seq, line, record) for line, record in enumerate(records)]

    def some(self, number: int) -> list[Receipt]:
        return [receipt_number(self.head.seq + 1, index) for index in range(number)]


def receipt_number(seq: int, index: int) -> Receipt:
    number = seq * 7 + index * 3
    feed = FEEDS[number % 3]
    receipt = Receipt(verdict=Verdict.UNRECOGNIZED, landing_path=f"x/{seq}/{index}", size=number)
    if feed is None:
        return receipt
    day = date(2025, 6, 1 + number % 9).isoformat()
    refused = number % 4 == 0
    return replace(
        receipt,
        verdict=Verdict.QUARANTINED if refused else Verdict.PROMOTED,
        feed=feed,
        partition=day,
        name=f"n{number}",
        key=None if refused else f"{feed}/n{number}.gz",
        quarantine={"path": f"{feed}/n{number}.gz", "findings": f"{feed}/n{number}.json"} if refused else None,
        captured_at=f"{day}T12:00:00.000000Z",
        sha256=f"{number:064x}",
        stored_sha256=f"{number:064x}",
        stored_size=number,
        encoding="gzip",
        data_min=None if refused else date(2025, 5, 1 + number % 11).isoformat(),
        data_max=None if refused else date(2025, 5, 20 - number % 5).isoformat(),
        findings=(
            {"code": "RZ-SHAPE", "check": "x", "message": "m", "blocking": True, "where": {"line": number}},
        )
        if refused
        else (),
    )


@pytest.fixture
def writer(tmp_path):
    writer = Writer(tmp_path)
    with writer.zone:
        yield writer


def files_of(catalog):
    return {path.name: path.read_bytes() for path in catalog.files}


def landed(paths) -> list[str]:
    """The landing paths in all the files, as any program finds them that takes the folder's ``*.parquet``."""
    return sorted(pa.concat_tables(pq.read_table(p) for p in paths)["landing_path"].to_pylist())


@pytest.mark.usefixtures("short_spans")
class TestFiles:
    def test_grown_commit_by_commit_they_are_those_built_from_nothing(self, writer, tmp_path):
        for number in (0, 3, 1, 1, 0, 9, 2, 0, 4, 1, 1, 1, 5, 0):
            grown = catalog_of(writer.zone)
            grown.update()
            before = files_of(grown)
            fresh = parquet_catalog.ParquetCatalog(tmp_path / f"fresh-{writer.head.seq}", writer.zone.ledger)
            standing = fresh.rebuild()
            assert files_of(fresh) == before
            assert standing.receipts == len(writer.records)
            assert (standing.seq, standing.head) == (writer.head.seq, writer.head.sha256)
            grown.rebuild()
            assert files_of(grown) == before
            writer.commit(*writer.some(number))

    def test_a_full_file_is_never_touched_again(self, writer):
        catalog = catalog_of(writer.zone)
        writer.commit(*writer.some(6))
        writer.commit(*writer.some(1))
        catalog.update()
        first, second = catalog.files
        inode = first.stat().st_ino
        writer.commit(*writer.some(1))
        catalog.update()
        assert (first.stat().st_ino, landed([second])) == (inode, ["x/1/0", "x/2/0"])

    def test_at_every_moment_a_reader_finds_each_receipt_up_to_some_commit_once(self, writer, monkeypatch):
        catalog = catalog_of(writer.zone)
        seen = []

        def look():
            if catalog.files:
                found = landed(catalog.files)
                last = max(
                    (seq for seq, _, record in writer.records if record["landing_path"] in found), default=-1
                )
                assert found == sorted(r["landing_path"] for seq, _, r in writer.records if seq <= last)
                seen.append(last)

        step = os.replace

        def replace_and_look(*paths):
            look()
            step(*paths)
            look()

        monkeypatch.setattr(parquet_catalog.os, "replace", replace_and_look)
        for number in (2, 2, 7, 4, 1, 6):
            writer.commit(*writer.some(number))
            if number != 7:
                catalog.update()
        catalog.rebuild()
        assert len(set(seen)) > 4

    @pytest.mark.parametrize(
        "damage",
        [
            lambda files: files[0].write_bytes(b""),
            lambda files: files[-1].write_bytes(files[-1].read_bytes()[:-5]),
            lambda files: files[1].unlink(),
            lambda files: shutil.copy(files[0], files[-1]),
            lambda files: files[0].with_name("foreign.parquet").write_bytes(b"x"),
        ],
    )
    def test_what_is_damaged_is_built_again(self, writer, damage):
        for _ in range(4):
            writer.commit(*writer.some(4))
        catalog = catalog_of(writer.zone)
        catalog.update()
        before = files_of(catalog)
        damage(catalog.files)
        catalog.update()
        assert files_of(catalog) == before

    def test_another_ledger_in_its_place_is_noticed(self, writer, tmp_path):
        writer.commit(*writer.some(4))
        writer.commit(*writer.some(4))
        catalog = catalog_of(writer.zone)
        catalog.update()
        shutil.rmtree(writer.zone.layout.ledger)
        writer.zone.layout.ledger.mkdir()
        writer.head, writer.records = EMPTY, []
        writer.commit(*writer.some(1))
        assert catalog.update().receipts == 1
        assert landed(catalog.files) == ["x/0/0"]

    def test_a_build_that_was_killed_leaves_nothing_that_is_read(self, writer, monkeypatch):
        writer.commit(*writer.some(4))
        catalog = catalog_of(writer.zone)
        catalog.update()
        writer.commit(*writer.some(4))

        def killed(*_):
            raise KeyboardInterrupt

        with monkeypatch.context() as patch:
            patch.setattr(parquet_catalog.os, "replace", killed)
            patch.setattr(parquet_catalog.shutil, "rmtree", lambda *_, **__: None)
            with pytest.raises(KeyboardInterrupt):
                catalog.update()
        assert len(landed(catalog.files)) == 4
        catalog.update()
        assert len(landed(catalog.files)) == 8
        assert [path.name for path in catalog.folder.iterdir() if path.name.startswith(".")] == [".lock"]

    def test_several_that_bring_it_up_to_date_at_once_come_to_the_same_files(self, writer, tmp_path):
        for number in (4, 4, 1, 9):
            writer.commit(*writer.some(number))
            with ThreadPoolExecutor(4) as pool:
                list(pool.map(lambda _: catalog_of(writer.zone).update(), range(6)))
        fresh = parquet_catalog.ParquetCatalog(tmp_path / "fresh", writer.zone.ledger)
        fresh.rebuild()
        assert files_of(catalog_of(writer.zone)) == files_of(fresh)

    def test_who_may_not_write_gets_a_copy_that_is_up_to_date(self, writer):
        writer.commit(*writer.some(7))
        catalog_of(writer.zone).update()
        writer.commit(*writer.some(2))
        layout = replace(writer.zone.layout, state=Path(os.devnull))
        with Zone(replace(writer.zone.settings, layout=layout)) as zone, open_catalog(zone) as catalog:
            assert catalog.receipts().num_rows == 9
            folder = catalog.folder
        assert not folder.exists()


@pytest.mark.usefixtures("short_spans")
class TestQuestions:
    @pytest.fixture
    def filled(self, writer):
        for number in (3, 0, 4, 1, 8, 2, 2, 5):
            writer.commit(*writer.some(number))
        return writer

    @pytest.mark.parametrize(
        ("question", "answers"),
        [
            ({}, lambda r, seq: True),
            ({"feeds": ["distrokid/sales"]}, lambda r, seq: r["feed"] == "distrokid/sales"),
            ({"since": "2025-06-04"}, lambda r, seq: (r["partition"] or "") >= "2025-06-04"),
            ({"until": "2025-06-04"}, lambda r, seq: (r["partition"] or "9") <= "2025-06-04"),
            ({"data_since": "2025-05-18"}, lambda r, seq: (r["data_max"] or "") >= "2025-05-18"),
            ({"data_until": "2025-05-04"}, lambda r, seq: (r["data_min"] or "9") <= "2025-05-04"),
            ({"verdicts": ["quarantined"]}, lambda r, seq: r["verdict"] == "quarantined"),
            ({"as_of": 4}, lambda r, seq: seq <= 4),
            (
                {"feeds": ["toolost/spotify"], "since": "2025-06-02", "until": "2025-06-05", "as_of": 5},
                lambda r, seq: (
                    r["feed"] == "toolost/spotify" and "2025-06-02" <= r["partition"] <= "2025-06-05"
                    and seq <= 5
                ),
            ),
        ],
    )  # fmt: skip
    def test_the_answer_is_that_of_reading_the_ledger(self, filled, question, answers):
        with open_catalog(filled.zone) as catalog:
            found = catalog.receipts(**question, columns=["landing_path"])
        expected = [r["landing_path"] for seq, _, r in filled.records if answers(r, seq)]
        assert found["landing_path"].to_pylist() == expected
        assert found.column_names == ["landing_path"]
        assert expected

    def test_pandas_polars_and_duckdb_read_the_files_as_they_are(self, filled):
        catalog = catalog_of(filled.zone)
        catalog.update()
        pattern = str(catalog.folder / "*.parquet")
        lines = sorted(r["findings"][0]["where"]["line"] for _, _, r in filled.records if r["findings"])
        asked = f"SELECT f.\"where\".line FROM (SELECT unnest(findings) AS f FROM '{pattern}') ORDER BY 1"  # noqa: S608
        assert [line for (line,) in duckdb.sql(asked).fetchall()] == lines
        refused = pl.scan_parquet(pattern).filter(pl.col("findings").list.len() > 0).collect()
        found = refused["findings"].list.first().struct.field("where").struct.field("line")
        assert sorted(found) == lines
        pandas = pd.read_parquet(catalog.folder)
        assert sorted(f["where"]["line"] for fs in pandas["findings"] for f in fs) == lines

    def test_a_file_that_was_damaged_meanwhile_is_one_clear_sentence(self, filled):
        with open_catalog(filled.zone) as catalog:
            catalog.files[0].write_bytes(b"nonsense")
            with pytest.raises(CatalogDamaged, match="rawzone catalog rebuild"):
                catalog.receipts()
