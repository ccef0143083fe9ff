"""Goals of parts: measured within this process, on one part of the work."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks import growth, ledger_rows, one_delivery, reading, single_runs, ticks
from benchmarks.goals import MIB, Bench, Groups, Seen


def _one_delivery(bench: Bench) -> Iterator[Seen]:
    m, page, document = bench.corpus("M"), one_delivery.PAGES, one_delivery.DOCUMENTS
    judged = one_delivery.judging_beside_naive(m, page, turns=bench.turns)
    yield Seen(what="judge a page: CPU / bs4 with html.parser", must=1 / 20, daring=1 / 33, values=judged)
    parsed = one_delivery.schema_beside_naive(m, document, turns=bench.turns)
    yield Seen(
        what="a document and its schema: CPU / json and jsonschema", must=1 / 50, daring=1 / 65, values=parsed
    )


def _rows(bench: Bench) -> Iterator[Seen]:
    landing = bench.corpus("T").landing
    took = ledger_rows.cost_of_rows(landing, bench.place / "rows", turns=bench.turns)
    row = took["ledger"] + took["index"]
    yield Seen(what="a row of ledger and index, T", must=25, daring=12, unit=" us", values=[row])
    yield Seen(what="... CPU / a bare SQLite table", must=2.8, daring=1.3, values=[row / took["bare"]])


def _one_run(bench: Bench) -> Iterator[Seen]:
    took = single_runs.cost_of_single_runs(bench.place / "single", runs=4 * bench.turns)
    beside = took[single_runs.AS_THE_SENSOR][0] / took[single_runs.IDLE][0]
    yield Seen(what="one partition a run: CPU / a bare run", must=1.5, daring=1.2, values=[beside])


def _look(bench: Bench) -> Iterator[Seen]:
    looks = ticks.cost_of_ticks(bench.landed, bench.place / "looking", turns=bench.turns)
    beside = looks.ratios(ticks.TICK)
    yield Seen(what="a sensor's tick, 100,000 files: CPU / scandir, stat", must=2, daring=1.3, values=beside)
    yield Seen(what="its cursor", must=1000, unit=" B", values=[looks.cursor])


def _reading(bench: Bench) -> Iterator[Seen]:
    for name, daring in (("csv", 0.4), ("json", 0.1)):
        took = reading.read_thirty_days(
            reading.KINDS[name], bench.place / f"reading-{name}", turns=3 * bench.turns
        )
        pandas, ours, _projection = (cpu for _, cpu in took.values())
        what = f"thirty days of {name.upper()} as a table: CPU / pandas"
        yield Seen(what=what, must=0.7, daring=daring, values=[ours / pandas])


def _growth(bench: Bench) -> Iterator[Seen]:
    small, large = 1_000, 1_000_000
    # A turn alone may be out by a fifth.
    taken = growth.measured([small, large], bench.ledgers, turns=2 * bench.turns + 1)
    figures = taken[large]
    bare = figures["month_to_bare_sqlite"]
    yield Seen(what="a month of a million receipts: CPU / bare SQLite", must=2, daring=1.2, values=bare)
    for what, name in (("open", "open_s"), ("find a duplicate", "duplicate_s"), ("list a month", "month_s")):
        milliseconds = [1000 * seconds for seconds in figures[name]]
        yield Seen(what=f"a million receipts: {what}", must=300, unit=" ms", values=milliseconds)
    pairs = zip(figures["promote_cpu_s"], taken[small]["promote_cpu_s"], strict=True)
    more = [many / few for many, few in pairs]
    yield Seen(what="promote 1,000 more: CPU after a million / after a thousand", must=1.15, values=more)
    peaks = figures["promote_peak_mib"]
    yield Seen(what="... largest process", must=300, unit=MIB, values=peaks)


GROUPS: Groups = {
    "one-delivery": _one_delivery,
    "rows": _rows,
    "one-run": _one_run,
    "look": _look,
    "reading": _reading,
    "growth": _growth,
}
