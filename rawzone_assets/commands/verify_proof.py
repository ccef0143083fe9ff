"""``rawzone verify-proof``: check a proof offline. Opens no zone and needs none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click
import orjson

from rawzone_assets.commands.checkpoint import described
from rawzone_assets.commands.evidence import Refused, checkpoint_in, key_option, read_evidence, trusted_keys
from rawzone_assets.commands.surroundings import FINE, FOUND, emit, fail, json_option, leave, note, printable
from rawzone_assets.zone import codec
from rawzone_assets.zone.checkpoints import Issued
from rawzone_assets.zone.keys import PublicKey
from rawzone_assets.zone.notes import Malformed, encode_base64
from rawzone_assets.zone.proofs import Consistency, Inclusion, Proof, read_proof

_SHOWN = ("verdict", "feed", "partition", "key", "landing_path", "captured_at", "promoted_at", "size", "sha256")
_path = click.Path(path_type=Path, allow_dash=True)


@click.command(name="verify-proof")
@click.argument("file", type=_path)
@click.option(
    "--object",
    "stored",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="An object: it must be the receipt's.",
)
@key_option
@click.option(
    "--checkpoint", type=_path, metavar="FILE", help="A checkpoint you trust: it must be the proof's."
)
@click.option("--since", type=_path, metavar="FILE", help="The older checkpoint of a consistency proof.")
@click.option("--record", type=_path, metavar="FILE", help="The record's exact bytes, if the proof lacks them.")
@json_option
def command(
    *,
    file: Path,
    stored: Path | None,
    keys: tuple[str, ...],
    checkpoint: Path | None,
    since: Path | None,
    record: Path | None,
    as_json: bool,
) -> None:
    """Check a proof that 'rawzone prove' wrote, offline and without the zone. '-' reads standard input.

    Without --key or --checkpoint it shows that the file is whole and right in itself; whose zone it is about,
    only a key or checkpoint that came another way can tell.
    """
    trusted = trusted_keys(keys)
    answer: dict[str, Any] = {"record": "proof", "file": str(file), "verdict": "refused", "problem": None}
    try:
        proof = _read(file, trusted, record)
        _check(proof, since, trusted)
        answer |= {**_about(proof), **described(proof.issued)}
        if checkpoint is not None:
            _compare(proof.issued, checkpoint_in(checkpoint, trusted))
        receipt = _receipt_of(proof)
        answer["receipt"] = receipt
        if stored is not None:
            _check_object(stored, receipt)
    except (Malformed, Refused) as problem:
        answer["problem"] = str(problem)
        if isinstance(problem, Malformed):
            answer["problem"] = f"The proof {file} is refused: {problem}."
    else:
        answer["verdict"] = "verified"
        if not as_json:
            _tell(proof, receipt, stored)
        if not trusted and checkpoint is None:
            note(_whose(proof.issued))
    if as_json:
        emit(answer)
    elif answer["problem"]:
        click.echo(printable(answer["problem"]))
    leave(FOUND if answer["problem"] else FINE)


def _read(file: Path, trusted: list[PublicKey], record: Path | None) -> Proof:
    proof = read_proof(read_evidence(file), trusted=trusted)
    if record is None or isinstance(proof, Consistency):
        return proof
    return Inclusion(index=proof.index, path=proof.path, issued=proof.issued, record=read_evidence(record))


def _check(proof: Proof, since: Path | None, trusted: list[PublicKey]) -> None:
    if isinstance(proof, Inclusion):
        if since is not None:
            fail("--since is for consistency proofs, and this one proves a receipt: leave it out.")
        proof.check()
        return
    if since is None:
        fail("This is a consistency proof: name the older checkpoint with --since.")
    proof.check(checkpoint_in(since, trusted))


def _about(proof: Proof) -> dict[str, Any]:
    if isinstance(proof, Inclusion):
        return {"kind": "inclusion", "index": proof.index}
    return {"kind": "consistency", "old_size": proof.old}


def _compare(issued: Issued, trusted: Issued) -> None:
    """The proof's checkpoint must be the trusted one; its signatures may differ."""
    mine, theirs = issued.checkpoint, trusted.checkpoint
    if mine.origin != theirs.origin:
        raise Refused(f"The proof is refused: it is about {mine.origin}, the checkpoint about {theirs.origin}.")
    if mine.size != theirs.size:
        raise Refused(
            f"The proof is refused: it is against {mine.size} records and the checkpoint counts {theirs.size}, "
            "so they cannot be compared: ask for a proof by 'rawzone prove --checkpoint' with that checkpoint."
        )
    if mine.root != theirs.root:
        raise Refused("The proof is refused: its checkpoint has another root than the one you trust.")


def _receipt_of(proof: Proof) -> Mapping[str, Any] | None:
    """The record as JSON; another's log may hold anything."""
    if isinstance(proof, Consistency) or proof.record is None:
        return None
    try:
        record = orjson.loads(proof.record)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _check_object(path: Path, receipt: Mapping[str, Any] | None) -> None:
    """The file must hold the receipt's bytes, as they were landed or compressed by whatever gzip."""
    sha256, size = (receipt or {}).get("sha256"), (receipt or {}).get("size")
    if not isinstance(sha256, str) or not isinstance(size, int):
        raise Refused(f"The object {path} cannot be compared: the record proved names no SHA-256 and size.")
    try:
        with path.open("rb") as stream:
            if codec.digest_of(codec.blocks_of(stream)) == sha256:
                return
            stream.seek(0)
            blocks = codec.original_blocks(codec.blocks_of(stream), "gzip", size)
            if codec.digest_of(blocks) == sha256:
                return
    except codec.Damaged:
        pass
    except OSError as error:
        fail(f"{path} cannot be read ({(error.strerror or str(error)).lower()}): give the path of a file.")
    raise Refused(
        f"The object {path} is refused: it does not hold the bytes whose SHA-256 the receipt records."
    )


def _tell(proof: Proof, receipt: Mapping[str, Any] | None, stored: Path | None) -> None:
    checkpoint = proof.issued.checkpoint
    where = f"{checkpoint.origin} of {checkpoint.size} records with the root {encode_base64(checkpoint.root)}"
    if isinstance(proof, Inclusion):
        click.echo(printable(f"Verified: record {proof.index} is in {where}."))
    else:
        click.echo(printable(f"Verified: {where} begins with the {proof.old} records of the older checkpoint."))
    for name in _SHOWN:
        if receipt and receipt.get(name) is not None:
            click.echo(printable(f"{name.replace('_', ' '):<14} {receipt[name]}").replace("\n", "\\n"))
    if stored is not None:
        click.echo(printable(f"Verified: {stored} holds the bytes of this receipt."))
    for key in proof.issued.signers:
        click.echo(f"Signed by {key.encode()}.")


def _whose(issued: Issued) -> str:
    if issued.signers:
        return (
            "The signing key is named by the file itself: compare it with the one you were given, or use --key."
        )
    return "The checkpoint is not signed: compare its root with a checkpoint you trust, or use --checkpoint."
