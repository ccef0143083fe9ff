"""Receipts as an Arrow table: every fact has its column, and comes back from it as it was."""

from dataclasses import fields
from datetime import UTC, date, datetime

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from rawzone_assets.access.receipt_table import MORE, SCHEMA, rows_of, table_of
from rawzone_assets.contract.findings import Place
from rawzone_assets.zone.ledger import EMPTY, Author, compose_commit
from rawzone_assets.zone.receipt import Receipt, Verdict, timestamp

AUTHOR = Author(run_id="test", writer="test", code_version="1")


def commit_of(records, *, after=EMPTY, at=datetime(2025, 6, 30, 1, 2, 3, 4, tzinfo=UTC)):
    return compose_commit(records, after=after, at=at, author=AUTHOR)


# --- rows and back, without the code under test ------------------------------------------------------------

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
WHOLE = st.integers(0, 2**62)
DAY = st.dates(date(1, 1, 1)).map(date.isoformat)
TIME = st.datetimes(datetime.fromisoformat("1000-01-01"), datetime.fromisoformat("9999-12-31"))
MOMENT = TIME.map(lambda time: timestamp(time.replace(tzinfo=UTC)))
PLACE = {f.name: st.none() | (WHOLE if "int" in str(f.type) else TEXT) for f in fields(Place)}
PLACES = st.builds(Place, **PLACE)
FINDING = st.fixed_dictionaries(
    {
        "code": TEXT,
        "check": TEXT,
        "message": TEXT,
        "blocking": st.booleans(),
        "where": st.none() | PLACES.map(Place.as_json),
    }
)
FINDINGS = st.lists(FINDING, max_size=3).map(tuple)
KINDS = {
    "verdict": st.sampled_from(Verdict),
    "landing_path": TEXT,
    "partition": DAY,
    "revision": st.integers(1, 2**31 - 1),
    "captured_at": MOMENT,
    "validated_at": MOMENT,
    "promoted_at": MOMENT,
    "extractor": st.fixed_dictionaries({"name": st.none() | TEXT, "version": st.none() | TEXT}),
    "contract": st.fixed_dictionaries(
        {"feed_version": WHOLE, "schema": TEXT, "schema_sha256": TEXT, "rules_version": WHOLE},
        optional={"modes": st.dictionaries(TEXT, TEXT, min_size=1, max_size=3), "secrets": TEXT},
    ),
    "data_min": DAY,
    "data_max": DAY,
    "outline": st.lists(TEXT, min_size=1, max_size=3).map(tuple),
    "diary": st.dictionaries(TEXT, TEXT, min_size=1, max_size=3),
    "text": st.fixed_dictionaries({"charset": TEXT, "bom": st.booleans(), "newline": TEXT}),
    "quarantine": st.fixed_dictionaries({"path": TEXT, "findings": TEXT}),
    "replays": st.fixed_dictionaries({"seq": WHOLE, "path": TEXT}),
    "landed": st.fixed_dictionaries(dict.fromkeys(("device", "inode", "size", "mtime_ns", "ctime_ns"), TEXT)),
    "adopted": st.dictionaries(TEXT, TEXT, min_size=1, max_size=3),
    "findings": FINDINGS,
    "shadow_findings": FINDINGS,
    "access_reasons": st.dictionaries(TEXT, WHOLE, min_size=1, max_size=3),
}
NUMBERS = {"size", "stored_size", "records"}
REQUIRED = {"verdict", "landing_path", "findings", "shadow_findings"}


def kind_of(name):
    kind = KINDS.get(name, WHOLE if name in NUMBERS else TEXT)
    return kind if name in REQUIRED else st.none() | kind


RECEIPTS = st.builds(Receipt, **{f.name: kind_of(f.name) for f in fields(Receipt)})


def receipt_of(row):
    """A row as the record it was made of, said in its own words."""
    told = {name: value for name, value in row.items() if name not in ("seq", "line", "at", MORE)}
    told |= orjson.loads(row[MORE]) if row[MORE] else {}
    for name in ("partition", "data_min", "data_max"):
        told[name] = told[name].isoformat() if told[name] else None
    for name in ("captured_at", "validated_at", "promoted_at"):
        told[name] = told[name].strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0") if told[name] else None
    if told["contract"]:
        contract = {name: value for name, value in told["contract"].items() if value is not None}
        told["contract"] = contract | ({"modes": dict(contract["modes"])} if "modes" in contract else {})
    for name in ("access_reasons", "diary", "adopted"):
        told[name] = dict(told[name]) if told[name] else None
    if told["adopted"] is None:
        del told["adopted"]  # only receipts of adopted files have it
    for kind in ("findings", "shadow_findings"):
        for finding in told[kind]:
            if finding["where"]:
                finding["where"] = {name: v for name, v in finding["where"].items() if v is not None}
    return {"record": "receipt", **told}


def plain(record):
    """A place without any co-ordinate says as much as no place."""
    return orjson.loads(orjson.dumps(record, option=orjson.OPT_SORT_KEYS))


class TestEveryFactHasItsColumn:
    def test_each_field_of_a_receipt_and_of_a_place(self):
        told = {f.name for f in fields(Receipt)} | {"seq", "line", "at", MORE}
        assert told == set(SCHEMA.names), "give the new field a column in receipt_table.SCHEMA"
        findings = SCHEMA.field("findings").type.value_type
        assert {f.name for f in fields(Place)} == {f.name for f in findings.field("where").type.fields}

    @settings(deadline=None)
    @given(st.lists(RECEIPTS, max_size=4))
    def test_and_comes_back_from_it_unchanged(self, receipts):
        commit = commit_of([receipt.as_record() for receipt in receipts])
        rows = table_of(rows_of(commit)).to_pylist()
        assert [plain(receipt_of(row)) for row in rows] == [plain(record) for record in commit.records]
        assert {(row["seq"], row["at"]) for row in rows} <= {(0, commit.at)}
        assert all(row[MORE] is None for row in rows)

    @settings(deadline=None)
    @given(RECEIPTS, TEXT)
    def test_what_has_no_column_is_kept_beside(self, receipt, word):
        record = {**receipt.as_record(), "invented later": word, "contract": {"schema": "x", "mood": word}}
        record |= {"captured_at": "yesterday", "data_min": "2025-13-01"}
        (row,) = table_of(rows_of(commit_of([record]))).to_pylist()
        more = orjson.loads(row[MORE])
        assert more == {
            name: record[name] for name in ("invented later", "contract", "captured_at", "data_min")
        }
        assert row["contract"]["schema"] == "x"
        assert (row["captured_at"], row["data_min"]) == (None, None)

    def test_other_kinds_of_records_are_no_receipts(self):
        commit = commit_of(
            [{"record": "scrubbed"}, Receipt(verdict=Verdict.UNRECOGNIZED, landing_path="x").as_record()]
        )
        table = table_of(rows_of(commit))
        assert table["line"].to_pylist() == [1]
