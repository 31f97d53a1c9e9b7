"""Somebody who waits for an entry of the journal.

Rule: whoever waits learns the outcome, even if the waiting task is cancelled; only then is it let go.
"""

import asyncio
from dataclasses import dataclass

from persistence.errors import StorageError


@dataclass(slots=True)
class Waiting:
    """An entry, and who waits for it."""

    body: bytes
    durable: bool
    outcome: asyncio.Future[None]

    def settle(self, error: StorageError | None = None) -> None:
        """Tells the outcome."""
        if not self.outcome.done():
            if error:
                self.outcome.set_exception(error)
            else:
                self.outcome.set_result(None)
        elif self.outcome.cancelled():
            self.outcome = asyncio.get_running_loop().create_future()
            self.settle(error)

    async def wait(self) -> None:
        """Waits for the outcome.

        **Cancellation**: takes effect at the caller's next wait, once the outcome is known.
        """
        cancelled = False
        while True:
            waited_for = self.outcome
            try:
                await waited_for
            except asyncio.CancelledError:
                cancelled = True
                if waited_for.cancelled():
                    if self.outcome is waited_for:
                        self.outcome = asyncio.get_running_loop().create_future()
                    continue
                waited_for.result()
            finally:
                if cancelled and waited_for.done() and not waited_for.cancelled():
                    _cancel_again()
            return


def _cancel_again() -> None:
    if task := asyncio.current_task():
        task.uncancel()
        task.cancel()
