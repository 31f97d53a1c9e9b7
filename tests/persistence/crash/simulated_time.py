"""Time that passes only where the simulation lets it, and an event loop on it.

Rule: nothing here asks the system for anything. Whoever waits is woken in the order in which the moments come, so that
the same seed gives the same run.
"""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any, TypeVar

T = TypeVar("T")

_EPOCH_S = 1_767_000_000
_TICK_NS = 1_000
_PATIENCE_S = 1_000.0


class Clock:
    """What stands in the place of the module `time`, for the store and for the disk."""

    def __init__(self) -> None:
        self.ns = 0

    def time(self) -> float:
        return _EPOCH_S + self.ns / 1e9

    def monotonic(self) -> float:
        return self.ns / 1e9

    def stamp_ns(self) -> int:
        """A moment since the epoch that no other operation has."""
        self.ns += _TICK_NS
        return _EPOCH_S * 1_000_000_000 + self.ns

    def advance(self, seconds: float) -> None:
        self.ns += max(int(seconds * 1e9), 0)


class SimulatedLoop(asyncio.BaseEventLoop):
    """An event loop without sockets and without waiting."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self._clock = clock
        self._selector = self
        self._is_over: Callable[[], bool] = _never
        self._patience_until = 0.0
        self._tasks: list[asyncio.Task[Any]] = []
        self.set_exception_handler(lambda loop, context: None)

    def time(self) -> float:
        return self._clock.monotonic()

    def select(self, timeout: float | None) -> tuple[()]:
        """What the loop calls in order to wait."""
        if self._is_over():
            self.stop()
        elif timeout is None or self.time() > self._patience_until:
            self._print_waiting()
            raise RuntimeError("somebody waits for what does not come")
        self._clock.advance(timeout + 1e-9 if timeout else 0)
        return ()

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        task = super().create_task(coro, **options)
        self._tasks.append(task)
        return task

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs the work to its end; what goes on behind it stays."""
        self._patience_until = self.time() + _PATIENCE_S
        return self.run_until_complete(work)

    def run_until(self, work: Coroutine[Any, Any, T], is_over: Callable[[], bool]) -> T | None:
        """Runs the work until it ends or until something is over, as at the death of a process; None then."""
        self._patience_until = self.time() + _PATIENCE_S
        task = self.create_task(work)
        task.add_done_callback(lambda _: self.stop())
        self._is_over = is_over
        try:
            self.run_forever()
        finally:
            self._is_over = _never
        return task.result() if task.done() else None

    def forget_all(self) -> None:
        """Drops whatever still goes on, without letting it do anything."""
        for task in self._tasks:
            if not task.done():
                task._log_destroy_pending = False  # type: ignore[attr-defined]
                with suppress(RuntimeError):
                    task.get_coro().close()
        self._tasks.clear()
        self._ready.clear()  # type: ignore[attr-defined]
        self._scheduled.clear()  # type: ignore[attr-defined]

    def _print_waiting(self) -> None:
        for task in self._tasks:
            if not task.done():
                task.print_stack()

    def _process_events(self, event_list: object) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody sleeps who would have to be woken."""


def _never() -> bool:
    return False
