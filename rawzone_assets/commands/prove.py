"""``rawzone prove``: a file by which a stranger checks a receipt, without the zone and without trusting it."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import click

from rawzone_assets.access.reading import erasure_of, resolve
from rawzone_assets.commands.checkpoint import described
from rawzone_assets.commands.evidence import (
    Refused,
    checkpoint_in,
    deliver,
    key_option,
    output_option,
    trusted_keys,
)
from rawzone_assets.commands.surroundings import (
    FOUND,
    emit,
    fail,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    open_zone,
)
from rawzone_assets.zone.checkpoints import Issued
from rawzone_assets.zone.index_queries import Entry
from rawzone_assets.zone.proofs import Inclusion, Proof
from rawzone_assets.zone.proving import contradiction, prove_consistency, prove_inclusion, take_checkpoint
from rawzone_assets.zone.receipt import Verdict
from rawzone_assets.zone.record_tree import RecordTree
from rawzone_assets.zone.zone import Zone


@click.command(name="prove")
@click.argument("wanted", metavar="[KEY|SHA|PATH]", required=False)
@click.option(
    "--checkpoint",
    "older",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Prove it against this older checkpoint, which whoever checks has already.",
)
@click.option(
    "--commit", "seq", type=int, metavar="N", help="The receipt in this commit, if there are several."
)
@click.option(
    "--since",
    type=click.Path(path_type=Path, allow_dash=True),
    metavar="FILE",
    help="Prove that the zone only grew since this older checkpoint.",
)
@key_option
@output_option
@home_option
@json_option
def command(
    *,
    wanted: str | None,
    seq: int | None,
    older: Path | None,
    since: Path | None,
    keys: tuple[str, ...],
    output: Path | None,
    as_json: bool,
) -> None:
    """Write a proof that the receipt of an object is in the ledger, for others to check without the zone.

    It names what 'rawzone show' takes: an object's promotion is proved, or the one receipt of a refused,
    repeated or unrecognized file. It carries the receipt itself; 'rawzone verify-proof' checks it, and
    docs/proofs.md tells how to without our software.
    """
    if (wanted is None) == (since is None):
        fail("Name either what to prove or, with --since, an older checkpoint.")
    trusted = trusted_keys(keys)
    older = older or since
    with ExitStack() as opened:
        zone = opened.enter_context(open_zone(open_settings_of_a_zone()))
        tree = opened.enter_context(RecordTree.of(zone))
        tree.catch_up()
        try:
            old = _unchanged_since(zone, tree, checkpoint_in(older, trusted)) if older else None
            proof = _prove(zone, tree, wanted, seq, old)
        except Refused as error:
            note(str(error))
            leave(FOUND)
            return
    data = proof.encode()
    if output is not None or not as_json:
        deliver(data, output)
    if as_json:
        about = {"index": proof.index} if isinstance(proof, Inclusion) else {"old_size": proof.old}
        kind = "inclusion" if isinstance(proof, Inclusion) else "consistency"
        facts = described(proof.issued)
        emit({"record": "proof", "kind": kind, "wanted": wanted, **about, **facts, "proof": data.decode()})


def _prove(zone: Zone, tree: RecordTree, wanted: str | None, seq: int | None, old: Issued | None) -> Proof:
    if wanted is None and old is not None:
        return prove_consistency(zone, tree, old)
    entry = _one(resolve(zone, wanted or ""), wanted or "", seq)
    erasure = erasure_of(zone, entry.receipt)
    if erasure:
        note(f"Its bytes were erased by law in commit {erasure.seq}; its receipt stays, and is what is proved.")
    issued = old or take_checkpoint(zone, tree)
    if tree.size_at(entry.seq) > issued.checkpoint.size:
        raise Refused(
            f"The receipt of {wanted} is in commit {entry.seq}, which was made after that checkpoint: "
            "leave out --checkpoint."
        )
    return prove_inclusion(zone, tree, entry, issued)


def _unchanged_since(zone: Zone, tree: RecordTree, old: Issued) -> Issued:
    problem = contradiction(zone, tree, old.checkpoint)
    if problem:
        raise Refused(f"The zone is not the one the checkpoint was taken of, so nothing is proved: {problem}.")
    return old


def _one(entries: Sequence[Entry], wanted: str, seq: int | None) -> Entry:
    """The receipt that is meant: the one in commit ``seq``, else the promotion, else the only one."""
    if seq is None:
        found = [entry for entry in entries if entry.receipt.verdict is Verdict.PROMOTED] or list(entries)
    else:
        found = [entry for entry in entries if entry.seq == seq]
    if len(found) != 1:
        commits = ", ".join(str(number) for number in sorted({entry.seq for entry in entries}))
        how = "give a whole key or landing path" if found else "give one of them"
        said = f"{len(entries)} receipts, in commits" if len(entries) > 1 else "one receipt, in commit"
        fail(f"{wanted!r} means {said} {commits}: {how}, or choose with --commit.")
    return found[0]
