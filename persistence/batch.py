"""Entries of the journal that go out together, and who waits for them.

Rule: whoever waits learns the outcome, even if the waiting task is cancelled; only then is it let go.
"""

import asyncio

from persistence.errors import StorageError


class Batch(asyncio.Future[StorageError | None]):
    """Entries, and what has become of them: the error with which they were refused, or None.

    **Cancellation**: nobody cancels what many wait for. Whoever waits is told of its cancellation with the outcome.

    Attributes:
        durable: Whether one of them has to be synced.
        size: How many bytes they are.
    """

    def __init__(self) -> None:
        super().__init__(loop=asyncio.get_running_loop())
        self.bodies: list[bytes] = []
        self.durable = False
        self.size = 0

    def add(self, body: bytes, durable: bool) -> None:
        """Adds an entry."""
        self.bodies.append(body)
        self.durable |= durable
        self.size += len(body)

    def cancel(self, msg: object = None) -> bool:
        """Is not done: the waiting task goes on waiting, as it does for whatever cannot be cancelled."""
        return False


def cancel_again() -> None:
    """A cancellation that came while the outcome was not known takes effect at the task's next wait."""
    if task := asyncio.current_task():
        task.uncancel()
        task.cancel()
