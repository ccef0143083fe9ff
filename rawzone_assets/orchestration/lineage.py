"""Lineage: what a promoting run tells OpenLineage: that it began, and how it ended. Off unless it is asked for.

A receiver must never hold up or fail a run: each event has a few seconds, after the first that is not taken
no other is tried, and the run's log has one warning. What events say is ``lineage_events``'s, which alone needs
the extra ``openlineage`` and is imported only here.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import dagster as dg

from rawzone_assets.contract.feed import Feed
from rawzone_assets.zone.receipt import Receipt
from rawzone_assets.zone.zone import Zone

if TYPE_CHECKING:
    from rawzone_assets.orchestration.lineage_events import RunFacts

PATIENCE = 3.0
"""Seconds that one event may take, however slowly its receiver answers. A run tells two."""

_LATE = "no answer in time"
_ENDPOINT = "/api/v1/lineage"  # where OpenLineage's own clients post to


@dataclass(kw_only=True)
class Ending:
    """What the run learns between its two events."""

    receipts: list[Receipt] | None = None  # nobody asks for them where nobody is told
    problem: str | None = None  # why it fails


@contextmanager
def lineage(
    context: dg.AssetExecutionContext, zone: Zone, feed: Feed, *, also_warn: Callable[[str], None] | None = None
) -> Iterator[Ending]:
    """Tell of the promotion inside: START, then COMPLETE, FAIL, or ABORT when it was interrupted.

    ``also_warn`` is told what the run's log warns of.
    """
    address = zone.settings.openlineage
    if address is None:
        yield Ending()
        return
    ending = Ending(receipts=[])
    teller = _Teller(context, zone, feed, address, also_warn)
    teller.tell("START", ending)
    try:
        yield ending
    except Exception as error:
        ending.problem = str(error) or type(error).__name__
        teller.tell("FAIL", ending)
        raise
    except BaseException:
        teller.tell("ABORT", ending)
        raise
    teller.tell("FAIL" if ending.problem else "COMPLETE", ending)


class _Teller:
    """Builds and delivers the events of one run; silent after its first failure."""

    def __init__(
        self,
        context: dg.AssetExecutionContext,
        zone: Zone,
        feed: Feed,
        address: str,
        also_warn: Callable[[str], None] | None,
    ) -> None:
        self._log = context.log
        self._also_warn = also_warn
        self._zone = zone
        self._feed = feed
        self._address = address
        self._facts: RunFacts | None = None
        try:
            from rawzone_assets.orchestration.lineage_events import run_facts  # noqa: PLC0415

            self._facts = run_facts(context, zone, feed)
        except ImportError:
            self._warn(
                "the package 'openlineage-python' is not installed", "run 'pip install rawzone[openlineage]'"
            )

    def tell(self, state: str, ending: Ending) -> None:
        if self._facts is None:
            return
        from rawzone_assets.orchestration.lineage_events import event_of  # noqa: PLC0415

        event = event_of(
            self._facts, self._zone, self._feed, state, receipts=ending.receipts or (), problem=ending.problem
        )
        problem = delivered(self._address, event)
        if problem:
            self._warn(f"{receiver_of(self._address)} did not take the event ({problem})", "see to it")
            self._facts = None

    def _warn(self, problem: str, remedy: str) -> None:
        sentence = (
            f"OpenLineage is not told of this run: {problem}; the run goes on. If lineage is wanted, {remedy}, "
            "else unset RAWZONE_OPENLINEAGE."
        )
        self._log.warning("%s", sentence)
        if self._also_warn:
            self._also_warn(sentence)


def receiver_of(address: str) -> str:
    """The receiver as logs may name it: anything beside scheme and host may be a secret."""
    if "://" not in address:
        return address
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.hostname or ''}"


def delivered(address: str, event: str) -> str | None:
    """Deliver one event within :data:`PATIENCE` seconds; why it was not taken, in a few words, or ``None``.

    In a thread of its own, as the limits that sockets and file systems know are limits of one step.
    """
    # Definitions are loaded far more often than a run is told of.
    import http.client  # noqa: PLC0415
    import urllib.error  # noqa: PLC0415

    problems: list[str] = []
    deliver = _post if "://" in address else _append

    def work() -> None:
        try:
            deliver(address, event)
        except urllib.error.HTTPError as error:
            problems.append(f"HTTP status {error.code}")
        except (http.client.InvalidURL, ValueError):  # the address is none; its text may hold a secret
            problems.append("it cannot be reached")
        except http.client.HTTPException:
            problems.append("the answer is not HTTP")
        except OSError as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            late = isinstance(reason, TimeoutError)
            text = _LATE if late else getattr(reason, "strerror", None) or "it cannot be reached"
            problems.append(text.lower())

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if thread.is_alive():
        return _LATE
    return problems[0] if problems else None


def _append(address: str, event: str) -> None:
    """One line at the file's end, in one write, so that lines of several runs do not mix.

    Raises:
        OSError: The disk took none of it, or a part.
    """
    line = f"{event}\n".encode()
    descriptor = os.open(address, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        if os.write(descriptor, line) < len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    finally:
        os.close(descriptor)


def _post(address: str, event: str) -> None:
    parts = urlsplit(address)
    host = parts.netloc.rpartition("@")[2]
    path = parts.path if parts.path.strip("/") else _ENDPOINT
    url = f"{parts.scheme}://{host}{path}" + (f"?{parts.query}" if parts.query else "")
    import urllib.request  # noqa: PLC0415  definitions are loaded far more often than a run is told of

    request = urllib.request.Request(  # noqa: S310  settings allow http(s) only
        url, data=event.encode(), headers={"Content-Type": "application/json", "User-Agent": "rawzone"}
    )
    if parts.username is not None:
        request.add_header("Authorization", _basic(parts.username, parts.password or ""))

    class Stays(urllib.request.HTTPRedirectHandler):
        """A redirected event would arrive empty, and its credentials at somebody else's."""

        def redirect_request(self, *_: object) -> None:
            return None

    with urllib.request.build_opener(Stays).open(request, timeout=PATIENCE):
        pass


def _basic(user: str, password: str) -> str:
    import base64  # noqa: PLC0415  of the few that need it

    return "Basic " + base64.b64encode(f"{unquote(user)}:{unquote(password)}".encode()).decode()
