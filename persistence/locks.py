"""Locks by key, such as one per session.

Rule: a lock exists while somebody holds it or waits for it; what is not used costs nothing.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


class KeyedLocks:
    """One asyncio lock for each key, first come first served.

    **Concurrency**: for the tasks of one event loop.
    """

    def __init__(self) -> None:
        self._locks: dict[str, asyncio.Lock] = {}
        self._users: dict[str, int] = {}

    @asynccontextmanager
    async def hold(self, key: str) -> AsyncIterator[None]:
        """Waits for the key's lock and holds it.

        **Cancellation**: safe; who gives up waiting leaves no trace.
        """
        lock = self._locks.setdefault(key, asyncio.Lock())
        self._users[key] = self._users.get(key, 0) + 1
        try:
            async with lock:
                yield
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._locks[key]

    def users(self, key: str) -> int:
        """How many hold the key's lock or wait for it."""
        return self._users.get(key, 0)
