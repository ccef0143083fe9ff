"""Catalogue: what the page of an asset says beside its numbers: where it is declared, documented and read.

Static facts of definitions only; what a single day holds is ``metadata``'s.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg

from rawzone_assets.contract.feed import Feed, Platform
from rawzone_assets.contract.schemas import schema_folder
from rawzone_assets.platforms import declared_in

_RULES = "docs/validation_rules.md"
_PLACEHOLDER = re.compile(r"<(\w+)>")
_EXAMPLES = {
    "ts": "20240522_143022",
    "month": "05-2024",
    "day": "2024-05-22",
    "epoch": "1716388222",
    "handle": "artist",
    "id": "a1b2",
    "n": "1",
    "any": "report",
}


def references(platform: Platform, feed: Feed | None = None) -> dict[str, Any]:
    """Links to the platform's declaration, at the feed's line, to its schemas and to the page of its rules."""
    found = list(_code(platform, feed))
    documented: dict[str, Any] = {}
    if feed:
        documented["documentation"] = dg.MetadataValue.path(f"{_RULES}#{_anchor(feed.id)}")
    if not found:
        return documented
    with warnings.catch_warnings():
        # Code references are marked beta in Dagster 1.13, which pyproject pins.
        warnings.simplefilter("ignore", dg.BetaWarning)
        documented["dagster/code_references"] = dg.CodeReferencesMetadataValue(
            code_references=[
                dg.LocalFileCodeReference(file_path=str(path), line_number=line, label=label)
                for path, line, label in found
            ]
        )
    return documented


def commands(feed: Feed) -> dict[str, Any]:
    """How to work with a feed on the command line."""
    lines = (
        f"rawzone ls {feed.id}                  # what can be read",
        "rawzone cat KEY > FILE                # the landed bytes, verified",
        "rawzone show KEY                      # the receipt",
        f"rawzone quarantine ls {feed.id}       # what was refused",
        f"rawzone verify {feed.id}              # re-read and compare",
    )
    return {"commands": dg.MetadataValue.md("```\n" + "\n".join(lines) + "\n```")}


def example(platform: Platform, feed: Feed) -> dict[str, Any]:
    """A path below landing that is a delivery of the feed."""
    if feed.all_names:
        template = f"{platform.id}/{feed.all_names[0]}"
    elif feed.all_stamped_folder_names:
        template = f"{platform.id}/<ts>/{feed.all_stamped_folder_names[0]}"
    else:
        return {}
    return {"for_example": dg.MetadataValue.text(_PLACEHOLDER.sub(lambda found: _EXAMPLES[found[1]], template))}


def _code(platform: Platform, feed: Feed | None) -> Iterator[tuple[Path, int, str]]:
    path = declared_in(platform)
    if path is not None:
        yield path, _line_of(path, feed.id if feed else platform.id), "declaration"
    for schema in feed.schemas if feed else ():
        yield schema_folder() / schema, 1, f"schema {schema}"


@cache
def _lines(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").splitlines())


def _line_of(path: Path, declared: str) -> int:
    """Where an id is declared; the file's beginning when it is put together there."""
    wanted = f'id="{declared}"'
    return next((number for number, line in enumerate(_lines(path), 1) if wanted in line), 1)


def _anchor(heading: str) -> str:
    """The anchor that a Markdown viewer gives a heading."""
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")
