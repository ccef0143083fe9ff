"""A real ext4 in an image file, and what the next boot finds on it when the power goes now.

The image is copied while it is mounted and a process writes to it; mounting the copy replays its journal. What
the kernel had not written to the image yet is gone, as with a disk whose plug is pulled.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

_SIZE = 24 * 2**20


def reason_not_to(folder: Path) -> str | None:
    """Why no image can be mounted on this machine, or ``None`` when one was."""
    if os.geteuid() != 0:
        return "mounting a disk image needs root"
    for tool in ("mkfs.ext4", "mount", "umount"):
        if shutil.which(tool) is None:
            return f"{tool} is not installed"
    image = folder / "probe.img"
    try:
        make_image(image)
        with mounted(image):
            return None
    except subprocess.CalledProcessError as error:
        return f"an ext4 image cannot be mounted here: {error.stderr.decode(errors='replace').strip()}"
    finally:
        image.unlink(missing_ok=True)


def make_image(image: Path) -> None:
    image.write_bytes(b"")
    os.truncate(image, _SIZE)
    _run("mkfs.ext4", "-q", "-F", "-b", "4096", "-E", "lazy_itable_init=0,lazy_journal_init=0", str(image))


@contextlib.contextmanager
def mounted(image: Path) -> Iterator[Path]:
    """The image's file system, mounted beside it."""
    folder = image.with_suffix(".mnt")
    folder.mkdir()
    try:
        _run("mount", "-o", "loop", str(image), str(folder))
        try:
            yield folder
        finally:
            _run("umount", str(folder))
    finally:
        folder.rmdir()


def sync(folder: Path) -> None:
    """Make durable what lies on the disk of this folder, and wait for no other disk."""
    _run("sync", "-f", str(folder))


def pull_the_plug(image: Path, copy: Path) -> None:
    """Copy a mounted image as it is at one moment: two copies in a row must be equal.

    The caller has stopped whoever writes; the kernel may still be writing of its own accord.
    """
    before = b""
    while (now := image.read_bytes()) != before:
        before = now
    copy.write_bytes(before)


@contextlib.contextmanager
def written_last(mount: Path) -> Iterator[Path]:
    """A file that nobody syncs, there while the plug is pulled: a boot that finds its bytes has lost nothing.

    What a promotion has not synced yet at some call depends on what the kernel wrote of its own accord; this
    does not, so that a test can demand of its cuts that they lose what they must.
    """
    last = mount / "written last"
    last.write_bytes(b"and never synced")
    try:
        yield last
    finally:
        last.unlink()


def stopped(process: subprocess.Popen[bytes]) -> bool:
    """Wait until the process has stopped itself or ended; whether it stopped."""
    _, status = os.waitpid(process.pid, os.WUNTRACED)
    if os.WIFSTOPPED(status):
        return True
    process.returncode = os.waitstatus_to_exitcode(status)
    return False


def stop(process: subprocess.Popen[bytes]) -> bool:
    """Stop a process wherever it is; ``False`` when it has ended."""
    os.kill(process.pid, signal.SIGSTOP)
    return stopped(process)


def go_on(process: subprocess.Popen[bytes]) -> None:
    os.kill(process.pid, signal.SIGCONT)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True)
