"""Looks for model servers on this machine, when somebody asks.

Rule: it goes to the configured ports of 127.0.0.1 and to no address that a client names, asks each for `/v1/models`,
follows nothing, sends nothing of the user's or the operator's, and keeps to a second and a megabyte. Asked again
within a moment it says what it found: nobody can make it knock faster.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import suppress

from aiohttp import ClientError, ClientSession, ClientTimeout, DummyCookieJar, StreamReader

from server.found_servers import FoundServer, read_models

_LOOK_S = 1.0
_PAUSE_S = 3.0
_MOST_BYTES = 1 << 20


class Detection:
    """Finds them.

    Concurrency: one look at a time; who asks meanwhile gets what it finds.

    Args:
        ports: Where they may be.
        clock: Seconds, monotonic; tests pass their own.
    """

    def __init__(self, ports: Collection[int], clock: Callable[[], float]) -> None:
        self._ports = ports
        self._clock = clock
        self._lock = asyncio.Lock()
        self._found: list[FoundServer] = []
        self._looked_at: float | None = None  # None until the first look

    async def look(self, own_port: int) -> list[FoundServer]:
        """What is there, in the order of the ports.

        Args:
            own_port: The server's own, at which it does not knock.
        """
        async with self._lock:
            if self._looked_at is None or self._clock() - self._looked_at >= _PAUSE_S:
                self._found = await self._knock([port for port in self._ports if port != own_port])
                self._looked_at = self._clock()
            return self._found

    async def _knock(self, ports: list[int]) -> list[FoundServer]:
        timeout = ClientTimeout(total=_LOOK_S)
        async with ClientSession(timeout=timeout, cookie_jar=DummyCookieJar(), auto_decompress=False) as http:
            answers = await asyncio.gather(*[_ask(http, port) for port in ports])
        return [found for found in answers if found]


async def _ask(http: ClientSession, port: int) -> FoundServer | None:
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    with suppress(ClientError, TimeoutError, OSError, ValueError):
        async with http.get(f"http://127.0.0.1:{port}/v1/models", headers=headers, allow_redirects=False) as reply:
            if reply.status != 200 or (reply.content_length or 0) > _MOST_BYTES:
                return None
            body = await _read(reply.content)
            return read_models(port, body) if body else None
    return None


async def _read(stream: StreamReader) -> bytes | None:
    body = bytearray()
    async for chunk in stream.iter_chunked(64 << 10):
        body += chunk
        if len(body) > _MOST_BYTES:
            return None
    return bytes(body)
