"""Channels: how a letter leaves this machine. Apprise for every service, the log where no address is given.

What speaks to a service is a process of its own, ended when its time is over. A thread could not be, and
whoever answers a byte a second would hold up a sensor's tick for as long as he likes.
"""

from __future__ import annotations

import importlib.util
import json
import logging
import subprocess
from typing import Any

from rawzone_assets.health.alert_settings import DRY_RUN
from rawzone_assets.health.notices import Notice
from rawzone_assets.health.outbox import severity_word
from rawzone_assets.zone.errors import StorageFailed, ZoneError
from rawzone_assets.zone.own_processes import command_of, environment_with

LOGGER = "rawzone.alerts"
SENDING_SECONDS = 20.0
"""How long a service may take for one message: mail servers are slow on purpose."""
PING_SECONDS = 10.0
_WORKER = "rawzone_assets.health.sending_worker"


class AppriseMissing(ZoneError):
    def __init__(self) -> None:
        super().__init__(
            "Alerts to RAWZONE_ALERT_URLS need the package 'apprise', which is not installed: run "
            "'pip install rawzone[alerts]', or unset RAWZONE_ALERT_URLS to have them in the log."
        )


def send(name: str, url: str | None, letter: Notice, *, within: float = SENDING_SECONDS) -> str | None:
    """Send a letter; why it was not taken within so many seconds, in a few words, or ``None``."""
    if url is None:
        _to_log(letter, dry=name == DRY_RUN)
        return None
    if importlib.util.find_spec("apprise") is None:
        return str(AppriseMissing())
    message = {
        "url": url,
        "title": letter.title,
        "body": f"{letter.text}\nMessage {letter.id}",
        "severity": severity_word(letter),
    }
    return _by_process({"message": message}, within=within)


def ping(url: str, *, within: float = PING_SECONDS) -> str | None:
    """Tell the dead man's switch that alerts work; why it could not be told, or ``None``."""
    return _by_process({"ping": url}, within=within)


def _by_process(order: dict[str, Any], *, within: float) -> str | None:
    try:
        done = subprocess.run(
            command_of(_WORKER),
            input=json.dumps(order).encode(),
            env=environment_with({}),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a traceback could show an address
            timeout=within,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"it did not answer within {within:g} seconds"
    except OSError as error:
        return str(StorageFailed("start the process that sends", error))
    try:
        problem: str | None = json.loads(done.stdout)["problem"]
    except ValueError:
        return f"the process that sends ended with code {done.returncode} and no answer"
    return problem


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
