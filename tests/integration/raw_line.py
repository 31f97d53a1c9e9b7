"""A client that reads only when it is told to, over a TCP connection that holds little.

Rule: nothing is read ahead, so what is not asked for stays in the kernel, and soon in the server.
"""

import asyncio
import json
import socket
import struct
from collections.abc import AsyncGenerator
from typing import Any

from yarl import URL

from tests.integration.caller import PATIENCE_S
from tests.server.frames import Frame

HANDSHAKE = (
    "GET /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer {key}\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TEXT, CLOSE, PING, PONG = 1, 8, 9, 10
_SEGMENT_BYTES = 536
"""With small segments the server's kernel gives the connection a small buffer too."""


OPENED: list["RawLine"] = []
"""Every line that was opened, for the fixture that closes them."""


class RawLine:
    """One WebSocket.

    Attributes:
        close_code: Set when the server has said goodbye.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.close_code: int | None = None
        self._socket = connection
        self._data = b""
        self._loop = asyncio.get_running_loop()
        OPENED.append(self)

    @classmethod
    async def connect(cls, url: URL, *, small: bool = True) -> "RawLine":
        """Connects, and says nothing yet."""
        connection = socket.socket()
        if small:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, _SEGMENT_BYTES)
        connection.setblocking(False)
        await asyncio.get_running_loop().sock_connect(connection, ("127.0.0.1", url.port))
        return cls(connection)

    @classmethod
    async def open(cls, url: URL, key: str = "anna", *, small: bool = True) -> "RawLine":
        """Connects and shakes hands."""
        line = await cls.connect(url, small=small)
        await line.write(HANDSHAKE.format(port=url.port, key=key).encode())
        assert (await line.head()).startswith(b"HTTP/1.1 101 ")
        return line

    async def write(self, data: bytes) -> None:
        await self._loop.sock_sendall(self._socket, data)

    async def send(self, kind: str, **fields: Any) -> None:
        await self.write(encode_frame(json.dumps({"type": kind, **fields}).encode()))

    async def head(self) -> bytes:
        """What comes ahead of the first frame."""
        while b"\r\n\r\n" not in self._data:
            assert await self._more(), self._data
        head, self._data = self._data.split(b"\r\n\r\n", 1)
        return head

    async def next(self) -> Frame | None:
        """The next frame that is a text; None at the connection's end, however it comes."""
        while True:
            while (size := _frame_size(self._data)) is None or len(self._data) < size:
                if not await self._more():
                    return None
            frame, self._data = self._data[:size], self._data[size:]
            kind, body = frame[0] & 15, frame[_head_size(frame) :]
            if kind == TEXT:
                return dict(json.loads(body))
            if kind == PING:
                await self.write(encode_frame(body, PONG))
            if kind == CLOSE:
                self.close_code = struct.unpack(">H", body[:2])[0]

    async def next_of(self, kind: str) -> Frame:
        """The next frame of a kind."""
        while (frame := await self.next()) is None or frame["type"] != kind:
            assert frame is not None, kind
        return frame

    async def frames(self) -> AsyncGenerator[Frame, None]:
        """What comes of responses, to the end of the connection."""
        while (frame := await self.next()) is not None:
            if frame["type"].startswith(("response.", "verbatim:response.")):
                yield frame

    async def ended(self) -> bytes:
        """What is still to come, to the end of the connection, however it comes."""
        while await self._more():
            pass
        return self._data

    def close(self) -> None:
        self._socket.close()

    async def _more(self) -> bool:
        async with asyncio.timeout(PATIENCE_S):
            try:
                data = await self._loop.sock_recv(self._socket, 1 << 16)
            except ConnectionError:
                return False
        self._data += data
        return bool(data)


def encode_frame(body: bytes, kind: int = TEXT) -> bytes:
    """A client's frame, under a mask of zeros."""
    size = len(body)
    length = bytes([0x80 | size]) if size < 126 else b"\xfe" + struct.pack(">H", size)
    return bytes([0x80 | kind]) + length + bytes(4) + body


def _head_size(data: bytes) -> int:
    return 2 + {126: 2, 127: 8}.get(data[1], 0)


def _frame_size(data: bytes) -> int | None:
    if len(data) < 2 or len(data) < _head_size(data):
        return None
    head = _head_size(data)
    return head + (data[1] if head == 2 else int.from_bytes(data[2:head], "big"))
