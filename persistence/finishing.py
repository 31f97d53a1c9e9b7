"""Work that goes on to its end, whoever waits for it.

Rule: what has begun is not left half done for a cancellation. Where nobody waits for it any more, nobody needs its
outcome: whoever has cancelled does the same work again, and hears then.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def finish(work: Coroutine[Any, Any, T]) -> T:
    """Does the work; returns what it returns.

    **Cancellation**: lets the caller go; the work goes on.
    """
    task = asyncio.create_task(work)
    task.add_done_callback(_hear)
    return await asyncio.shield(task)


def _hear(task: "asyncio.Task[Any]") -> None:
    """Takes notice of an error, which asyncio would report otherwise as nobody's."""
    if not task.cancelled():
        task.exception()
