"""Rows added to the index many a statement: all of them, or none."""

import sqlite3

import pytest

from rawzone_assets.zone.index_database import open_database, transaction
from rawzone_assets.zone.index_rows import insert

SCHEMA = "CREATE TABLE thing (id INTEGER PRIMARY KEY, text TEXT NOT NULL)"


@pytest.fixture
def database():
    opened = open_database(None, schema=SCHEMA, version=1)
    yield opened
    opened.close()


def kept(database):
    return database.execute("SELECT id, text FROM thing ORDER BY id").fetchall()


@pytest.mark.parametrize("count", [0, 1, 31, 32, 33, 64, 100])
def test_however_many_rows_there_are_each_is_there_once(database, count):
    rows = [(number, f"row {number}") for number in range(count)]
    with transaction(database):
        insert(database, "thing", "(?, ?)", rows)
    assert kept(database) == rows


def test_rows_that_are_there_already_are_replaced_when_it_is_said_how(database):
    for text in ("before", "after"):
        with transaction(database):
            rows = [(number, text) for number in range(40)]
            insert(database, "thing", "(?, ?)", rows, upsert="ON CONFLICT DO UPDATE SET text = excluded.text")
    assert set(kept(database)) == {(number, "after") for number in range(40)}


@pytest.mark.parametrize("bad", [0, 40, 69])
def test_none_is_there_when_one_of_them_cannot_be(database, bad):
    rows = [(number, None if number == bad else "row") for number in range(70)]
    with pytest.raises(sqlite3.IntegrityError), transaction(database):
        insert(database, "thing", "(?, ?)", rows)
    assert kept(database) == []
