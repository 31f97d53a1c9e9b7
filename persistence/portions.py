"""Long work on the event loop, a little at a time.

Rule: no more than a portion is done between two looks at the event loop. A thread would not help where the work is not
done by the system: it keeps the interpreter's lock for up to 5 ms, and for the whole length of a call such as a split.
"""

import asyncio
from collections.abc import AsyncIterator, Generator, Iterable
from itertools import islice
from typing import TypeVar

T = TypeVar("T")

_PORTION = 500


async def in_portions(many: Iterable[T], size: int = _PORTION) -> AsyncIterator[list[T]]:
    """The same things in the same order, in lists; the event loop goes on between them.

    Args:
        size: How many each list holds at most.
    """
    rest = iter(many)
    while some := list(islice(rest, size)):
        yield some
        await asyncio.sleep(0)


async def step_by_step(steps: Generator[None, None, T]) -> T:
    """What the generator returns at its end; the event loop goes on between its steps."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        await asyncio.sleep(0)
