"""Failure: how a command ends when it cannot do its work. Imported by the frame, so it needs only click."""

from __future__ import annotations

from typing import IO, Any

import click

from rawzone_assets.contract.plain_text import printable


class Failure(click.ClickException):
    """One sentence for the user on standard error, and exit code 2."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        click.echo(printable(self.format_message()), file=file, err=file is None)
