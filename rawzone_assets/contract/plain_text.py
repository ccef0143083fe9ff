"""Plain text: what deliveries and their names say, made unable to steer whoever shows it.

A landed file's name, a sidecar or a column's title may hold line breaks, terminal commands, or characters that
turn the direction of writing. They are kept as they are where data are kept, and escaped here on the way to a
terminal, a log, a web page or a JSON line.
"""

from __future__ import annotations


def printable(text: str) -> str:
    r"""Text whose control, format, bidirectional and unassigned characters have become ``\x1b``, ``\u202e``."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else _escaped(c) for c in text)


def printable_json(document: bytes) -> bytes:
    r"""A JSON document that means the same, with such characters as ``\u202e``. Line ends between values stay.

    Outside its strings JSON is ASCII, so whatever is escaped stands within one.
    """
    text = document.decode()
    if text.isascii() and "\x7f" not in text:
        return document
    return "".join(
        c if c == "\n" or c.isprintable() else "".join(f"\\u{unit:04x}" for unit in _utf16(c)) for c in text
    ).encode()


def _escaped(character: str) -> str:
    number = ord(character)
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"


def _utf16(character: str) -> tuple[int, ...]:
    number = ord(character)
    if number < 0x10000:
        return (number,)
    number -= 0x10000
    return 0xD800 + (number >> 10), 0xDC00 + (number & 0x3FF)
