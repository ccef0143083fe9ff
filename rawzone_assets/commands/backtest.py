"""``rawzone backtest``: what today's contract would change, told from everything that is stored."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import click

from rawzone_assets.commands.selection import checked_range, chosen_feeds, range_options
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    open_settings_of_a_zone,
    open_zone,
    printable,
)
from rawzone_assets.contract.feed import Feed
from rawzone_assets.contract.wording import counted
from rawzone_assets.health.backtest import Change, Compared, Unjudged, backtest
from rawzone_assets.platforms import ADDRESS, all_feeds
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.judges import JudgePool

_MOST_SHOWN = 20
_WORDS = {
    Change.NEWLY_REFUSED: "would now be refused",
    Change.NEWLY_ACCEPTED: "would now be accepted ('rawzone quarantine replay' promotes them)",
    Change.FINDINGS: "keep their verdict with other findings",
}


@click.command(name="backtest")
@click.argument("feeds", nargs=-1, required=True, metavar="FEED...")
@range_options
@home_option
@json_option
def command(*, feeds: tuple[str, ...], since: str | None, until: str | None, as_json: bool) -> None:
    """Judge what is stored with today's contract and say what would change. Nothing is written.

    Judged are the objects of FEED and the refusals that are still open. Exit code 1 when a verdict would
    change, or when a stored file is not as recorded.
    """
    checked_range(since, until)
    with open_zone(open_settings_of_a_zone()) as zone, JudgePool(ADDRESS) as judge:
        chosen = chosen_feeds(feeds, zone.index.feeds())
        declared = {feed.id: feed for feed in all_feeds()}
        gone = [feed for feed in chosen if feed not in declared]
        if gone:
            fail(f"{gone[0]} is no longer declared, so there is no contract to judge it with.")
        found_any = False
        for feed in chosen:
            tally = _Tally(feed=declared[feed])
            results = backtest(zone, tally.feed, judge=judge, since=since, until=until, parallel=judge.workers)
            with closing(results):
                for result in results:
                    tally.count(result)
                    if as_json and not _is_as_before(result):
                        emit(_record(result))
            if as_json:
                emit(tally.record())
            else:
                for line in tally.lines():
                    click.echo(printable(line))
            found_any = found_any or tally.verdicts_change or bool(tally.unjudged)
    leave(FOUND if found_any else FINE)


@dataclass(kw_only=True)
class _Tally:
    """What the backtest of one feed comes to."""

    feed: Feed
    changes: Counter[Change] = field(default_factory=Counter)
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)
    shown: dict[Change, list[str]] = field(default_factory=dict)
    unjudged: list[str] = field(default_factory=list)

    @property
    def verdicts_change(self) -> bool:
        return bool(self.changes[Change.NEWLY_REFUSED] or self.changes[Change.NEWLY_ACCEPTED])

    def count(self, result: Compared | Unjudged) -> None:
        if isinstance(result, Unjudged):
            self.unjudged.append(f"{_place(result.entry)}: not judged, {result.reason}: run 'rawzone verify'")
            return
        self.changes[result.change] += 1
        self.added.update(result.added)
        self.removed.update(result.removed)
        lines = self.shown.setdefault(result.change, [])
        if len(lines) < _MOST_SHOWN:
            lines.append(_line(result))

    def record(self) -> dict[str, Any]:
        return {
            "record": "backtest",
            "feed": self.feed.id,
            "feed_version": self.feed.version,
            "rules_version": self.feed.rules_version,
            "judged": self.changes.total(),
            "unchanged": self.changes[Change.NONE],
            **{str(change): self.changes[change] for change in _WORDS},
            "added": dict(sorted(self.added.items())),
            "removed": dict(sorted(self.removed.items())),
            "unjudged": len(self.unjudged),
        }

    def lines(self) -> Iterator[str]:
        contract = f"feed version {self.feed.version}, rules version {self.feed.rules_version}"
        yield (
            f"{self.feed.id}: {self.changes.total()} stored deliveries judged with {contract}, "
            f"{self.changes[Change.NONE]} as before"
        )
        for change, words in _WORDS.items():
            if self.changes[change]:
                yield f"{self.changes[change]} {words}:"
                yield from (f"  {line}" for line in self.shown[change])
                more = self.changes[change] - len(self.shown[change])
                if more:
                    yield f"  … and {more} more: --json lists them"
        for sign, codes in (("+", self.added), ("-", self.removed)):
            yield from (f"{sign} {code} in {counted(count, 'file')}" for code, count in sorted(codes.items()))
        yield from self.unjudged


def _is_as_before(result: Compared | Unjudged) -> bool:
    return isinstance(result, Compared) and result.change is Change.NONE


def _record(result: Compared | Unjudged) -> Mapping[str, Any]:
    receipt = result.entry.receipt
    told = ("feed", "partition", "name", "landing_path", "key", "sha256", "verdict")
    record = {"record": "rejudged", **{name: getattr(receipt, name) for name in told}, "seq": result.entry.seq}
    if isinstance(result, Unjudged):
        return record | {"change": None, "problem": result.reason}
    return record | {
        "change": str(result.change),
        "added": list(result.added),
        "removed": list(result.removed),
        "blocking": list(result.blocking),
        "problem": None,
    }


def _line(result: Compared) -> str:
    signs = [f"+{code}" for code in result.added] + [f"-{code}" for code in result.removed]
    return f"{_place(result.entry)}  {' '.join(signs)}"


def _place(entry: Entry) -> str:
    """The object's key, or the landing path of what was refused."""
    return entry.receipt.key or entry.receipt.landing_path
