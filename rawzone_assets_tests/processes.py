"""Processes that tests start as people do: ended in good order, waited for without a clock's verdict."""

import os
import signal
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path

PATIENCE = 480  # seconds; a machine under load is slow, and nothing depends on how slow


@contextmanager
def running(command, *, log, cwd, env=None):
    """A process in a session of its own, its output added to ``log``; ended by SIGINT, else by force."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env=env, cwd=cwd, start_new_session=True
        )
        try:
            yield process
        finally:
            process.send_signal(signal.SIGINT)
            try:
                process.wait(timeout=60)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            with suppress(ProcessLookupError):  # a code server may outlive the webserver that started it
                os.killpg(process.pid, signal.SIGKILL)


def eventually(condition, *, process=None, pause=0.3):
    """What ``condition`` says once it says something true; False when patience, or the process, has ended."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and (process is None or process.poll() is None):
        found = condition()
        if found:
            return found
        time.sleep(pause)
    return False


def state_of(process):
    """A letter, as the kernel has it: T of who stands still; that of who is gone is Z."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    return "Z"


def free_port():
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
