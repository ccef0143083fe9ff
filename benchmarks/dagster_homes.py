"""Dagster homes: folders for instances that the benchmarks make, which tell nobody of their use."""

from __future__ import annotations

from pathlib import Path


def new_dagster_home(folder: Path) -> Path:
    """The folder, made and set up."""
    folder.mkdir(parents=True)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n", encoding="utf-8")
    return folder
