"""A batch's history answers as the index does, and asks it nothing about what it has never heard of."""

from datetime import date
from itertools import product

import pytest

from rawzone_assets.contract.feed import Facts, Judgement
from rawzone_assets.contract.findings import Finding, Role
from rawzone_assets.platforms import all_platforms
from rawzone_assets.zone.batch_history import BatchHistory
from rawzone_assets.zone.decision import Candidate
from rawzone_assets.zone.layout import object_key
from rawzone_assets.zone.promotion import promote
from rawzone_assets.zone.settings import Settings
from rawzone_assets.zone.zone import Zone

BAD = Finding(code="RZ-SHAPE", role=Role.STRUCTURE, message="it is bad", blocking=True)
FEEDS = ("distrokid/streams", "distrokid/sales")


def judge(_feed, content, _capture):
    return Judgement(findings=(BAD,) if content.read().startswith(b"bad") else (), facts=Facts())


@pytest.fixture
def zone(tmp_path):
    """A zone with a revision, a duplicate, a refusal, and the same bytes in two feeds."""
    with Zone(Settings.from_environment({"RAWZONE_RESERVE": "0"}, home=tmp_path)) as zone:
        folder = tmp_path / "landing" / "distrokid"
        for path, text in {
            "a/streams_stats_20240501.html": "one",
            "b/streams_stats_20240501.html": "two",
            "streams_stats_20240502.html": "one",
            "streams_stats_20240503.html": "bad",
            "sales_report_20240501.tsv": "one",
        }.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
        promote(zone, zone.survey(all_platforms(), settle=0).ready, judge=judge, run_id="test")
        zone.index.catch_up()
        yield zone


def candidates(feeds, names, hashes, paths):
    return [
        Candidate(
            feed=feed,
            folder=f"{feed}/2024/05",
            name=name,
            day=date(2024, 5, 1),
            landing_path=path,
            sha256=sha256,
            refused=False,
        )
        for feed, name, sha256, path in product(feeds, names, hashes, paths)
    ]


def answers(history, one: Candidate):
    return (
        history.revisions(one.feed, one.name),
        history.stored(one.feed, one.sha256),
        history.already_decided(one.feed, one.name, one.sha256, one.landing_path),
        history.refusals(one.feed, one.sha256),
        history.has_object(object_key(one.folder, one.name, 1)),
        history.has_object(object_key(one.folder, one.name, 2)),
    )


def test_answers_as_the_index_does_of_what_is_known_in_part_or_not_at_all(zone):
    told = [entry.receipt for entry in zone.index.entries()]
    batch = candidates(
        FEEDS,
        sorted({receipt.name for receipt in told} | {"new.tsv"}),
        sorted({receipt.sha256 for receipt in told} | {"0" * 64, "1" * 64}),
        sorted({receipt.landing_path for receipt in told} | {"new"}),
    )
    assert len(batch) > 256  # more than are looked up at a time
    history = BatchHistory(zone.index, batch)
    found = [answers(history, one) for one in batch]
    assert found == [answers(zone.index, one) for one in batch]
    assert {bool(revisions) for revisions, *_ in found} == {True, False}
    assert {first for *_, first, _ in found} == {second for *_, second in found} == {True, False}
    assert {decided for _, _, decided, *_ in found} >= {None, "promoted", "duplicate", "quarantined"}


def test_new_names_bytes_and_keys_are_looked_up_once_for_the_batch(zone):
    batch = candidates(FEEDS, ["new.tsv"], [f"{number:064x}" for number in range(100)], ["new"])
    asked: list[str] = []
    zone.index._database.set_trace_callback(asked.append)
    history = BatchHistory(zone.index, batch)
    for one in batch:
        assert history.revisions(one.feed, one.name) == []
        assert history.stored(one.feed, one.sha256) is None
        assert history.already_decided(one.feed, one.name, one.sha256, one.landing_path) is None
        assert not history.has_object(object_key(one.folder, one.name, 1))
    assert len(asked) == 3
