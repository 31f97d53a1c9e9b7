"""Changes, one after the other for each key.

Rule: whoever reads or changes something holds its key's lock; after a failed sync no change begins any more.
"""

import asyncio
from types import TracebackType

from persistence.errors import StorageReadOnly
from persistence.journal import Journal
from persistence.locks import KeyedLocks


class Changes:
    """Who may touch what at present.

    Args:
        journal: Knows whether something can be written, and is told of a failed sync.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        self.locks = KeyedLocks()
        self._under_way = 0
        self._none = asyncio.Event()
        self._none.set()

    def hold(self, key: str, *, writes: bool = True) -> "Hold":
        """Waits for the key's lock and holds it.

        Args:
            writes: Whether it is refused after a failed sync. What may go on then must write nothing.
        """
        return Hold(self, key, writes)

    async def drain(self) -> None:
        """Waits until nothing is under way."""
        await self._none.wait()

    def begin(self) -> None:
        """Counts one more."""
        self._under_way += 1
        self._none.clear()

    def end(self) -> None:
        """Counts one fewer."""
        self._under_way -= 1
        if not self._under_way:
            self._none.set()


class Hold:
    """A key's lock, held inside `async with`.

    Raises:
        StorageReadOnly: A sync failed before.
        StorageError: The store is closed.

    **Cancellation**: who gives up waiting leaves no trace. One that has waited for the outcome of a change takes effect
    at the end, so that it never reaches past the caller's own call of the store.
    """

    __slots__ = ("_changes", "_key", "_writes")

    def __init__(self, changes: Changes, key: str, writes: bool) -> None:
        self._changes = changes
        self._key = key
        self._writes = writes

    async def __aenter__(self) -> None:
        self._changes.begin()
        try:
            await self._changes.locks.acquire(self._key)
            try:
                self._changes.journal.check(writes=self._writes)
            except BaseException:
                self._changes.locks.release(self._key)
                raise
        except BaseException:
            self._changes.end()
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._changes.locks.release(self._key)
        self._changes.end()
        if isinstance(error, StorageReadOnly):
            self._changes.journal.stop(error)
        if (task := asyncio.current_task()) and task.cancelling():
            await asyncio.sleep(0)
