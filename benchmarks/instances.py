"""Instances: our definitions and a Dagster instance in this process, for a zone of the benchmarks."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import dagster as dg

from rawzone_assets.definitions import build_definitions


@contextmanager
def opened(
    *, home: Path, landing: Path, dagster_home: Path
) -> Iterator[tuple[dg.Definitions, dg.DagsterInstance]]:
    """The definitions for a zone, and the instance in ``dagster_home``; both are quiet."""
    roots = {"RAWZONE_HOME": str(home), "RAWZONE_LANDING": str(landing)}
    environment = {**roots, "RAWZONE_SETTLE": "0", "DAGSTER_HOME": str(dagster_home)}
    with mock.patch.dict(os.environ, environment), dg.DagsterInstance.get() as instance:
        logging.disable(logging.CRITICAL)
        try:
            yield build_definitions(), instance
        finally:
            logging.disable(logging.NOTSET)
