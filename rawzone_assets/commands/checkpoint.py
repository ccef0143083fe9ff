"""``rawzone checkpoint``: what the ledger is now, to be kept elsewhere, and whether it still is what it was."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from rawzone_assets.commands.evidence import (
    Refused,
    checkpoint_in,
    deliver,
    key_option,
    output_option,
    trusted_keys,
)
from rawzone_assets.commands.surroundings import (
    FINE,
    FOUND,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    open_zone,
    printable,
    zone_without_index_file,
)
from rawzone_assets.zone.checkpoints import Issued
from rawzone_assets.zone.errors import LedgerDamaged
from rawzone_assets.zone.notes import encode_base64
from rawzone_assets.zone.proving import contradiction, take_checkpoint
from rawzone_assets.zone.record_tree import RecordTree, tree_path
from rawzone_assets.zone.zone import Zone


@click.command(name="checkpoint")
@click.option(
    "--verify",
    "old",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Compare the whole ledger with this older checkpoint instead.",
)
@click.option("--full", is_flag=True, help="Read the whole ledger again, trusting no kept hash.")
@key_option
@output_option
@home_option
@json_option
def command(*, old: Path | None, full: bool, keys: tuple[str, ...], output: Path | None, as_json: bool) -> None:
    """Write a checkpoint of the ledger: how many records it has and the hash over all of them.

    Keep it where whoever can change the zone cannot: by mail, on paper, in another system. Later --verify
    tells whether everything it counted is still there unchanged. It is signed when RAWZONE_SIGNING_KEY names
    a key.
    """
    settings = open_settings_of_a_zone()
    layout = settings.layout
    if old is None and not layout.commit(0).exists():
        open_zone(settings).close()  # a ledger that was read before and is gone is nothing to testify to
    # The tree keeps its own hashes: the index is not needed, and what it says would be no evidence.
    is_known = layout.ledger.is_dir() or tree_path(layout.state, layout.ledger).exists()
    with Zone(settings) if is_known else zone_without_index_file(settings) as zone:
        if old is not None:
            _verify(zone, old, keys, as_json=as_json)
            return
        with RecordTree.of(zone, anew=full) as tree:
            issued = take_checkpoint(zone, tree)
    if output is not None or not as_json:
        deliver(issued.data, output)
    if as_json:
        emit({"record": "checkpoint", **described(issued), "checkpoint": issued.data.decode()})


def described(issued: Issued) -> dict[str, Any]:
    """A checkpoint's facts as records tell them."""
    checkpoint = issued.checkpoint
    seq, sha256 = checkpoint.ledger or (None, None)
    return {
        "origin": checkpoint.origin,
        "size": checkpoint.size,
        "root": encode_base64(checkpoint.root),
        "ledger_seq": seq,
        "ledger_head": sha256,
        "signed_by": [key.encode() for key in issued.signers],
    }


def _verify(zone: Zone, path: Path, keys: tuple[str, ...], *, as_json: bool) -> None:
    problem, facts = None, {}
    try:
        issued = checkpoint_in(path, trusted_keys(keys))
        facts = described(issued)
        with RecordTree.of(zone, anew=True) as tree:
            tree.catch_up()
            size = tree.size
            problem = contradiction(zone, tree, issued.checkpoint)
    except (Refused, LedgerDamaged) as error:
        problem, size = str(error), None
    else:
        if problem:
            problem = f"The zone is not the one the checkpoint was taken of: {problem}."
    if as_json:
        emit(
            {
                "record": "verified",
                **facts,
                "size_now": size,
                "verdict": "refused" if problem else "verified",
                "problem": problem,
            }
        )
    elif problem:
        click.echo(printable(problem))
    else:
        click.echo(
            f"All {facts['size']} records that the checkpoint counted are there unchanged; the ledger has "
            f"{size} now."
        )
    if facts and not facts["signed_by"]:
        note("The checkpoint is not signed: it is worth what the place is worth where you kept it.")
    leave(FOUND if problem else FINE)
