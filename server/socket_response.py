"""A WebSocket of aiohttp's, of which less stays while nothing comes.

Rule: it is served when its handler has returned, and every middleware with it, so that no frames of theirs wait along;
and it has no timer of its own: it says when something came last, and `Sockets` looks at that, for all in one sweep.

Two names are used here that aiohttp does not promise to keep, `_reset_heartbeat` and `_parser`; so setup.cfg says up to
which version it is known to have them.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any

from aiohttp import web

from server.auth import SUBPROTOCOL
from server.config import Config

_PROTOCOLS = (SUBPROTOCOL,)


class SocketResponse(web.WebSocketResponse[Any]):
    """The response that an upgrade is answered with.

    Attributes:
        heard_at: When something came last, be it part of a frame (the loop's time); kept where there are heartbeats.
        serving: What serves it, from the moment at which it is returned; None: it is closed then.
    """

    __slots__ = ("heard_at", "serving")

    def __init__(self, config: Config) -> None:
        super().__init__(
            heartbeat=config.heartbeat_s or None,
            compress=False,
            decode_text=False,
            max_msg_size=config.max_frame_bytes,
            protocols=_PROTOCOLS,
        )
        self.heard_at = 0.0
        self.serving: Coroutine[Any, Any, None] | None = None

    def write_eof(self) -> Coroutine[Any, Any, None]:  # type: ignore[override]
        """Called and awaited by aiohttp when the response has been returned."""
        return self.serving or super().write_eof()

    def let_go_of_http(self, request: web.Request) -> None:
        """Lets go of what no open socket needs: the headers that were sent, the parser of requests with what it parsed.

        aiohttp itself lets go of that parser before a connection's end, and so asks everywhere whether it is there.
        """
        self.headers.clear()
        request.protocol._parser = None

    def _reset_heartbeat(self) -> None:
        """Called by aiohttp when the socket is open, and when something has come; there it would set its timer."""
        self.heard_at = asyncio.get_running_loop().time()
