"""A process with a Dagster instance of its own that asks the landing sensor and runs what it wants.

``python -m rawzone_assets_tests.orchestration.running_process HOME``: ticks, says under which keys the sensor
asked for runs, waits for a line on stdin, carries them out, and says whether each succeeded.
"""

import json
import sys
from pathlib import Path

import dagster as dg

from rawzone_assets_tests.orchestration.desk import Desk

QUIET = {"telemetry": {"enabled": False}}


def main(home: Path) -> None:
    with dg.DagsterInstance.local_temp(str(home / "dagster"), overrides=QUIET) as instance:
        desk = Desk(home=home / "data", instance=instance)
        requests = list(desk.tick().run_requests or ())
        print(json.dumps([request.run_key for request in requests]), flush=True)  # noqa: T201
        sys.stdin.readline()
        print(json.dumps([desk.carry_out(request).success for request in requests]))  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1]))
