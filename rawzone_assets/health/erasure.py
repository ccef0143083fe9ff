"""Erasure by law: what would go, bound to a code that confirms it, and the carrying out.

Bytes are erased, not names: whatever the zone holds of the same content goes, under every key, feed and
refusal. What goes is said first; the code that confirms it stands for exactly that, as the ledger had it then.
Removing is ``zone.erasing``'s.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rawzone_assets.health.holds import HoldOver
from rawzone_assets.zone import codec, erasing, upkeep
from rawzone_assets.zone.custody import erased_record, form_of
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.index_custody import Erasure
from rawzone_assets.zone.local_files import LocalFiles
from rawzone_assets.zone.presence import require_present
from rawzone_assets.zone.receipt import Receipt, Record, Verdict
from rawzone_assets.zone.zone import Zone

_CODE_DIGITS = 16


class NotConfirmed(ZoneError):
    """The code does not stand for what would go now. Nothing was erased."""

    def __init__(self, code: str) -> None:
        super().__init__(
            f"{code!r} does not confirm what would be erased now (another key, reason or authority, or the "
            "zone holds other copies since), so nothing was erased: look again, without --confirm."
        )


class ErasureUnfinished(ZoneError):
    """The ledger says that bytes are erased, and a disk did not let go of them."""

    def __init__(self, seq: int, path: Path, failed: StorageFailed) -> None:
        cause = failed.__cause__
        why = (cause.strerror if isinstance(cause, OSError) else None) or "its disk refused"
        super().__init__(
            f"It is recorded in commit {seq} as erased, and {path} is still there ({why.lower()}): see to its "
            "disk, then give the same call without --confirm, which removes it and names whatever is left."
        )


@dataclass(frozen=True, kw_only=True)
class Target:
    """One place that is to be erased: an object with its archive copy, or a refused copy.

    With ``erased`` the ledger says already that it was: a backup, or a disk that was away, has brought it back.
    """

    place: str
    receipt: Receipt
    paths: tuple[Path, ...]  # that are there
    erased: Erasure | None = None

    @property
    def key(self) -> str | None:
        return self.receipt.key if self.receipt.verdict is Verdict.PROMOTED else None

    def record(self, *, reason: str, authority: str, by: str) -> Record:
        owner = {"feed": self.receipt.feed, "partition": self.receipt.partition, "key": self.key}
        return erased_record(
            owner=owner,
            form=form_of(self.receipt),
            place=self.place,
            reason=reason,
            authority=authority,
            by=by,
        )


@dataclass(frozen=True, kw_only=True)
class Erasing:
    """What would be erased of some content, and what of it lies where the zone removes nothing."""

    digests: tuple[str, ...]
    targets: tuple[Target, ...]
    deliveries: tuple[Receipt, ...]  # every receipt of these bytes
    projected: tuple[Path, ...]  # days of the columnar projection that go, and are projected again without it
    elsewhere: tuple[Path, ...]  # landed or adopted files that still hold the bytes
    already: tuple[Erasure, ...]
    code: str


@dataclass(kw_only=True)
class Erased:
    """What an erasure came to."""

    erased: list[Target] = field(default_factory=list)
    seq: int | None = None  # the commit that says so
    left: list[Path] = field(default_factory=list)  # recorded as erased and still there


def plan_erasure(zone: Zone, digests: Iterable[str], *, reason: str, authority: str) -> Erasing:
    """What would go. The index has caught up.

    Raises:
        HoldOver: A hold stands over some of it.
        RootAway: Some of it lies on a disk that is not there.
        StorageFailed: The disk does not say what is there.
    """
    try:
        return _plan(zone, digests, reason=reason, authority=authority)
    except OSError as error:
        raise StorageFailed("look at what is to be erased", error) from error


def _plan(zone: Zone, digests: Iterable[str], *, reason: str, authority: str) -> Erasing:
    wanted = tuple(sorted(set(digests)))
    receipts = [e.receipt for digest in wanted for e in zone.index.find(digest) if e.receipt.sha256 == digest]
    already = tuple(one for digest in wanted for one in zone.index.custody.erasures(sha256=digest))
    gone = {one.place: one for one in already}
    found = [target for receipt in receipts if (target := _target(zone, receipt, gone))]
    targets = [target for target in found if target.erased is None or target.paths]
    _refuse_held(zone, targets)
    _require_roots(zone, targets)
    keys = [target.key for target in targets if target.key]
    projected = [
        path
        for key in keys
        for _, days in erasing.projected_days(zone.files, zone.layout, zone.index, key)
        for path in days
    ]
    return Erasing(
        digests=wanted,
        targets=tuple(targets),
        deliveries=tuple(receipts),
        projected=tuple(dict.fromkeys(projected)),
        elsewhere=tuple(_elsewhere(zone, receipts)),
        already=already,
        code=_code(zone, zone.index.head.seq, targets, reason=reason, authority=authority),
    )


def erase(
    zone: Zone,
    digests: Iterable[str],
    *,
    code: str,
    reason: str,
    authority: str,
    by: str,
    run_id: str = "erase",
) -> Erased:
    """Record and remove what :func:`plan_erasure` showed, if ``code`` still stands for exactly that.

    Raises:
        NotConfirmed: It does not; nothing was erased.
        HoldOver: A hold stands over some of it; nothing was erased.
        ErasureUnfinished: It is recorded, and not all of it is gone.
        ZoneError: The environment failed.
    """
    wanted = tuple(digests)
    planned: list[Target] = []

    def records() -> list[Record]:
        plan = plan_erasure(zone, wanted, reason=reason, authority=authority)
        if not plan.targets:
            return []
        if not _confirms(zone, code, plan.targets, reason=reason, authority=authority):
            raise NotConfirmed(code)
        paths = [path for target in plan.targets for path in target.paths]
        try:
            erasing.require_erasable(zone.files, paths, zone.layout.staging)
        except OSError as error:
            raise StorageFailed("erase", error) from error
        planned[:] = plan.targets
        new = [target for target in plan.targets if target.erased is None]
        return [target.record(reason=reason, authority=authority, by=by) for target in new]

    publisher = zone.publisher(run_id)
    try:
        with publisher.batch(quarantine=False) as batch:
            commit = publisher.erase(batch, records)
        publisher.erase_again([target.erased.record for target in planned if target.erased])
    except StorageFailed as failed:
        left = [path for target in planned for path in target.paths if _is_there(zone, path)]
        seq = _recorded(zone, planned)
        if seq is not None and left:
            raise ErasureUnfinished(seq, left[0], failed) from failed
        raise
    except OSError as error:
        raise StorageFailed("erase", error) from error
    left = [path for target in planned for path in target.paths if _is_there(zone, path)]
    return Erased(erased=planned, seq=commit.seq if commit else None, left=left)


def _recorded(zone: Zone, planned: Sequence[Target]) -> int | None:
    """The commit that says of what was planned that it is erased, if it got that far."""
    try:
        zone.index.catch_up()
    except OSError:
        return None  # nobody can say so
    gone = (one for target in planned for one in zone.index.custody.erasures(place=target.place))
    return next((one.seq for one in gone), None)


def _is_there(zone: Zone, path: Path) -> bool:
    try:
        return zone.files.status(path) is not None
    except OSError:
        return True  # nobody can say that it is gone


def _target(zone: Zone, receipt: Receipt, gone: Mapping[str, Erasure]) -> Target | None:
    if receipt.verdict is Verdict.PROMOTED and receipt.key:
        place = f"{upkeep.RAW}/{receipt.key}"
    elif receipt.quarantine:
        place = f"{upkeep.QUARANTINE}/{receipt.quarantine['path']}"
    else:
        return None
    paths = erasing.places_of(zone.layout, zone.index, place)
    there = tuple(path for path in paths if zone.files.status(path) is not None)
    return Target(place=place, receipt=receipt, paths=there, erased=gone.get(place))


def _refuse_held(zone: Zone, targets: Sequence[Target]) -> None:
    active = zone.index.holds.in_force()
    for target in targets if active else ():
        feed, day = target.receipt.feed or "", target.receipt.partition or ""
        days = (zone.index.custody.span(target.key) if target.key else None) or (day, day)
        over = [hold for hold in active if hold.covers(feed, days)]
        if over:
            raise HoldOver(target.key or target.place, over)


def _require_roots(zone: Zone, targets: Sequence[Target]) -> None:
    """See to it that no copy lies on a disk that is away: it would be called erased, and come back with it."""
    layout = zone.layout
    for target in targets:
        missing = set(erasing.places_of(layout, zone.index, target.place)) - set(target.paths)
        if any(path.is_relative_to(layout.quarantine) for path in missing):
            require_present(zone.files, upkeep.QUARANTINE, layout.quarantine)
        copied = target.key is not None and zone.index.custody.of(target.key).has_archive_copy
        if copied and any(path.is_relative_to(layout.archive) for path in missing):
            require_present(zone.files, upkeep.ARCHIVE, layout.archive)


def _code(zone: Zone, seq: int, targets: Sequence[Target], *, reason: str, authority: str) -> str:
    """Bound to the ledger as it was at commit ``seq``, to what goes, and to what is said of it.

    Commits that change nothing of that may follow: a zone in use would otherwise never confirm anything.
    """
    commit = zone.ledger.commit(seq)
    said = [commit.sha256 if commit else "", *sorted(t.place for t in targets), reason, authority]
    return f"{seq}-{hashlib.sha256(chr(0).join(said).encode()).hexdigest()[:_CODE_DIGITS]}"


def _confirms(zone: Zone, code: str, targets: Sequence[Target], *, reason: str, authority: str) -> bool:
    seq, _, _ = code.partition("-")
    if not seq.isdecimal() or len(seq) > 18 or int(seq) > zone.index.head.seq:
        return False
    return code == _code(zone, int(seq), targets, reason=reason, authority=authority)


def _elsewhere(zone: Zone, receipts: Iterable[Receipt]) -> list[Path]:
    """Files in landing, or in piles that were adopted, that still hold bytes of these receipts."""
    found: dict[Path, None] = {}
    for receipt in receipts:
        told = receipt.landing_path
        if receipt.landing_path_bytes:
            told = bytes.fromhex(receipt.landing_path_bytes).decode(errors="surrogateescape")
        path = zone.layout.landing / told
        if path not in found and _holds(path, receipt):
            found[path] = None
    return list(found)


def _holds(path: Path, receipt: Receipt) -> bool:
    """Whether a file outside of our folders still holds the bytes that came from it."""
    packed = (receipt.adopted or {}).get("packed_sha256")
    try:
        with LocalFiles().open(path) as stream:
            return codec.digest_of(codec.blocks_of(stream)) in (receipt.sha256, packed)
    except OSError:
        return False
