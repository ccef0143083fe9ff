"""Settings: where the zone is and how it behaves, read once from the environment (DESIGN section 4)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import urlsplit

from rawzone_assets.contract.modes import Secrets
from rawzone_assets.contract.policy import Policy, PolicyError, policy_from
from rawzone_assets.zone.compression import Compression
from rawzone_assets.zone.layout import Layout
from rawzone_assets.zone.notes import is_key_name
from rawzone_assets.zone.setting_errors import BadPolicy, BadSetting, NotAPath, UnwritablePath

DEFAULT_SETTLE = 30.0
DEFAULT_RESERVE = 64 * 2**20
DEFAULT_SCRUB_WINDOW = 30.0
DEFAULT_SCRUB_BUDGET = 1800.0
DEFAULT_CACHE_SIZE = 10 * 2**30
EXECUTORS = ("in_process", "multiprocess")
_TRUTHS = {"1": True, "true": True, "yes": True, "on": True} | dict.fromkeys(("0", "false", "no", "off"), False)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything about a zone that a user can set."""

    home: Path
    layout: Layout
    settle: float = DEFAULT_SETTLE  # seconds a landed file must have kept still
    reserve: int = DEFAULT_RESERVE  # bytes that promotion leaves free on the disk
    compression: Compression = Compression.SMALL  # how what is promoted from now on is stored
    scrub_window: float = DEFAULT_SCRUB_WINDOW  # days within which every stored byte is to be re-read
    scrub_budget: float = DEFAULT_SCRUB_BUDGET  # seconds that a session of the rolling scrub may read
    immutable: bool = False  # published files get the flag that guards them against their own owner
    start: date | None = None  # overrides every feed's first partition
    executor: str = EXECUTORS[0]  # of Dagster's runs; another process a step costs 1.5 CPU seconds
    cache: Path | None = None  # where readers keep copies of what they read
    cache_size: int = DEFAULT_CACHE_SIZE  # bytes that these may take together
    origin: str | None = None  # the name under which this zone hands out checkpoints
    signing_key: Path | None = None  # the file of the key that signs them
    openlineage: str | None = field(
        default=None, repr=False
    )  # where runs are told: a file, or a URL with secrets
    policy: Policy = field(default_factory=Policy)  # what this installation changes in its feeds' contracts

    @classmethod
    def from_environment(cls, environment: Mapping[str, str], *, home: Path | None = None) -> Settings:
        """Read the ``RAWZONE_*`` variables. ``home`` stands above ``RAWZONE_HOME``.

        Raises:
            ZoneError: A variable has a value that cannot be used.
        """
        base, layout = places_from(environment, home=home)
        return cls(
            home=base,
            layout=layout,
            settle=_number(environment, "RAWZONE_SETTLE", DEFAULT_SETTLE),
            reserve=int(_number(environment, "RAWZONE_RESERVE", DEFAULT_RESERVE)),
            compression=_compression(environment, "RAWZONE_COMPRESSION"),
            scrub_window=_number(environment, "RAWZONE_SCRUB_WINDOW", DEFAULT_SCRUB_WINDOW),
            scrub_budget=_number(environment, "RAWZONE_SCRUB_BUDGET", DEFAULT_SCRUB_BUDGET),
            immutable=_truth(environment, "RAWZONE_IMMUTABLE"),
            start=_day(environment, "RAWZONE_START"),
            executor=_choice(environment, "RAWZONE_EXECUTOR", EXECUTORS),
            cache=_file(environment, "RAWZONE_CACHE"),
            cache_size=int(_number(environment, "RAWZONE_CACHE_SIZE", DEFAULT_CACHE_SIZE)),
            origin=_origin(environment, "RAWZONE_ORIGIN"),
            signing_key=_file(environment, "RAWZONE_SIGNING_KEY"),
            openlineage=_receiver(environment, "RAWZONE_OPENLINEAGE"),
            policy=_policy(environment, base / "policy.toml"),
        )


def places_from(environment: Mapping[str, str], *, home: Path | None = None) -> tuple[Path, Layout]:
    """Where the zone is: that can be known although something else of its settings cannot be used.

    Raises:
        ZoneError: A variable that names a place cannot be used.
    """
    base = home or _path("RAWZONE_HOME", environment.get("RAWZONE_HOME") or "data")
    base = base.absolute()

    def root(name: str) -> Path:
        variable = f"RAWZONE_{name.upper()}"
        value = environment.get(variable)
        return _path(variable, value).absolute() if value else base / name

    layout = Layout(
        landing=root("landing"),
        raw=root("raw"),
        quarantine=root("quarantine"),
        archive=root("archive"),
        state=root("state"),
        columnar_apart=root("columnar") if environment.get("RAWZONE_COLUMNAR") else None,
    )
    for path in (base, *(root for root in vars(layout).values() if root)):
        _check_text(path)
    return base, layout


def _check_text(path: Path) -> None:
    try:
        str(path).encode()
    except UnicodeEncodeError:
        raise UnwritablePath(path) from None


def _path(variable: str, value: str) -> Path:
    if "://" in value:
        raise NotAPath(variable, value)
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise BadSetting(variable, value, "a path below the home of a user whom this machine knows") from None


def _number(environment: Mapping[str, str], variable: str, default: float) -> float:
    value = environment.get(variable)
    if not value:
        return default
    try:
        number = float(value)
    except ValueError:
        raise BadSetting(variable, value, "a number of 0 or more") from None
    if not 0 <= number < float("inf"):
        raise BadSetting(variable, value, "a number of 0 or more")
    return number


def _truth(environment: Mapping[str, str], variable: str) -> bool:
    value = environment.get(variable) or "0"
    if value.lower() not in _TRUTHS:
        raise BadSetting(variable, value, "1 or 0")
    return _TRUTHS[value.lower()]


def _compression(environment: Mapping[str, str], variable: str) -> Compression:
    compression = Compression(_choice(environment, variable, tuple(Compression)))
    compression.require()  # else a promotion would stop in its midst
    return compression


def _day(environment: Mapping[str, str], variable: str) -> date | None:
    value = environment.get(variable)
    if not value:
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise BadSetting(variable, value, "a day of the form YYYY-MM-DD") from None


def _choice(environment: Mapping[str, str], variable: str, choices: Sequence[str]) -> str:
    """One of these; the first where none is stated."""
    value = environment.get(variable) or choices[0]
    if value not in choices:
        raise BadSetting(variable, value, " or ".join(choices))
    return value


def _file(environment: Mapping[str, str], variable: str) -> Path | None:
    value = environment.get(variable)
    return _path(variable, value).absolute() if value else None


def _origin(environment: Mapping[str, str], variable: str) -> str | None:
    value = environment.get(variable)
    if value and not is_key_name(value):
        raise BadSetting(variable, value, "a name without spaces and plus, such as label.example/rawzone")
    return value or None


def _receiver(environment: Mapping[str, str], variable: str) -> str | None:
    """A file, or an http(s) address, which is not told again: it may hold a secret."""
    value = environment.get(variable)
    if not value:
        return None
    scheme, is_url, _ = value.partition("://")
    if not is_url:
        return str(_path(variable, value).absolute())
    if scheme.lower() not in ("http", "https") or not _host_in(value):
        raise BadSetting(variable, f"{scheme}://…", "the path of a file or an http(s) address")
    return value


def _host_in(address: str) -> str | None:
    try:
        return urlsplit(address).hostname
    except ValueError:
        return None


def _policy(environment: Mapping[str, str], usual: Path) -> Policy:
    """The zone's ``policy.toml`` or the file ``RAWZONE_POLICY`` names; ``RAWZONE_SECRETS`` stands above it."""
    named = environment.get("RAWZONE_POLICY")
    path = _path("RAWZONE_POLICY", named).absolute() if named else usual
    policy = Policy()
    try:
        if not named and path.exists() and not path.is_file():
            raise BadPolicy(path, "it is no file")  # a pipe would be waited for without end
        policy = policy_from(tomllib.loads(path.read_text(encoding="utf-8")))
    except (FileNotFoundError, NotADirectoryError):  # a home that is no folder is for others to tell
        if named:
            raise BadPolicy(path, "there is no such file") from None
    except OSError as error:
        raise BadPolicy(path, (error.strerror or str(error)).lower()) from None
    except (PolicyError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadPolicy(path, str(error)) from None
    if not environment.get("RAWZONE_SECRETS"):
        return policy
    return policy.with_secrets(Secrets(_choice(environment, "RAWZONE_SECRETS", tuple(Secrets))))
