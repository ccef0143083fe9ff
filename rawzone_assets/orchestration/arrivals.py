"""Arrivals: that something landed, as materializations of the landing asset, apart from its promotion.

They tell "the extractor is late" from "promotion is broken". Level-triggered like everything else: a day is
reported when what is pending for it is not what was last reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import dagster as dg

from rawzone_assets.contract.plain_text import printable
from rawzone_assets.orchestration import launches, reporting, witness
from rawzone_assets.orchestration.days import Day
from rawzone_assets.orchestration.names import landing_key
from rawzone_assets.orchestration.partitions import days_inside
from rawzone_assets.zone.receipt import timestamp
from rawzone_assets.zone.survey import Delivery

MOST_EVENTS = 300  # of a tick: the daemon needs 10 ms or more for each, and other sensors wait meanwhile


def arrivals(
    instance: dg.DagsterInstance,
    ready: Iterable[Delivery],
    partitions: Mapping[str, dg.DailyPartitionsDefinition],
    *,
    most: int | None = MOST_EVENTS,
) -> Iterator[dg.AssetMaterialization]:
    """An event for each feed and day whose pending deliveries were not reported yet.

    The newest day comes last, for Dagster shows the last one as what an asset is now. Older days that do not
    fit into ``most`` come with a later look, if they are still pending then: the landing asset shows what
    arrives, and only the ledger knows all that ever did.
    """
    landed: dict[str, dict[str, list[Delivery]]] = {}
    for delivery in ready:
        landed.setdefault(delivery.feed_id, {}).setdefault(delivery.partition, []).append(delivery)
    news: list[tuple[str, str, str]] = []
    for feed_id, days in landed.items():
        inside = sorted(days_inside(partitions[feed_id], days))
        told = witness.content_by_partition(instance, landing_key(feed_id), inside)
        contents = {day: _content(days[day]) for day in inside}
        news += [(day, feed_id, content) for day, content in contents.items() if told.get(day) != content]
    for day, feed_id, content in sorted(sorted(news, reverse=True)[:most]):
        yield _arrival(feed_id, day, content, landed[feed_id][day])


def arrival_of_record(day: Day) -> dg.AssetMaterialization | None:
    """The arrival of all deliveries of a day that the ledger knows; ``None`` when none of them landed.

    What was adopted from a pile never arrived there.
    """
    landed = {
        (receipt.landing_path, receipt.landed_signature): receipt
        for receipt in (entry.receipt for entry in day.entries)
        if receipt.landed and not receipt.adopted
    }
    if not landed:
        return None
    return dg.AssetMaterialization(
        landing_key(day.feed_id),
        partition=day.partition,
        metadata={
            "files": len(landed),
            "bytes": sum(receipt.size or 0 for receipt in landed.values()),
            "newest_capture": max(receipt.captured_at or "" for receipt in landed.values()),
            "names": [path for path, _ in landed][:20],
        },
        tags=reporting.versioned(launches.fingerprint(f"{path} {signature}" for path, signature in landed)),
    )


def _content(deliveries: Iterable[Delivery]) -> str:
    return launches.fingerprint(f"{d.landed.label} {d.landed.signature}" for d in deliveries)


def _arrival(feed_id: str, day: str, content: str, deliveries: Sequence[Delivery]) -> dg.AssetMaterialization:
    return dg.AssetMaterialization(
        landing_key(feed_id),
        partition=day,
        metadata={
            "files": len(deliveries),
            "bytes": sum(delivery.landed.size for delivery in deliveries),
            "newest_capture": timestamp(max(d.recognized.capture.captured_at for d in deliveries)),
            "names": [printable(delivery.landed.label) for delivery in deliveries[:20]],
        },
        tags=reporting.versioned(content),
    )
