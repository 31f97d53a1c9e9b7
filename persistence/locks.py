"""Locks by key, such as one per session.

Rule: a lock exists while somebody holds it or waits for it; what is not used costs nothing.
"""

import asyncio
from collections import deque
from contextlib import suppress


class KeyedLocks:
    """One lock for each key, first come first served.

    **Concurrency**: for the tasks of one event loop.
    """

    def __init__(self) -> None:
        self._waiting: dict[str, deque[asyncio.Future[None]]] = {}
        """By key that is held, who waits for it."""

    def hold(self, key: str) -> "Held":
        """Waits for the key's lock and holds it inside `async with`.

        **Cancellation**: safe; who gives up waiting leaves no trace.
        """
        return Held(self, key)

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


class Held:
    """A key's lock. (A class of its own: as a generator it would cost several times as much.)"""

    __slots__ = ("_key", "_locks")

    def __init__(self, locks: KeyedLocks, key: str) -> None:
        self._locks = locks
        self._key = key

    async def __aenter__(self) -> None:
        if not self._locks.take(self._key):
            await self._locks.wait(self._key)

    async def __aexit__(self, *_: object) -> None:
        self._locks.release(self._key)
