"""Channels: how a letter leaves this machine. Apprise for every service, the log where no address is given.

Nothing here is allowed to show an address: the libraries below write addresses into their logs and errors, so
they are silenced meanwhile, and of what they say only the number of an HTTP status is passed on.
"""

from __future__ import annotations

import contextlib
import io
import logging
import re
import warnings
from collections.abc import Iterator, Mapping

from rawzone_assets.health.alert_settings import DRY_RUN
from rawzone_assets.health.notices import Notice
from rawzone_assets.health.outbox import severity_word
from rawzone_assets.zone.errors import ZoneError

LOGGER = "rawzone.alerts"
_TALKATIVE = ("apprise", "urllib3", "urllib3.connectionpool", "requests", "requests_oauthlib")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_PATIENCE = 10.0  # seconds


class AppriseMissing(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "Alerts to RAWZONE_ALERT_URLS need the package 'apprise', which is not installed: run "
            "'pip install rawzone[alerts]', or unset RAWZONE_ALERT_URLS to have them in the log."
        )


def send(name: str, url: str | None, letter: Notice) -> str | None:
    """Send a letter; why it was not taken, in a few words, or ``None``."""
    if url is None:
        _to_log(letter, dry=name == DRY_RUN)
        return None
    try:
        return _to_service(url, letter)
    except AppriseMissing as missing:
        return str(missing)


def ping(url: str) -> str | None:
    """Tell the dead man's switch that alerts work; why it could not be told, or ``None``."""
    # Imported by whoever sends: definitions are loaded far more often, and HTTP takes a tenth of that.
    import http.client  # noqa: PLC0415
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    request = urllib.request.Request(url, headers={"User-Agent": "rawzone"})  # noqa: S310  settings allow http(s) only
    try:
        with urllib.request.urlopen(request, timeout=_PATIENCE):  # noqa: S310
            return None
    except urllib.error.HTTPError as error:
        return f"HTTP status {error.code}"
    except http.client.HTTPException:
        return "the answer is not HTTP"
    except (OSError, ValueError):
        return "it cannot be reached"


def _to_log(letter: Notice, *, dry: bool) -> None:
    levels = {"success": logging.INFO, "info": logging.INFO, "warning": logging.WARNING}
    level = levels.get(severity_word(letter), logging.ERROR)
    # Nobody configures a logger of ours, and Python drops what is below a warning then.
    logging.getLogger(LOGGER).log(
        max(level, logging.WARNING),
        "%s%s [%s]\n%s",
        "would send: " if dry else "",
        letter.title,
        letter.id,
        letter.text,
    )


def _to_service(url: str, letter: Notice) -> str | None:
    try:
        import apprise  # noqa: PLC0415  half a second that only a message needs to cost
    except ImportError:
        raise AppriseMissing from None
    with _silence() as said:
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            return "Apprise does not know this kind of address"
        taken = service.notify(
            title=letter.title,
            body=f"{letter.text}\nMessage {letter.id}",
            notify_type=_types(apprise)[severity_word(letter)],
        )
    if taken:
        return None
    status = _STATUS.search(said.getvalue())
    return f"it answered with HTTP status {status[1]}" if status else "it could not be reached"


def _types(apprise: object) -> Mapping[str, object]:
    kinds = apprise.NotifyType  # type: ignore[attr-defined]
    return {
        "success": kinds.SUCCESS,
        "info": kinds.INFO,
        "warning": kinds.WARNING,
        "error": kinds.FAILURE,
    }


@contextlib.contextmanager
def _silence() -> Iterator[io.StringIO]:
    """What the libraries say while sending, kept from every other handler."""
    said = io.StringIO()
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    handler = logging.StreamHandler(said)
    for logger in loggers:
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # Apprise loads all its services
            yield said
    finally:
        for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
            logger.handlers, logger.propagate = handlers, propagate
            logger.setLevel(level)
