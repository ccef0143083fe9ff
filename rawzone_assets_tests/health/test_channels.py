"""Channels: nobody at the other end holds up whoever sends, and what does not work is called what it is."""

import contextlib
import socket
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from rawzone_assets.health import channels
from rawzone_assets.health.alert_kinds import Severity
from rawzone_assets.health.channels import ping, send
from rawzone_assets.health.notices import Event, Notice
from rawzone_assets_tests.receiver import receiver

LETTER = Notice(
    id="n1",
    event=Event.DIGEST,
    at=datetime(2026, 1, 1, tzinfo=UTC),
    severity=Severity.WARNING,
    title="t",
    text="x",
)
DRIPS = {
    "no byte": b"",
    "a header that never ends": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "a body that never ends": b"HTTP/1.1 500 No\r\nContent-Length: 100000\r\n\r\n",
}


@contextlib.contextmanager
def serving(answer):
    """The port of a server that gives each connection to ``answer``."""
    over = threading.Event()

    def serve():
        with contextlib.suppress(OSError):
            while True:
                connection, _ = server.accept()
                threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection):
        with connection, contextlib.suppress(OSError):
            connection.recv(1 << 16)
            answer(connection, over)

    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]
        over.set()


def test_an_address_that_speaks_something_else_is_said_to():
    with serving(lambda connection, _: connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")) as port:
        assert ping(f"http://127.0.0.1:{port}") == "the answer is not HTTP"


def test_without_the_package_that_sends_its_name_is_told(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    problem = send("json", "json://127.0.0.1/s3cr3t", LETTER)
    assert "need the package 'apprise'" in problem
    assert "s3cr3t" not in problem


def test_a_process_that_fails_tells_nothing_but_that(monkeypatch, capfd):
    """Its traceback could show an address."""
    monkeypatch.setattr(channels, "_WORKER", "rawzone_assets.health.nothing")
    assert ping("http://127.0.0.1/s3cr3t") == "the process that sends ended with code 1 and no answer"
    assert capfd.readouterr() == ("", "")


def test_a_process_that_cannot_be_started_is_told(monkeypatch):
    monkeypatch.setattr(channels, "command_of", lambda _: ["/nowhere/python"])
    assert "Cannot start the process that sends" in ping("http://127.0.0.1/s3cr3t")


def test_good_news_stands_in_a_log_that_nobody_configured(caplog):
    """Python drops what is below a warning then."""
    assert send("log", None, replace(LETTER, event=Event.RESOLVED)) is None
    assert [(record.levelname, record.message) for record in caplog.records] == [("WARNING", "t [n1]\nx")]


class TestSlowServices:
    """A service that gives a byte at a time keeps within the limit of every reading and never ends."""

    @pytest.fixture(params=DRIPS)
    def port(self, request):
        def drip(connection, over):
            connection.sendall(DRIPS[request.param])
            while request.param != "no byte" and not over.wait(0.2):
                connection.sendall(b"a")
            over.wait()

        with serving(drip) as port:
            yield port

    def test_a_message_takes_no_longer_than_it_may(self, port):
        pytest.importorskip("apprise")
        began = time.monotonic()
        problem = send("json", f"json://user:s3cr3t@127.0.0.1:{port}/s3cr3t", LETTER, within=3)
        assert time.monotonic() - began < 6
        assert problem == "it did not answer within 3 seconds"

    def test_nor_does_a_heartbeat(self, port):
        began = time.monotonic()
        problem = ping(f"http://127.0.0.1:{port}/s3cr3t", within=2)
        assert time.monotonic() - began < 5
        # An answer whose head is whole says all that is asked.
        assert problem in ("it did not answer within 2 seconds", "HTTP status 500")


class TestLongMessages:
    """A digest of many incidents is longer than most chats take, and was refused and tried again for ever."""

    def test_what_a_service_would_refuse_for_its_length_is_cut_and_keeps_its_id(self):
        long = replace(
            LETTER, text="\n".join(f"incident {number} is open since yesterday" for number in range(500))
        )
        with receiver() as received:
            chat = f"mmost://127.0.0.1:{received.port}/aaaaaaaaaaaaaaaaaaaaaaaa"
            assert send("mmost-1", chat, long) is None
        (message,) = received.messages
        assert 3000 < len(message["text"]) <= 4000
        assert "incident 9 is open" in message["text"]
        assert message["text"].endswith("tell all)\nMessage n1")

    def test_what_fits_is_sent_as_it_is(self):
        with receiver() as received:
            assert send("json-1", received.url, replace(LETTER, text="x" * 20_000)) is None
        assert received.messages[0]["message"] == "x" * 20_000 + "\nMessage n1"

    def test_an_address_may_ask_for_several_messages_instead(self):
        with receiver() as received:
            chat = f"mmost://127.0.0.1:{received.port}/aaaaaaaaaaaaaaaaaaaaaaaa?overflow=split"
            assert send("mmost-1", chat, replace(LETTER, text="x" * 5000)) is None
        assert len(received.messages) > 1
