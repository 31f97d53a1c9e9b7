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
        if not self.take(key):
            await self.wait(key)
        try:
            yield
        finally:
            self.release(key)

    def take(self, key: str) -> bool:
        """Takes the key's lock, if nobody holds it."""
        if key in self._waiting:
            return False
        self._waiting[key] = deque()
        return True

    async def wait(self, key: str) -> None:
        """Waits until whoever holds the key's lock hands it on.

        **Cancellation**: safe; who gives up waiting leaves no trace.
        """
        waiting = self._waiting[key]
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

    async def drain(self) -> None:
        """Waits until nobody holds a lock."""
        while self._waiting:
            async with self.hold(next(iter(self._waiting))):
                pass

    def users(self, key: str) -> int:
        """How many hold the key's lock or wait for it."""
        return 1 + len(self._waiting[key]) if key in self._waiting else 0
