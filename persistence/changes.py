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

    def hold(self, key: str, *, writes: bool = True) -> "Hold":
        """Waits for the key's lock and holds it.

        Args:
            writes: Whether it is refused after a failed sync. What may go on then must write nothing.
        """
        return Hold(self, key, writes)

    async def drain(self) -> None:
        """Waits until nothing is under way."""
        await self.locks.drain()


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
        locks = self._changes.locks
        if not locks.take(self._key):
            await locks.wait(self._key)
        try:
            self._changes.journal.check(writes=self._writes)
        except BaseException:
            locks.release(self._key)
            raise

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._changes.locks.release(self._key)
        if isinstance(error, StorageReadOnly):
            self._changes.journal.stop(error)
        if (task := asyncio.current_task()) and task.cancelling():
            await asyncio.sleep(0)


def memory_key(user_id: str) -> str:
    """What a change of a user's memory holds. It has a space, as no session's id does."""
    return f"memory of {user_id}"
