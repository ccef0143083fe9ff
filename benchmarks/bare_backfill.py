"""A bare backfill: one Dagster run that says of each of many days that it is there, and does nothing else.

``python benchmarks/bare_backfill.py DAYS`` works in a new instance below ``DAGSTER_HOME``.
"""

import sys
import warnings
from datetime import date, timedelta

import dagster as dg

FIRST = date(2020, 1, 1)
_FIGURES = 15
"""Metadata of a day: about as many as a feed's materialization has."""


def backfill(days: int) -> None:
    """Materialize so many days of one asset in a single run."""
    figures = {f"figure_{number}": number for number in range(_FIGURES)}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)

        @dg.asset(
            partitions_def=dg.DailyPartitionsDefinition(FIRST.isoformat()),
            backfill_policy=dg.BackfillPolicy.single_run(),
        )
        def idle(context: dg.AssetExecutionContext) -> None:
            for day in context.partition_keys:
                context.add_asset_metadata(figures, partition_key=day)

    last = FIRST + timedelta(days=days - 1)
    range_ = {"dagster/asset_partition_range_start": FIRST, "dagster/asset_partition_range_end": last}
    with dg.DagsterInstance.get() as instance:
        tags = {name: day.isoformat() for name, day in range_.items()}
        done = dg.materialize([idle], instance=instance, tags=tags)
        told = len(instance.get_materialized_partitions(idle.key))
    if not done.success or told != days:
        raise RuntimeError(f"the run told of {told} days instead of {days}")


if __name__ == "__main__":
    backfill(int(sys.argv[1]))
