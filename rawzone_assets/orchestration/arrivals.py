"""Arrivals: that something landed, as materializations of the landing asset, apart from its promotion.

They tell "the extractor is late" from "promotion is broken". Level-triggered like everything else: a day is
reported when what is pending for it is not what was last reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

import dagster as dg

from rawzone_assets.orchestration import launches, reporting, witness
from rawzone_assets.orchestration.names import landing_key
from rawzone_assets.zone.receipt import timestamp
from rawzone_assets.zone.survey import Delivery

MOST_EVENTS = 1000  # 5 ms each on SQLite


def arrivals(
    instance: dg.DagsterInstance,
    ready: Iterable[Delivery],
    partitions: Mapping[str, dg.DailyPartitionsDefinition],
    *,
    most: int | None = MOST_EVENTS,
) -> Iterator[dg.AssetMaterialization]:
    """An event for each feed and day whose pending deliveries were not reported yet, at most ``most``."""
    landed: dict[str, dict[str, list[Delivery]]] = {}
    for delivery in ready:
        if partitions[delivery.feed_id].has_partition_key(delivery.partition):
            landed.setdefault(delivery.feed_id, {}).setdefault(delivery.partition, []).append(delivery)
    count = 0
    for feed_id, days in sorted(landed.items()):
        key = landing_key(feed_id)
        told = witness.content_by_partition(instance, key, sorted(days))
        for day, deliveries in sorted(days.items()):
            content = launches.fingerprint(f"{d.landed.label} {d.landed.signature}" for d in deliveries)
            if told.get(day) == content:
                continue
            if most is not None and count >= most:
                return
            count += 1
            yield dg.AssetMaterialization(
                key,
                partition=day,
                metadata={
                    "files": len(deliveries),
                    "bytes": sum(delivery.landed.size for delivery in deliveries),
                    "newest_capture": timestamp(max(d.recognized.capture.captured_at for d in deliveries)),
                    "names": [delivery.landed.label for delivery in deliveries[:20]],
                },
                tags=reporting.versioned(content),
            )
