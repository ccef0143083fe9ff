"""The zone's folder as ``--home`` names it. Imported by the frame, so it needs only click."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click


class ZoneFolder(click.Path):
    """A folder, which need not exist yet. No name at all is no name of the current one."""

    def __init__(self) -> None:
        super().__init__(file_okay=False, readable=False, path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("it is empty: name the zone's folder, or leave --home out.", param, ctx)
        return super().convert(value, param, ctx)
