"""A remote ``$ref`` is never fetched: neither engine opens a socket, whatever a schema refers to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from rawzone_assets.contract import schemas


class Listener:
    """A local server that notes whether anyone comes."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self.visitors = 0
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                visitor, _ = self._socket.accept()
            except OSError:
                return
            self.visitors += 1
            visitor.close()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listening = Listener()
    yield listening
    listening.close()


@pytest.fixture
def schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listener: Listener) -> Iterator[str]:
    """The name of a schema that refers to the listener, installed for this test only."""
    (tmp_path / "remote.v1.json").write_text(
        json.dumps(
            {
                "$schema": "https://json-schema.org/draft/2020-12/schema",
                "type": "object",
                "properties": {"a": {"$ref": f"http://127.0.0.1:{listener.port}/schema.json"}},
            }
        )
    )
    monkeypatch.setattr(schemas, "schema_folder", lambda: tmp_path)
    caches = (schemas.load_schema, schemas.deciding_engine, schemas.explaining_engine)
    yield "remote.v1.json"
    for cached in caches:
        cached.cache_clear()


def test_the_listener_would_notice(listener: Listener):
    with socket.create_connection(("127.0.0.1", listener.port), timeout=5) as visit:
        assert visit.recv(1) == b""
    assert listener.visitors == 1


def test_not_by_the_deciding_engine(schema: str, listener: Listener):
    """It refuses to compile such a schema: a fault of the contract, found before any delivery is judged."""
    with pytest.raises(Exception, match=r"(?i)resolv|refer|retriev|offline"):
        schemas.deciding_engine(schema).is_valid({"a": 1})
    assert listener.visitors == 0


def test_not_by_the_explaining_engine(schema: str, listener: Listener):
    with pytest.raises(Exception, match="Unresolvable"):
        schemas.explaining_engine(schema).is_valid({"a": 1})
    assert listener.visitors == 0


def test_not_for_a_delivery_that_names_one(listener: Listener):
    """References are the schema's to make; in a delivery they are members like any other."""
    document = {"$ref": f"http://127.0.0.1:{listener.port}/x", "$schema": f"http://127.0.0.1:{listener.port}/y"}
    for name in schemas.schema_names():
        list(schemas.refusals(name, document))
        schemas.explaining_engine(name).is_valid(document)
    assert listener.visitors == 0


def test_no_installed_schema_has_one():
    for name in schemas.schema_names():
        assert '"$ref": "http' not in schemas.load_schema(name).text
