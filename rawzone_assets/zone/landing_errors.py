"""Errors of landing and of what else files are taken from: what an operator must act on."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rawzone_assets.contract.wording import first_of
from rawzone_assets.zone.errors import MORE_FILES, ZoneError

_MOST_NAMED = 3


class LandingMissing(ZoneError):
    problem = "does not exist"
    remedy = "mount its disk, create it or set RAWZONE_LANDING to where extractors drop their files"

    def __init__(self, landing: Path, consequence: str = "", *, instead: str | None = None) -> None:
        """``instead`` says what lies in its place."""
        if instead:
            self.problem = f"is no folder (a {instead} lies in its place)"
        super().__init__(f"The landing folder {landing} {self.problem}{consequence}: {self.remedy}.")


class LandingAway(LandingMissing):
    """Landing is an empty folder where the disk of the extractors was: no sign that nothing came."""

    problem = "is empty, and what was read there before lay on another disk"
    remedy = "mount that disk; if landing was moved and emptied on purpose, put any file or folder into it"

    def __init__(self, landing: Path) -> None:
        super().__init__(landing, ", so nothing was looked for")


class PileMissing(ZoneError):
    def __init__(self, pile: Path) -> None:
        super().__init__(f"There is no folder {pile} to adopt files from: check the path.")


class PileNotApart(ZoneError):
    """What is to be adopted is the zone's own, or holds it."""

    def __init__(self, pile: Path, name: str, root: Path) -> None:
        super().__init__(
            f"{pile} and the zone's {name} folder {root} are one, or one lies in the other, so nothing is "
            "adopted: name a folder of old files that has nothing of this zone in it."
        )


class UnreadableLanding(ZoneError):
    """Some landed files could not be read; all others were dealt with."""

    def __init__(self, paths: tuple[str, ...], reasons: Iterable[str]) -> None:
        told = list(dict.fromkeys(reasons))
        helps = {
            os.strerror(errno.EMFILE).lower(): MORE_FILES,
            os.strerror(errno.EACCES).lower(): "give this user read access",
            os.strerror(errno.EPERM).lower(): "give this user read access",
        }
        advice = " and ".join(dict.fromkeys(helps.get(reason.lower(), "see to its disk") for reason in told))
        super().__init__(
            f"Could not read {first_of(paths, _MOST_NAMED)} in landing ({'; '.join(told)}): {advice}, "
            "then run the command again; every other file was dealt with."
        )


class UnlistedLanding(ZoneError):
    """What lies in some folders of landing could not be seen; all else was dealt with."""

    def __init__(self, folders: Sequence[str]) -> None:
        super().__init__(
            f"Could not list {first_of(folders, _MOST_NAMED)} in landing: see to the disk or give this user "
            "read access, then run the command again; every other folder was dealt with."
        )
