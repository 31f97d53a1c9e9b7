"""Frames of a WebSocket server as bytes (RFC 6455, section 5.2): one piece, unmasked, not compressed. Pure.

Rule: frames that are due together go out together, in one call of the system; what is large is not copied for that.
"""

import struct
from collections.abc import Sequence

_LARGE_BYTES = 16 * 1024
_FINAL_TEXT = 0x81
PING = bytes((0x89, 0))
"""One with nothing in it."""
_SHORT = [bytes((_FINAL_TEXT, length)) for length in range(126)]
_MEDIUM = struct.Struct("!BBH")
_LONG = struct.Struct("!BBQ")


def text_frames(payloads: Sequence[bytes]) -> list[bytes]:
    """Each payload, UTF-8, in a frame of its own. Large ones stay as they are: all readers share them."""
    if len(payloads) == 1 and len(payloads[0]) < _LARGE_BYTES:
        return [_head(len(payloads[0])) + payloads[0]]
    pieces: list[bytes] = []
    small: list[bytes] = []
    for payload in payloads:
        small.append(_head(len(payload)))
        if len(payload) < _LARGE_BYTES:
            small.append(payload)
        else:
            pieces += (b"".join(small), payload)
            small.clear()
    if small:
        pieces.append(b"".join(small))
    return pieces


def _head(length: int) -> bytes:
    if length < 126:
        return _SHORT[length]
    if length < 1 << 16:
        return _MEDIUM.pack(_FINAL_TEXT, 126, length)
    return _LONG.pack(_FINAL_TEXT, 127, length)
