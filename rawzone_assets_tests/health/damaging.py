"""What the tests of damage do to a zone on a real disk."""


def zone_files(home):
    return sorted(
        path
        for root in ("raw", "quarantine")
        for path in (home / root).rglob("*")
        if path.is_file() and "_staging" not in path.parts
    )


def overwrite(path, data):
    """Other bytes in the same file, with its mode as it was."""
    mode = path.stat().st_mode & 0o777
    path.chmod(0o644)
    path.write_bytes(data)
    path.chmod(mode)


def flip(path, offset=-5):
    data = bytearray(path.read_bytes())
    data[offset] ^= 4
    overwrite(path, data)


def tree(home):
    """Every file of a zone and its bytes."""
    paths = (path for root in ("raw", "quarantine") for path in (home / root).rglob("*"))
    return {path: path.read_bytes() for path in paths if path.is_file()}
