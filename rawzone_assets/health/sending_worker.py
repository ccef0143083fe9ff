"""The worker process that sends: one message to a service, or one ping, and then it ends.

Started by ``channels``, which ends it when it takes too long: a service that answers a byte a second keeps
within every time limit that the libraries below know. The address comes by standard input, since arguments are
anybody's to read. The libraries write addresses into their logs and errors, so they are silenced, and of what
they say only the number of an HTTP status is passed on.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import json
import logging
import re
import sys
import urllib.error
import urllib.request
import warnings
from collections.abc import Iterator, Mapping

_TALKATIVE = ("apprise", "urllib3", "urllib3.connectionpool", "requests", "requests_oauthlib")
_STATUS = re.compile(r"\berror=(\d{3})\b")
_CUT = "… (cut off; 'rawzone alerts ls' and 'rawzone alerts show' tell all)"
_MARGIN = 64  # characters that a service's own form of a title may take beside it
_PATIENCE = 10.0  # seconds for each step of a ping


def ping(url: str) -> str | None:
    """Fetch an address; why it could not be, or ``None``."""
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


def to_service(url: str, *, title: str, body: str, severity: str) -> str | None:
    """Send a message; why it was not taken, or ``None``."""
    import apprise  # noqa: PLC0415  half a second that a ping need not cost

    with _silence() as said:
        service = apprise.Apprise.instantiate(url, suppress_exceptions=True)
        if service is None:
            return "Apprise does not know this kind of address"
        if "overflow=" not in url:  # else the address says what is to become of what is too long
            # A service refuses what is too long each time it is tried, and all that waits behind it.
            body = _cut(body, service.body_maxlen - len(title) - _MARGIN)
            service.overflow_mode = apprise.OverflowMode.TRUNCATE
        taken = service.notify(title=title, body=body, notify_type=_types(apprise)[severity])
    if taken:
        return None
    status = _STATUS.search(said.getvalue())
    return f"it answered with HTTP status {status[1]}" if status else "it could not be reached"


def _cut(body: str, most: int) -> str:
    """A body that a service takes: of one that is too long its beginning, and its last line, its id."""
    if len(body) <= most:
        return body
    text, _, identity = body.rpartition("\n")
    end = f"\n{_CUT}\n{identity}"
    return text[: max(most - len(end), 0)].rpartition("\n")[0] + end


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
    """What the libraries say while sending."""
    said = io.StringIO()
    for name in _TALKATIVE:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [logging.StreamHandler(said)], False
        logger.setLevel(logging.WARNING)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # Apprise loads all its services
        yield said


def main() -> None:
    order = json.load(sys.stdin)
    with contextlib.redirect_stdout(sys.stderr):  # whatever a plugin prints is no answer
        problem = to_service(**order["message"]) if "message" in order else ping(order["ping"])
    json.dump({"problem": problem}, sys.stdout)


if __name__ == "__main__":
    main()
