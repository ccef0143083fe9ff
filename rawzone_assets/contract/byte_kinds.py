"""Byte kinds: texts in which each byte that is not ASCII stands as its kind, by which patterns tell characters.

The engine reads ASCII as it lies in memory. By their kinds a pattern says which bytes are UTF-8, as RFC 3629
(section 4) has it, which characters are surely no blanks, as a cell of nothing but blanks is empty, and where
letters may be garbled (``garbled.py``).
"""

from __future__ import annotations

from rawzone_assets.contract.marks import Marks, remembering

_BLANKS_GO_ON = b"\x80\x81\x85\x9a\xa0\xbb"  # the second bytes of all blanks, and of the byte order mark
_GARBLED_GO_ON = b"\x82\x83\xa2\xb0\xbd\xbf"  # those of what garbled letters begin with, and of U+FFFD
_APART = _BLANKS_GO_ON + _GARBLED_GO_ON
_NEXT = (range(0x80, 0x90), range(0x90, 0xA0), range(0xA0, 0xC0))  # after some first bytes not all may stand
# By the control characters that stand for them; those of a text itself, which JSON writes otherwise, stand as
# ``_REFUSED``, as do bytes of no character. Private characters beyond the millionth are left out, too.
_KINDS = {
    b"\x01": [byte for byte in _NEXT[0] if byte not in _APART],
    b"\x02": [byte for byte in _NEXT[0] if byte in _GARBLED_GO_ON],
    b"\x03": [byte for byte in _NEXT[1] if byte not in _APART],
    b"\x04": [byte for byte in _NEXT[2] if byte not in _APART],
    b"\x05": [byte for byte in _NEXT[2] if byte in _GARBLED_GO_ON],
    b"\x06": [byte for byte in _NEXT[0] if byte in _BLANKS_GO_ON],
    b"\x07": [byte for byte in _NEXT[1] if byte in _BLANKS_GO_ON],
    b"\x08": [byte for byte in _NEXT[2] if byte in _BLANKS_GO_ON],
    b"\x0b": [0xC3],  # garbled letters begin with this one
    b"\x0c": range(0xC4, 0xE0),
    b"\x0e": [0xE1, 0xE2, 0xE3],  # blanks begin with these, and with the two named below
    b"\x0f": [0xEF],  # some blanks, and U+FFFD
    b"\x10": [0xE0],
    b"\x11": [0xED],
    b"\x12": [0xF0],
    b"\x13": range(0xF1, 0xF4),
    b"\x15": [0xC2],  # some blanks
    b"\x16": [*range(0xE4, 0xED), 0xEE],
}
_REFUSED = b"\x14"
_KIND_OF = {byte: kind for kind, some in _KINDS.items() for byte in some}
_STANDING_FOR = b"".join(
    bytes([byte]) if byte in b"\t\r\n" or 0x20 <= byte < 0x7F else _KIND_OF.get(byte, _REFUSED)
    for byte in range(256)
)

_ANY = r"[\x01-\x08]"
_TWO, _THREE = f"{_ANY}{{2}}", f"{_ANY}{{3}}"
_NO_BLANK = (
    rf"[\x0b\x0c]{_ANY}|\x16{_TWO}|\x10[\x04\x05\x08]{_ANY}|\x11[\x01-\x03\x06\x07]{_ANY}"
    rf"|\x12[\x03-\x05\x07\x08]{_TWO}|\x13{_THREE}"
)
CHARACTER = rf"{_NO_BLANK}|\x15{_ANY}|[\x0e\x0f]{_TWO}"
"""A pattern of what stands for one character that is not ASCII."""

SHOWN = rf"{_NO_BLANK}|\x15[\x01-\x05]|[\x0e\x0f][\x01-\x05]{_ANY}"
"""The same of one that is surely no blank."""

GARBLED = Marks((b"\x0b\x02", b"\x0b\x05", b"\x0f\x05\x05"))
"""What stands wherever letters may be garbled, and seldom elsewhere."""


@remembering
def standing_for(data: bytes) -> str:
    """As many ASCII characters as there are bytes: those themselves, and the kinds of others."""
    return data.translate(_STANDING_FOR).decode("ascii")
