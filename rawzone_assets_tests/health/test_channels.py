"""Channels: what a dead man's switch that does not work is called."""

import socket
import threading

from rawzone_assets.health.channels import ping


def test_an_address_that_speaks_something_else_is_said_to():
    def serve():
        connection, _ = server.accept()
        with connection:
            connection.recv(1 << 16)
            connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        assert ping(f"http://127.0.0.1:{server.getsockname()[1]}") == "the answer is not HTTP"
        thread.join()
