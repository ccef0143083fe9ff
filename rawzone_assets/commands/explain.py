"""``rawzone explain``: what a finding means and how to fix it."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click

from rawzone_assets.commands.surroundings import emit, fail, json_option
from rawzone_assets.contract import codes
from rawzone_assets.contract.codes import Code

_PREFIX = "RZ-"
_FATES = {
    "blocks": "Blocks: the delivery goes to quarantine.",
    "warns": "Warns: the delivery is promoted.",
    "leaves": "Leaves: the file is recorded as unrecognized and stays where it is; no copy of it is made.",
}


@click.command(name="explain")
@click.argument("wanted", metavar="[CODE]...", nargs=-1)
@json_option
def command(*, wanted: tuple[str, ...], as_json: bool) -> None:
    """What a finding means, whether it blocks, and what to do. Without CODE, the list of all.

    The case of CODE does not matter, and RZ- may be left out.
    """
    chosen = [_find(name) for name in wanted] or list(codes.catalogue())
    for number, code in enumerate(chosen):
        if as_json:
            emit(_record(code))
        elif wanted:
            click.echo(("\n" if number else "") + _page(code))
        else:
            click.echo(f"{code.code:<28} {code.effect:<7} {code.title}")


def _find(name: str) -> Code:
    code = codes.find(name)
    if code is None:
        known = [known.code for known in codes.catalogue()]
        wanted = name.strip().upper()
        near = get_close_matches(f"{_PREFIX}{wanted.removeprefix(_PREFIX)}", known, n=3, cutoff=0.5)
        near = near or [known for known in known if wanted and wanted in known][:3]
        hint = f"did you mean {' or '.join(near)}?" if near else "'rawzone explain' lists all codes."
        fail(f"There is no finding code {name!r}: {hint}")
    return code


def _record(code: Code) -> dict[str, Any]:
    return {
        "code": code.code,
        "title": code.title,
        "blocking": code.blocking,
        "effect": code.effect,
        "role": str(code.role),
        "explanation": code.explanation,
        "remedy": code.remedy,
        "source": code.source,
    }


def _page(code: Code) -> str:
    head = f"{code.code}: {code.title}\n{_FATES[code.effect]}"
    return f"{head}\n\n{code.explanation}\n\nWhat to do: {code.remedy}\nSource: {code.source}"
