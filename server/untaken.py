"""Replies over HTTP that a client does not take.

Rule: a connection of which nothing is taken for as long as a reader may take nothing ends, with what waits for it. It
is looked at while nothing is added to what waits: a stream, while it waits for its client. Sockets have limits of their
own.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from math import inf

from aiohttp import web


class Untaken:
    """The connections on which replies are on their way.

    Args:
        limit_s: How long a client may take nothing.
    """

    def __init__(self, limit_s: float) -> None:
        self._limit_s = limit_s
        self._looks: dict[asyncio.Transport, asyncio.TimerHandle] = {}
        """When each is looked at next."""

    async def prepared(self, request: web.Request, response: web.StreamResponse) -> None:
        """Called for each response before its head goes out."""
        if transport := request.transport:
            self._leave(transport)
            if isinstance(response, web.Response | web.FileResponse):
                self.look_after(transport)

    def look_after(self, transport: asyncio.Transport) -> None:
        """Looks after a connection to which all has been written, or is being written at once."""
        self._look_later(transport, inf)

    @contextmanager
    def looking_after(self, transport: asyncio.Transport) -> Iterator[None]:
        """Inside, a write is under way; it fails where its client takes nothing for too long."""
        self.look_after(transport)
        try:
            yield
        finally:
            self._leave(transport)

    def _leave(self, transport: asyncio.Transport) -> None:
        if look := self._looks.pop(transport, None):
            look.cancel()

    def _look_later(self, transport: asyncio.Transport, waited: float) -> None:
        loop = asyncio.get_running_loop()
        self._looks[transport] = loop.call_later(self._limit_s, self._look, transport, waited)

    def _look(self, transport: asyncio.Transport, waited: float) -> None:
        del self._looks[transport]
        waiting = transport.get_write_buffer_size()
        if waiting >= waited:
            transport.abort()
        elif waiting:
            self._look_later(transport, waiting)
