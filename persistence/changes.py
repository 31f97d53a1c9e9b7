"""Changes, one after the other for each key, each to its end.

Rule: a change that has begun is finished even if its caller is cancelled; after a failed sync none begins any more.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any, TypeVar

from persistence.errors import StorageError, StorageReadOnly
from persistence.locks import KeyedLocks

_log = logging.getLogger(__name__)

T = TypeVar("T")


class Changes:
    """Runs what touches a store's files.

    Args:
        folder: For messages only.

    Attributes:
        fault: The failed sync after which nothing is written; None while all is well.
    """

    def __init__(self, folder: Path) -> None:
        self.fault: StorageReadOnly | None = None
        self._folder = folder
        self._locks = KeyedLocks()
        self._under_way: set[asyncio.Task[Any]] = set()
        self._closed = False

    async def run(
        self,
        key: str,
        change: Callable[[], Coroutine[Any, Any, T]],
        *,
        writes: bool = True,
        refused: Callable[[], None] = lambda: None,
    ) -> T:
        """Runs a change under its key's lock, in the order of the calls.

        Args:
            writes: Whether it is refused after a failed sync. What may go on then must write nothing.
            refused: Called under the lock when the change raises or may not begin, even if the caller is gone.

        Raises:
            StorageReadOnly: A sync failed before or in this change.
            StorageError: The store is closed.

        **Cancellation**: the caller is let go, the change goes on.
        """
        task = asyncio.create_task(self._locked(key, change, writes, refused))
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return await asyncio.shield(task)

    def hold(self, key: str) -> AbstractAsyncContextManager[None]:
        """Holds another key's lock inside a change."""
        return self._locks.hold(key)

    async def drain(self) -> None:
        """Waits until nothing is under way."""
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def close(self) -> None:
        """Waits for what is under way and refuses what comes later."""
        await self.drain()
        self._closed = True

    async def _locked(
        self, key: str, change: Callable[[], Coroutine[Any, Any, T]], writes: bool, refused: Callable[[], None]
    ) -> T:
        async with self._locks.hold(key):
            try:
                self._check(writes)
                return await change()
            except StorageReadOnly as error:
                refused()
                self._note(error)
                raise
            except Exception:
                refused()
                raise

    def _check(self, writes: bool) -> None:
        if self._closed:
            raise StorageError("use", self._folder, "the store is closed")
        if writes and self.fault:
            raise StorageReadOnly(self.fault.action, self.fault.path, self.fault.reason) from self.fault

    def _note(self, error: StorageReadOnly) -> None:
        if self.fault is None:
            self.fault = error
            _log.critical("%s: read-only from now on", error)
