"""A change whose caller has set itself a time that passes while the change is being written."""

import asyncio
from collections.abc import Awaitable
from typing import Any

import pytest

from tests.persistence.places import contents, record, said


async def test_time_that_passes_meanwhile_is_told_inside_of_its_block_and_nowhere_else(place, store):
    """The change is finished, the caller gets its timeout, and what it does behind that is not cancelled."""
    await store.create(record("s"))
    time_is_up = asyncio.Event()
    real = place.disk.run

    async def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        time_is_up.set()
        await asyncio.sleep(0)
        return await real(function, *args, **kwargs)

    place.disk.run = run
    with pytest.raises(TimeoutError):
        await in_time(store.append("s", [said("a")]), time_is_up)
    await asyncio.sleep(0)
    assert contents(await store.history("s")) == ["a"]


async def in_time(call: Awaitable[Any], time_is_up: asyncio.Event) -> None:
    """Makes a call under a limit that is reached once the event is set."""

    async def expire() -> None:
        await time_is_up.wait()
        limit.reschedule(asyncio.get_running_loop().time())

    async with asyncio.timeout(None) as limit:
        expiring = asyncio.create_task(expire())
        await call
    await expiring
