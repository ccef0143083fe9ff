"""Errors of what a user sets: variables, the policy, keys, optional packages."""

from __future__ import annotations

import os
from pathlib import Path

from rawzone_assets.zone.errors import ZoneError


class NamesMisread(ZoneError):
    """This process reads names of files as something else than UTF-8, and the ledger keeps them for ever."""

    def __init__(self, encoding: str) -> None:
        super().__init__(
            f"Names of files are read as {encoding} here, so a delivery would be recorded by another name than "
            "it has: set PYTHONUTF8=1 in the environment of this process and start it again."
        )


class RootsNested(ZoneError):
    """Two of the zone's folders are one, or one lies in another."""

    def __init__(self, inner: str, inner_root: Path, outer: str, outer_root: Path) -> None:
        super().__init__(
            f"The {inner} folder {inner_root} lies in the {outer} folder {outer_root}, so one would be taken "
            f"for the other and nothing is read or written: set RAWZONE_{inner.upper()} to a folder of its own."
        )


class NotAPath(ZoneError):
    def __init__(self, variable: str, value: str) -> None:
        super().__init__(
            f"{variable} is set to {value}, but this version keeps its zone on local folders only: "
            "set it to a path."
        )


class UnwritablePath(ZoneError):
    """A root of the zone whose path is no text, so that neither JSON nor Dagster could name it."""

    def __init__(self, path: Path) -> None:
        shown = os.fsencode(path).decode(errors="backslashreplace")
        super().__init__(
            f"The path {shown} is not in UTF-8, so nothing could say where the zone lies: rename the folder, "
            "or name another one."
        )


class BadSetting(ZoneError):
    def __init__(self, variable: str, value: str, expected: str) -> None:
        super().__init__(f"{variable} is set to {value!r}, which is not {expected}: correct or unset it.")


class BadPolicy(ZoneError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"The policy {path} cannot be used ({problem}), so nothing is judged: correct it.")


class BadKey(ZoneError):
    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(
            f"The key file {path} cannot be used ({problem}): correct it, or make a new key with "
            "'rawzone key generate'."
        )


class KeyKept(ZoneError):
    def __init__(self, path: Path) -> None:
        super().__init__(f"{path} exists already, and a key is never overwritten: name another file.")


class SigningUnavailable(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "Signatures need the package 'cryptography', which is not installed: "
            "run 'pip install rawzone[signing]', or unset RAWZONE_SIGNING_KEY."
        )


class CompressionUnavailable(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "RAWZONE_COMPRESSION is set to fast, which needs the package 'isal', which is not installed: "
            "run 'pip install rawzone[fast]', or unset it."
        )


class OtherOrigin(ZoneError):
    def __init__(self, old: str, new: str) -> None:
        super().__init__(
            f"The checkpoint is of {old}, but the zone now hands out its checkpoints as {new}: "
            f"set RAWZONE_ORIGIN to {old} for a proof that leads on from it."
        )
