"""The body of a model server's answer, read under a time limit that moves on with each token.

Rule: one timer serves a whole answer. When it rings it looks whether the limit has moved on meanwhile, so that a token
costs no timer of its own. What counts is the time in which somebody waits for the server: one who is slow to take what
has come is not the server's fault. Neither is a loop that was held up past the limit: what has come by then goes first.
"""

import asyncio

from aiohttp import StreamReader

_AGAIN_S = 1.0
"""When the limit passes while nobody waits, it is looked at again after so long."""
_LAST_LOOK_S = 0.01
"""When it passes while somebody waits, after so long: enough for the loop to take what lies in the socket."""


class TimedBody:
    """Reads one body, from its making until `close`.

    Args:
        limit_at: Until when bytes have to come (the loop's time).
    """

    def __init__(self, content: StreamReader, limit_at: float) -> None:
        self._content = content
        self._limit_at = self._rings_at = limit_at
        self._passed_at: float | None = None
        """The limit that was seen to have passed; it has a last look before it ends the reading."""
        self._is_awaited = False
        self._timer = asyncio.get_running_loop().call_at(limit_at, self._ring)

    async def read(self) -> bytes:
        """What has come; empty at the end.

        Raises:
            TimeoutError: The limit has passed; whoever reads on is told the same.
            ClientError, OSError: As aiohttp raises them.

        **Cancellation**: loses nothing.
        """
        self._is_awaited = True
        try:
            return await self._content.readany()
        finally:
            self._is_awaited = False

    def until(self, limit_at: float) -> None:
        """Moves the limit."""
        self._limit_at = limit_at
        if limit_at < self._rings_at:
            self._set(limit_at)

    def close(self) -> None:
        """Lets the timer go."""
        self._timer.cancel()

    def _ring(self) -> None:
        now = asyncio.get_running_loop().time()
        if self._limit_at > now:
            self._set(self._limit_at)
        elif not self._is_awaited:
            self._set(now + _AGAIN_S)
        elif self._passed_at != self._limit_at:
            self._passed_at = self._limit_at
            self._set(now + _LAST_LOOK_S)
        else:
            self._content.set_exception(TimeoutError())

    def _set(self, at: float) -> None:
        self._timer.cancel()
        self._rings_at = at
        self._timer = asyncio.get_running_loop().call_at(at, self._ring)
