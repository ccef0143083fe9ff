"""``rawzone erase``: remove bytes that the law wants gone. Shown first, done with the code that confirms it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from rawzone_assets.access.reading import resolve
from rawzone_assets.commands.hold import authority_option, by_option, reason_option
from rawzone_assets.commands.surroundings import (
    FAILED,
    FINE,
    emit,
    home_option,
    json_option,
    leave,
    note,
    open_settings_of_a_zone,
    printable,
)
from rawzone_assets.contract.wording import counted, first_of, readable_size
from rawzone_assets.health.erasure import Erased, Erasing, Target, erase, plan_erasure
from rawzone_assets.zone.object_errors import AmbiguousObject, NotPromoted
from rawzone_assets.zone.receipt import Receipt, Verdict
from rawzone_assets.zone.zone import Zone, person

_MOST_NAMED = 5


@click.command(name="erase", short_help="Remove bytes that the law wants gone, everywhere in the zone.")
@click.argument("wanted", nargs=-1, required=True, metavar="KEY...")
@reason_option
@authority_option
@by_option
@click.option("--confirm", metavar="CODE", help="Do it: the code that the same call without it has printed.")
@home_option
@json_option
def command(
    *,
    wanted: tuple[str, ...],
    reason: str,
    authority: str,
    by: str | None,
    confirm: str | None,
    as_json: bool,
) -> None:
    """Remove bytes that the law wants gone: from raw, archive, quarantine, evidence, columns and cache.

    KEY is a key, a SHA-256, a stored name or a landing path. Whatever has the same bytes goes with it, under
    every key. Without --confirm it only says what would go, and prints the code that confirms exactly that. The
    ledger keeps digest, reason and authority, and still verifies. There is no way back.
    """
    with Zone(open_settings_of_a_zone()) as zone:
        zone.recover()  # an erasure that a crash cut off is finished first
        zone.index.catch_up()
        digests = [_digest(zone, name) for name in wanted]
        plan = plan_erasure(zone, digests, reason=reason, authority=authority)
        done: Erased | None = None
        if confirm and plan.targets:
            done = erase(
                zone,
                digests,
                code=confirm,
                reason=reason,
                authority=authority,
                by=by or person(),
            )
    if as_json:
        _emit(plan, done)
    else:
        for line in _lines(plan, done):
            click.echo(printable(line))
    for sentence in _notes(plan, done):
        note(sentence)
    leave(FAILED if done and done.left else FINE)


def _digest(zone: Zone, wanted: str) -> str:
    """The SHA-256 of the one content that a name means."""
    receipts = [entry.receipt for entry in resolve(zone, wanted)]
    digests = {receipt.sha256 for receipt in receipts if receipt.sha256}
    if not digests:
        raise NotPromoted(wanted, str(receipts[-1].verdict))
    if len(digests) > 1:
        raise AmbiguousObject(wanted, tuple(dict.fromkeys(_name(receipt) for receipt in receipts)))
    return digests.pop()


def _name(receipt: Receipt) -> str:
    return receipt.key or receipt.landing_path


def _lines(plan: Erasing, done: Erased | None) -> Iterator[str]:
    for one in plan.already:
        yield f"{one.place}: erased already, in commit {one.seq}, by authority of {one.record['authority']}"
    if not plan.targets:
        return
    yield "Erased:" if done else "These bytes would be erased:"
    for target in plan.targets:
        yield f"  {target.place}  ({readable_size(target.receipt.size or 0)}, {_said(target)})"
        yield from (f"    {path}" for path in target.paths)
    again = [receipt for receipt in plan.deliveries if receipt.verdict is Verdict.DUPLICATE]
    if again:
        yield f"  with them, {counted(len(again), 'name')} under which the same bytes can be read:"
        yield from (f"    {receipt.feed} {receipt.partition} {receipt.name}" for receipt in again)
    if plan.projected:
        yield f"  and {counted(len(plan.projected), 'day')} of columns, projected again without them:"
        yield from (f"    {path}" for path in plan.projected)


def _said(target: Target) -> str:
    receipt = target.receipt
    back = f", there again although erased in commit {target.erased.seq}" if target.erased else ""
    return f"{receipt.feed} of {receipt.partition}, SHA-256 {receipt.sha256}{back}"


def _notes(plan: Erasing, done: Erased | None) -> Iterator[str]:
    if plan.elsewhere:
        shown = first_of(_texts(plan.elsewhere), _MOST_NAMED)
        verb = "holds" if len(plan.elsewhere) == 1 else "hold"
        yield (
            f"{shown} still {verb} these bytes: landing and adopted folders are not ours to "
            "change, so remove them there. If they are delivered again, they are recorded as RZ-ERASED-BY-LAW "
            "and not stored."
        )
    if plan.targets:
        yield "Exports, backups, snapshots and other readers' caches are out of our reach: see to them."
    if done and done.left:
        yield f"{done.left[0]} is recorded as erased and still there: give the same call without --confirm."
    elif done and done.seq is None:
        yield "What had come back is gone again; the ledger's record of its erasure stays as it was."
    elif done:
        yield f"It is recorded in commit {done.seq}; digest, reason and authority stay in the ledger."
    elif plan.targets:
        yield f"Nothing was erased. To do it, give the same call --confirm {plan.code}"
    elif plan.already:
        yield "There is nothing left to erase."


def _emit(plan: Erasing, done: Erased | None) -> None:
    for target in plan.targets:
        receipt = target.receipt
        emit(
            {
                "record": "erasure",
                "state": "erased" if done else "planned",
                "place": target.place,
                "key": target.key,
                "feed": receipt.feed,
                "partition": receipt.partition,
                "sha256": receipt.sha256,
                "size": receipt.size,
                "paths": _texts(target.paths),
            }
        )
    for one in plan.already:
        emit({**one.record, "record": "erasure", "state": "already", "seq": one.seq})
    emit(
        {
            "record": "summary",
            "confirmed": done is not None,
            "code": plan.code if plan.targets and not done else None,
            "seq": done.seq if done else None,
            "targets": len(plan.targets),
            "already": len(plan.already),
            "duplicates": sum(receipt.verdict is Verdict.DUPLICATE for receipt in plan.deliveries),
            "projected": _texts(plan.projected),
            "elsewhere": _texts(plan.elsewhere),
            "left": _texts(done.left) if done else [],
        }
    )


def _texts(paths: Sequence[Path]) -> list[str]:
    return [str(path) for path in paths]
