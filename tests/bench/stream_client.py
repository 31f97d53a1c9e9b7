"""A WebSocket client that costs little: it cuts frames and keeps their payloads, and looks into none of them.

Rule: nothing is decoded before the clock has stopped; the only thing looked for is the mark of an answer's end.
Source: RFC 6455 §5.2 (frames of a server are not masked; lengths of 7, 16 and 64 bits), RFC 7692 §7.2.2 (deflate).
"""

import asyncio
import socket
import time
import zlib
from typing import cast

from tests.bench.ways import END, Dialect

TEXT, COMPRESSED_TEXT, CLOSE, PING = 0x81, 0xC1, 0x88, 0x89
_PONG = 0x8A
_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_KEEPALIVE = b'"verbatim:keepalive"'


class Line(asyncio.Protocol):
    """One WebSocket.

    Attributes:
        frames: The payloads of all text frames.
        times: When each came, by `time.perf_counter`.
        asked: When each turn was asked for.
        beats: How many heartbeats have come: pings, and keepalives of ours.
        lost: Whether the connection is closed.
    """

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.times: list[float] = []
        self.asked: list[float] = []
        self.beats = 0
        self.lost = False
        self._rest = b""
        self._upgraded = False
        self._mark = END
        self._heard = asyncio.get_running_loop().create_future()
        self._inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        self.transport: asyncio.Transport
        """Set by `connection_made`."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True
        if not self._heard.done():
            self._heard.set_exception(error or ConnectionError("the server has closed the connection"))
            self._heard.exception()

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._rest:
            data = self._rest + data
        at, size = (0, len(data)) if self._upgraded else self._upgrade(data)
        while at + 2 <= size:
            begin, length = at + 2, data[at + 1]
            if length > 125:
                begin += 2 if length == 126 else 8
                if begin > size:
                    break
                length = int.from_bytes(data[at + 2 : begin])
            end = begin + length
            if end > size:
                break
            payload = data[begin:end]
            if data[at] == TEXT:
                self._keep(payload, now)
            else:
                self._take(data[at], payload, now)
            at = end
        self._rest = data[at:]

    def _keep(self, payload: bytes, now: float) -> None:
        self.frames.append(payload)
        self.times.append(now)
        if self._mark in payload and not self._heard.done():
            self._heard.set_result(None)

    def _take(self, head: int, payload: bytes, now: float) -> None:
        if head == COMPRESSED_TEXT:
            self._keep(self._inflate.decompress(payload + b"\0\0\xff\xff"), now)
        elif head == PING:
            self.beats += 1
            self.transport.write(_frame(_PONG, payload))
        elif head == CLOSE:
            self.transport.close()

    def _upgrade(self, data: bytes) -> tuple[int, int]:
        head, end, _ = data.partition(b"\r\n\r\n")
        if not end:
            return 0, 0
        if not head.startswith(b"HTTP/1.1 101"):
            raise ConnectionError(f"the server answers {head!r}")
        self._upgraded = True
        if not self._heard.done() and not self._mark:
            self._heard.set_result(None)
        return len(head) + len(end), len(data)

    def expect(self, mark: bytes) -> asyncio.Future[None]:
        """Comes true with the next frame that contains the mark; an empty one: with the next thing that comes."""
        self._mark, self._heard = mark, asyncio.get_running_loop().create_future()
        return self._heard

    def send(self, payload: bytes) -> None:
        """Sends a text frame."""
        self.transport.write(_frame(TEXT, payload))

    async def turn(self, request: bytes) -> None:
        """Asks and waits until the answer has ended."""
        ended = self.expect(END)
        self.asked.append(time.perf_counter())
        self.send(request)
        await ended

    def forget(self) -> None:
        """Begins anew; keepalives among what is forgotten have counted."""
        self.count_keepalives()
        self.frames, self.times, self.asked = [], [], []

    def count_keepalives(self) -> None:
        """Takes the keepalives out of the frames and counts them."""
        kept = [(frame, came) for frame, came in zip(self.frames, self.times, strict=True) if _KEEPALIVE not in frame]
        self.beats += len(self.frames) - len(kept)
        self.frames, self.times = [frame for frame, _ in kept], [came for _, came in kept]


async def connect(port: int, dialect: Dialect, user: str, source: str = "") -> Line:
    """Opens a line.

    Args:
        source: The loopback address that it comes from; empty leaves it to the system.
    """
    loop = asyncio.get_running_loop()
    plug = socket.socket()
    plug.setblocking(False)
    try:
        plug.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if source:
            plug.bind((source, 0))
        await loop.sock_connect(plug, ("127.0.0.1", port))
        _, line = await loop.create_connection(Line, sock=plug)
    except BaseException:
        plug.close()
        raise
    deflate = "Sec-WebSocket-Extensions: permessage-deflate\r\n" if dialect.deflate else ""
    opened = line.expect(b'"sid"' if dialect.greeting else b"")
    head = (
        f"GET {dialect.path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {_KEY}\r\nAuthorization: Bearer {user}\r\n{deflate}\r\n"
    )
    line.transport.write(head.encode())
    await opened
    if dialect.greeting:
        opened = line.expect(b'"sid"')
        line.send(dialect.greeting)
        await opened
    return line


def _frame(head: int, payload: bytes) -> bytes:
    """A client's frame; the mask is zeros, so that it changes nothing."""
    length = len(payload)
    size = bytes([0x80 | length]) if length < 126 else bytes([0x80 | 126]) + length.to_bytes(2)
    return bytes([head]) + size + bytes(4) + payload
