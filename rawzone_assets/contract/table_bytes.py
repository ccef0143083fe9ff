"""Table bytes: those of a table's rows as ASCII, by which patterns can tell what characters others make.

The engine reads ASCII as it lies in memory. Each other byte stands as its kind, so that a pattern says which
bytes are UTF-8, as RFC 3629 (section 4) has it, and which characters are surely no blanks: a cell of nothing
but blanks is empty.
"""

from __future__ import annotations

_BLANKS_GO_ON = b"\x80\x81\x85\x9a\xa0\xbb"  # the second bytes of all blanks, and of the byte order mark
_NEXT = (range(0x80, 0x90), range(0x90, 0xA0), range(0xA0, 0xC0))  # after some first bytes not all may stand
# By the control characters that stand for them; those of a table itself, which JSON writes otherwise, stand as
# ``_REFUSED``, as do bytes of no character. Private characters beyond the millionth are left out, too.
_KINDS = {
    b"\x01": [byte for byte in _NEXT[0] if byte not in _BLANKS_GO_ON],
    b"\x02": [byte for byte in _NEXT[1] if byte not in _BLANKS_GO_ON],
    b"\x03": [byte for byte in _NEXT[2] if byte not in _BLANKS_GO_ON],
    b"\x04": [byte for byte in _NEXT[0] if byte in _BLANKS_GO_ON],
    b"\x05": [byte for byte in _NEXT[1] if byte in _BLANKS_GO_ON],
    b"\x06": [byte for byte in _NEXT[2] if byte in _BLANKS_GO_ON],
    b"\x07": [0xC2],  # blanks begin with this one
    b"\x08": range(0xC3, 0xE0),
    b"\x0e": [0xE1, 0xE2, 0xE3, 0xEF],  # and with these
    b"\x0f": [*range(0xE4, 0xED), 0xEE],
    b"\x10": [0xE0],
    b"\x11": [0xED],
    b"\x12": [0xF0],
    b"\x13": range(0xF1, 0xF4),
}
_REFUSED = b"\x14"
_KIND_OF = {byte: kind for kind, some in _KINDS.items() for byte in some}
_STANDING_FOR = b"".join(
    bytes([byte]) if byte in b"\t\r\n" or 0x20 <= byte < 0x7F else _KIND_OF.get(byte, _REFUSED)
    for byte in range(256)
)

_ANY = r"[\x01-\x06]"
_NO_BLANK = (
    rf"\x08{_ANY}|\x0f{_ANY}{_ANY}|\x10[\x03\x06]{_ANY}|\x11[\x01\x02\x04\x05]{_ANY}"
    rf"|\x12[\x02\x03\x05\x06]{_ANY}{_ANY}|\x13{_ANY}{_ANY}{_ANY}"
)
CHARACTER = rf"{_NO_BLANK}|\x07{_ANY}|\x0e{_ANY}{_ANY}"
"""A pattern of what stands for one character that is not ASCII."""

SHOWN = rf"{_NO_BLANK}|\x07[\x01-\x03]|\x0e[\x01-\x03]{_ANY}"
"""The same of one that is surely no blank."""


def standing_for(piece: bytes) -> str:
    """As many ASCII characters as there are bytes: those themselves, and the kinds of others."""
    return piece.translate(_STANDING_FOR).decode("ascii")
