"""Errors of who asks for an object: it is not known, not promoted, or its bytes cannot be given out."""

from __future__ import annotations

from rawzone_assets.zone.errors import RootAway, ZoneError


class UnknownObject(ZoneError):
    def __init__(self, wanted: str) -> None:
        super().__init__(
            f"Nothing in the ledger has the key, SHA-256, name or landing path {wanted!r}: "
            "'rawzone ls' and 'rawzone log' list what there is."
        )


class AmbiguousObject(ZoneError):
    def __init__(self, wanted: str, keys: tuple[str, ...]) -> None:
        shown = ", ".join(keys[:5])
        super().__init__(f"{wanted!r} means more than one object ({shown}): give the whole key.")


class NotPromoted(ZoneError):
    """Bytes were asked for that are not in raw."""

    def __init__(self, wanted: str, verdict: str) -> None:
        advice = {
            "quarantined": "'rawzone quarantine show' says why and where its copy lies",
            "unrecognized": "it was left in landing, and 'rawzone show' says why",
        }.get(verdict, "'rawzone show' says what became of it")
        super().__init__(f"{wanted!r} is {verdict}, so raw holds no object of it: {advice}.")


class ObjectUnreadable(ZoneError):
    """The bytes of an object that the ledger knows cannot be given out."""


class ObjectDamaged(ObjectUnreadable):
    def __init__(self, key: str, problem: str) -> None:
        super().__init__(
            f"The object {key} is damaged ({problem}), so none of its bytes are given out: "
            "'rawzone repair --dry-run' says whether it can be put back, and from where."
        )


class ObjectAway(ObjectUnreadable):
    """Bytes were asked for that lie on a disk that is not there: nothing is known of damage."""

    def __init__(self, key: str, away: RootAway) -> None:
        super().__init__(f"{key} cannot be read now, which is no damage: {away.state}")


class ObjectErased(ObjectUnreadable):
    """Bytes were asked for that were erased by law."""

    def __init__(self, key: str, day: str, reason: str, authority: str) -> None:
        super().__init__(
            f"{key} was erased by law on {day} (by authority of {authority}: {reason}), so its bytes are "
            "nowhere in this zone: its receipt and digest stay, 'rawzone show' tells them.",
        )
