"""A receiver of messages: a real HTTP server on loopback, which Apprise's ``json://`` posts to."""

from __future__ import annotations

import contextlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Receiver:
    """What came, in its order. ``status`` is what it answers; anything but 200 refuses the message."""

    status: int = 200
    messages: list[dict] = field(default_factory=list)
    pings: int = 0
    attempts: int = 0
    paths: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"json://user:s3cr3t-t0ken@127.0.0.1:{self.port}/hook/s3cr3t-t0ken"

    @property
    def heartbeat(self) -> str:
        return f"http://127.0.0.1:{self.port}/alive/s3cr3t-heartbeat"

    @property
    def titles(self) -> list[str]:
        return [message["title"] for message in self.messages]

    @property
    def ids(self) -> list[str]:
        return [message["message"].rpartition("Message ")[2].strip() for message in self.messages]


@contextlib.contextmanager
def receiver():
    taken = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken.attempts += 1
            taken.paths.append(self.path)
            taken.authorizations.append(self.headers["Authorization"])
            if taken.status == 200:
                taken.messages.append(json.loads(body))
            self.send_response(taken.status)
            self.end_headers()

        def do_GET(self):
            taken.pings += 1
            self.send_response(taken.status)
            self.end_headers()

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    taken.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
