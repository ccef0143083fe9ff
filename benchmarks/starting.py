"""Starting: what commands and Dagster's code take before they do anything, each as a process of its own."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from benchmarks.measuring import Command, Measured, run

WAYS: Mapping[str, tuple[str, ...]] = {
    "import dagster": ("-c", "import dagster"),
    "the definitions": ("-c", "from rawzone_assets.definitions import defs"),
    "rawzone --help": ("-c", "from rawzone_assets.cli import main; main()", "--help"),
}


def cost_of_starting(folder: Path, *, turns: int) -> list[dict[str, Measured]]:
    """Turn by turn what each takes; a first turn, which compiles what was never imported, is not counted."""
    roots = {"RAWZONE_HOME": str(folder / "zone"), "DAGSTER_HOME": ""}
    return [
        {
            name: run(Command(argv=(sys.executable, *arguments), environment=roots), folder / "log")
            for name, arguments in WAYS.items()
        }
        for _ in range(turns + 1)
    ][1:]
