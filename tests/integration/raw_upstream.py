"""A model server made of bytes: every fault that can come over a connection, at exactly the place where it is put.

Rule: it reads whole requests and plays a script for each, the last one for ever. What it does not write is not there.
"""

import asyncio
import socket
import struct
from collections.abc import Sequence
from enum import Enum, auto
from typing import Any

import orjson


class Act(Enum):
    """What it does beside writing."""

    END = auto()
    """Closes the connection in order."""
    RESET = auto()
    """Closes it as a crashed process' kernel does."""
    STALL = auto()
    """Says nothing any more, until the client goes away."""


class EachByte(bytes):
    """Bytes that go out one by one, each in a packet of its own."""


Script = Sequence[bytes | Act]
TLS_HANDSHAKE = b"\x16"


def head(status: str = "200 OK", content_type: str = "text/event-stream", **headers: str) -> bytes:
    """A status line and headers; the body ends with the connection, unless they say otherwise."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {content_type}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def chunk(body: bytes) -> bytes:
    """A piece of a body with `Transfer-Encoding: chunked`."""
    return b"%x\r\n%b\r\n" % (len(body), body)


class RawUpstream:
    """Listens on a port of its own.

    Attributes:
        url: The base address for clients.
        bodies: The requests, as JSON.
    """

    def __init__(self, scripts: Sequence[Script]) -> None:
        self.scripts = list(scripts)
        self.url = ""
        self.bodies: list[Any] = []
        self._server: asyncio.Server | None = None

    @property
    def asked(self) -> int:
        """How many requests have come."""
        return len(self.bodies)

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.url = f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1"

    async def stop(self) -> None:
        """Listens no more; connections end with their clients."""
        if self._server:
            self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            while (body := await _read_request(reader)) is not None:
                script = self.scripts[min(self.asked, len(self.scripts) - 1)]
                self.bodies.append(orjson.loads(body))
                for step in script:
                    await _play(step, reader, writer)
            writer.write(head("400 Bad Request"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes | None:
    """The body; None for a client that begins to speak TLS."""
    first = await reader.readexactly(1)
    if first == TLS_HANDSHAKE:
        return None
    head = (first + await reader.readuntil(b"\r\n\r\n")).lower()
    length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
    return await reader.readexactly(int(length))


async def _play(step: bytes | Act, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    if step is Act.STALL:
        await reader.read()
        raise ConnectionResetError
    if step is Act.END:
        raise ConnectionAbortedError
    if step is Act.RESET:
        lingers_not = struct.pack("ii", 1, 0)
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, lingers_not)
        writer.transport.abort()
        raise ConnectionResetError
    assert isinstance(step, bytes)
    pieces = [bytes([byte]) for byte in step] if isinstance(step, EachByte) else [step]
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)
