"""How fast the search index follows: it gathers, and it gives way to those who talk.

Rule: it rests behind each piece of work, longer while something changes; whoever waits for something of theirs cuts
short its rest and its gathering, and so does what takes text away, which must not wait.
"""

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

_IDLE_REST, _BUSY_REST, _LONGEST_REST_S = 0.25, 9.0, 0.5
"""How long it rests behind each piece of work, as a multiple of the time that this took, while nothing else changes and
while something does; and at most, since deleted text must not wait."""
_TAKEN_AWAY_S = 0.3
"""For so long what takes text away gathers at most."""


class SearchPace:
    """The pauses of one task.

    Args:
        delay_s: For how long changes gather.
    """

    def __init__(self, delay_s: float) -> None:
        self._delay_s = delay_s
        self._is_busy = False
        """Whether something has changed since the last piece of work began."""
        self._ripe_at: float | None = None
        """When what is gathering has gathered long enough."""
        self._hurry = asyncio.Event()
        self._closing = asyncio.Event()

    @property
    def is_closing(self) -> bool:
        """Whether it is to end."""
        return self._closing.is_set()

    def close(self) -> None:
        """It is to end: no pause goes on."""
        self._closing.set()
        self._hurry.set()

    def changed(self) -> None:
        """Something has changed."""
        self._is_busy = True

    def hurry(self) -> None:
        """Ends the pause that is being made, or the next one."""
        self._hurry.set()

    def begin(self) -> float:
        """A piece of work begins, now."""
        self._is_busy = False
        return time.monotonic()

    async def rest(self, began: float) -> None:
        """Rests behind a piece of work that began at a time."""
        rest = (time.monotonic() - began) * (_BUSY_REST if self._is_busy else _IDLE_REST)
        await self._wait(min(rest, _LONGEST_REST_S))

    async def gather(self, is_pressing: Callable[[], bool]) -> bool:
        """Lets changes gather; returns whether they have gathered long enough.

        Args:
            is_pressing: Whether something is there that has to be done sooner.
        """
        self._ripe_at = self._ripe_at or time.monotonic() + self._delay_s
        while (left := self._ripe_at - time.monotonic()) > 0 and not self.is_closing:
            await self._wait(min(left, _TAKEN_AWAY_S))
            if is_pressing():
                break
        if is_ripe := time.monotonic() >= self._ripe_at:
            self._ripe_at = None
        return is_ripe

    def nothing_gathers(self) -> None:
        """What was gathering has been carried out sooner."""
        self._ripe_at = None

    async def pause(self, seconds: float) -> None:
        """Waits, unless it is to end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._closing.wait()

    async def _wait(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()
        if not self.is_closing:
            self._hurry.clear()
