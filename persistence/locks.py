"""Locks by key, such as one per session.

Rule: a lock exists while somebody holds it or waits for it; what is not used costs nothing.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class KeyedLocks:
    """One lock for each key, first come first served.

    **Concurrency**: for the tasks of one event loop.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By key that is held, who waits for it."""

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Waits for the key's lock and holds it.

        **Cancellation**: safe; who gives up waiting leaves no trace.
        """
        await self.acquire(key)
        try:
            yield
        finally:
            self.release(key)

    async def acquire(self, key: str) -> None:
        """Waits for the key's lock; whoever has got it releases it.

        **Cancellation**: safe; who gives up waiting leaves no trace.
        """
        waiting = self._waiting.get(key)
        if waiting is None:
            self._waiting[key] = deque()
            return
        mine = asyncio.get_running_loop().create_future()
        waiting.append(mine)
        try:
            await mine
        except asyncio.CancelledError:
            if mine.done() and not mine.cancelled():
                self.release(key)
            else:
                with suppress(ValueError):
                    waiting.remove(mine)
            raise

    def release(self, key: str) -> None:
        """Hands the lock to whoever has waited for longest."""
        waiting = self._waiting[key]
        while waiting:
            if not (next_one := waiting.popleft()).done():
                next_one.set_result(None)
                return
        del self._waiting[key]

    def users(self, key: str) -> int:
        """How many hold the key's lock or wait for it."""
        return 1 + len(self._waiting[key]) if key in self._waiting else 0
