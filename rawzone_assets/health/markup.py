"""Markup: the templates of pages, in which whatever comes from outside is text and nothing else."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template
from markupsafe import Markup

from rawzone_assets.contract.plain_text import printable


def template(name: str) -> Template:
    """The template of that file name. Text is made printable, then escaped."""
    environment = Environment(
        loader=PackageLoader("rawzone_assets.health"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        finalize=_visible,
    )
    return environment.get_template(name)


def _visible(value: Any) -> Any:
    # Pictures are ours and are markup; everything else may hold what an extractor named its files.
    return printable(value) if isinstance(value, str) and not isinstance(value, Markup) else value
