"""``rawzone sql``: answers in three forms, and a query that can touch nothing but the projection."""

import csv
import io
import json
import shutil
from decimal import Decimal

import pytest

from rawzone_assets_tests.commands.conftest import Rawzone

SALES = (
    'SELECT "Store", sum("Earnings (USD)") AS earned, count(*) AS n FROM distrokid_sales GROUP BY 1 ORDER BY 1'
)


def test_the_three_forms_say_the_same(own):
    table = own("sql", SALES)
    lines = own("sql", "--json", SALES)
    cells = list(csv.DictReader(io.StringIO(own("sql", "--csv", SALES).text)))
    records = [json.loads(line, parse_float=Decimal) for line in lines.out.splitlines()]
    assert (table.code, lines.code) == (0, 0)
    assert [(r["Store"], Decimal(r["earned"]), r["n"]) for r in records] == [
        (c["Store"], Decimal(c["earned"]), int(c["n"])) for c in cells
    ]
    assert len(records) > 3
    assert all(r["Store"] in table.text and str(r["earned"]) in table.text for r in records)
    assert f"{len(records)} rows" in table.err


def test_figures_keep_all_their_digits(own):
    done = own(
        "sql",
        "--json",
        "SELECT 9223372036854775807::HUGEINT * 10 AS h, 0.10000000000000000001 AS d, DATE '2025-01-02' AS t",
    )
    assert done.text == '{"h":92233720368547758070,"d":0.10000000000000000001,"t":"2025-01-02"}\n'


def test_what_was_promoted_since_is_in_the_answer(own):
    count = "SELECT count(*) AS n FROM toolost_spotify WHERE _name LIKE '%235959%'"
    assert own("sql", "--json", count).records == [{"n": 0}]
    data = b'{"streams": [{"date": "2025-05-01", "streams": "3"}, {"date": "2025-05-02", "streams": "4"}]}'
    (own.home / "landing" / "toolost" / "toolost_spotify_20250610_235959.json").write_bytes(data)
    own.promote()
    assert own("sql", "--json", "--no-refresh", count).records == [{"n": 0}]
    assert own("sql", "--json", count).records == [{"n": 2}]


def test_a_query_cannot_read_or_write_other_files(own):
    secret = own.home / "secret.csv"
    secret.write_text("a\n1\n")
    for query in (
        f"FROM read_csv('{secret}')",
        f"COPY (SELECT 1) TO '{own.home / 'raw' / 'new.csv'}'",
        f"ATTACH '{own.home / 'new.db'}'",
        "INSTALL httpfs",
        "SET enable_external_access = true",
    ):
        done = own("sql", query)
        assert (done.code, done.text) == (2, "")
        assert done.err.startswith("The query cannot be answered: ")
    assert not (own.home / "raw" / "new.csv").exists()


@pytest.mark.parametrize(
    "query",
    [
        "COPY (SELECT 1 AS a) TO '{columnar}/distrokid/sales/new.parquet'",
        "SELECT 1; COPY (SELECT 1 AS a) TO '{columnar}/distrokid/sales/new.parquet'",
        "EXPLAIN ANALYZE COPY (SELECT 1 AS a) TO '{columnar}/distrokid/sales/new.parquet'",
        "PREPARE q AS COPY (SELECT 1 AS a) TO '{columnar}/distrokid/sales/new.parquet'; EXECUTE q",
        "COPY (PIVOT (SELECT 1 AS a, 2 AS b) ON a USING sum(b)) TO '{columnar}/distrokid/sales/new.parquet'",
        "EXPORT DATABASE '{columnar}/distrokid'",
        "ATTACH '{columnar}/new.db'",
    ],
)
def test_a_query_cannot_write_into_the_folders_that_it_reads_either(own, query):
    """DuckDB lets whoever may read a folder write to it: a day of the projection could be replaced."""
    own("sql", "SELECT count(*) FROM distrokid_sales")
    columnar = own.home / "state/columnar"
    before = sorted(columnar.rglob("*"))
    done = own("sql", query.format(columnar=columnar))
    assert (done.code, done.text) == (2, "")
    assert "it may only read" in done.err
    assert sorted(columnar.rglob("*")) == before


@pytest.mark.parametrize("query", ["", " ; ", "/* nothing */"])
def test_an_empty_query_is_one_sentence(rawzone, query):
    done = rawzone.run("sql", query)
    assert (done.code, done.out) == (2, b"")
    assert done.err.startswith("The query cannot be answered: it is empty: write SELECT")


def test_all_views_are_listed_those_of_the_ledger_too(rawzone):
    assert {"raw_files", "raw_findings", "raw_ledger", "distrokid_sales"} <= set(
        rawzone("sql", "SHOW TABLES").text.split()
    )


def test_a_wrong_query_is_one_sentence(rawzone):
    done = rawzone("sql", "SELECT nonsense FROM raw_files")
    assert done.code == 2
    assert done.err.count("\n") == 1
    assert "Traceback" not in done.err


def test_two_forms_at_once_are_refused(rawzone):
    assert rawzone("sql", "--csv", "--json", "SELECT 1").code == 2


def test_a_damaged_object_is_named_and_the_answer_has_the_rest(own):
    record = own.record("ls toolost/spotify")
    path = own.home / "raw" / record["key"]
    path.chmod(0o644)
    path.write_bytes(b"damaged")
    done = own("sql", "--json", "SELECT count(*) AS n FROM toolost_spotify")
    assert done.code == 1
    assert record["key"] in done.err
    assert done.records[0]["n"] > 0


def test_in_a_folder_that_is_new_the_views_are_empty_and_nothing_is_created(nowhere):
    nowhere.home.mkdir()
    done = nowhere(
        "sql",
        "--json",
        "SELECT (SELECT count(*) FROM raw_files) AS files, count(*) AS n FROM distrokid_streams",
    )
    assert (done.code, done.records) == (0, [{"files": 0, "n": 0}])
    assert list(nowhere.home.iterdir()) == []


def test_without_duckdb_one_sentence_says_what_to_install(rawzone):
    done = rawzone.run("sql", "SELECT 1", code="import sys; sys.modules['duckdb'] = None")
    assert (done.code, done.out) == (2, b"")
    assert done.err == (
        "SQL needs the package 'duckdb', which is not installed: run 'pip install rawzone[sql]'.\n"
    )


@pytest.mark.parametrize(
    "question", ["count(*) FROM raw_files", "count(*) FROM raw_findings", "* FROM toolost_sales"]
)
def test_signs_of_patterns_in_the_zones_path_are_nothing_but_letters(own, question, tmp_path):
    """``lake[1]`` was read as ``lake1``: another zone's files, or none and a traceback."""
    sign = Rawzone(tmp_path / "lake[1] 'a*b?'")
    shutil.copytree(own.home, sign.home)
    expected = own("sql", f"SELECT {question}")
    found = sign("sql", f"SELECT {question}")
    assert (found.code, found.text) == (0, expected.text), found.err
    assert len(found.text.splitlines()) > 1


def test_a_zone_is_not_taken_for_the_one_that_its_path_is_a_pattern_of(own, tmp_path):
    one, other = Rawzone(tmp_path / "lake[1]"), Rawzone(tmp_path / "lake1")
    shutil.copytree(own.home, one.home)
    query = "SELECT count(*) AS n FROM distrokid_streams"
    count = one("sql", query).text
    shutil.copytree(one.home, other.home)
    for path in (other.home / "state/columnar/distrokid/streams").rglob("*.parquet"):
        path.unlink()
        path.write_bytes(b"no table of this zone")
    assert one("sql", query).text == count
