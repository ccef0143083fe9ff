"""``python -m benchmarks.growth_plot FIGURES.json PICTURE.svg``: what ``benchmarks.growth`` found, drawn."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import matplotlib as mpl
from matplotlib.figure import Figure

_CURVES = {
    "promote 1,000 files, CPU s": "promote_cpu_s",
    "the same without judging": "zone_cpu_s",
    "rawzone ls of a month, CPU s": "ls_month_cpu_s",
    "rawzone show by hash, CPU s": "show_by_hash_cpu_s",
    "open the zone, s": "open_s",
    "list the month, s": "month_s",
    "find a duplicate, s": "duplicate_s",
}
_BEFORE = {  # measured once with the index of version 6, at commit 1491427: 795 files, not judged
    "promote without judging, before": {1_020: 1.5 / 0.795, 100_215: 13.2 / 0.795, 1_000_110: 118.5 / 0.795},
}


@click.command()
@click.argument("figures", type=click.Path(path_type=Path, exists=True))
@click.argument("picture", type=click.Path(path_type=Path))
def main(figures: Path, picture: Path) -> None:
    """Draw how costs grow with the ledger, both axes logarithmic."""
    sizes: dict[str, dict[str, Any]] = json.loads(figures.read_text(encoding="utf-8"))["sizes"]
    receipts = [of_size["receipts"] for of_size in sizes.values()]
    mpl.rcParams["svg.hashsalt"] = "rawzone"  # the same figures give the same picture
    figure = Figure(figsize=(8, 5), layout="constrained")
    axes = figure.subplots()
    for label, curve in _BEFORE.items():
        axes.plot(list(curve), list(curve.values()), linestyle=":", marker="x", color="grey", label=label)
    for label, name in _CURVES.items():
        axes.plot(receipts, [of_size[name] for of_size in sizes.values()], marker="o", label=label)
    axes.set(xscale="log", yscale="log", xlabel="receipts in the ledger", ylabel="seconds")
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize="small", loc="center left", bbox_to_anchor=(1.0, 0.5))
    figure.savefig(picture, format="svg", metadata={"Date": None})


if __name__ == "__main__":
    main()
