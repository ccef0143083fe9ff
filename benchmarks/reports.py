"""Reports: what was measured, as JSON for programs and as Markdown for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import orjson


def write(report: Mapping[str, Any], folder: Path, name: str) -> Path:
    """Both forms, side by side; the path of the Markdown."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_bytes(orjson.dumps(report, option=orjson.OPT_INDENT_2))
    path = folder / f"{name}.md"
    path.write_text(markdown(report), encoding="utf-8")
    return path


def markdown(report: Mapping[str, Any]) -> str:
    """The report as a page with one table."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Mapping[str, Any]) -> Iterator[str]:
    corpus, baseline = report["corpus"], report["baseline"]
    yield f"# {report['measure']}, {corpus['size']}: {corpus['files']:,} files, {corpus['bytes'] / 1e6:,.1f} MB"
    yield ""
    yield f"Against `{baseline}`, {report['turns']} turns, ratios turn by turn: median [least-most]."
    yield ""
    yield "| side | wall s | CPU s | peak MiB | stored MB | wall ratio | CPU ratio | others, cores | syncs |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for name, figures in report["sides"].items():
        syncs = report.get("syncs", {}).get(name)
        told = ", ".join(f"{count} {call}" for call, count in syncs.items()) if syncs else ""
        yield (
            f"| {name} | {figures['wall']:.2f} | {figures['cpu']:.2f} | {figures['peak']:.0f} "
            f"| {figures['stored'] / 1e6:.1f} | {_ratio(figures, 'wall')} | {_ratio(figures, 'cpu')} "
            f"| {figures['foreign']:.2f} | {told} |"
        )
    yield ""
    yield "; ".join(f"{name} {value}" for name, value in report["machine"].items())


def spread(ratios: Sequence[float]) -> dict[str, float]:
    """What several turns came to."""
    return {"median": median(ratios), "least": min(ratios), "most": max(ratios)}


def shown(ratio: Mapping[str, float]) -> str:
    """A :func:`spread` as tables have it."""
    return f"{ratio['median']:.2f} [{ratio['least']:.2f}-{ratio['most']:.2f}]"


def _ratio(figures: Mapping[str, Any], what: str) -> str:
    ratio = figures.get(f"{what}_ratio")
    return shown(ratio) if ratio else ""
