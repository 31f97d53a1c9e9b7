"""A store that somebody gives up closing, at each of its steps, and goes on using."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from persistence import StorageError
from tests.persistence.places import FilePlace, contents, record, said

_STEPS = 12
"""More than a close has hops to a thread."""


def cancelled_at(place: FilePlace, hop: int, task: Callable[[], asyncio.Task[None]]) -> None:
    """Cancels a task while its hop to a thread of this number is under way."""
    hops, real = 0, place.disk.run

    async def run(function: Any, *args: Any, **kwargs: Any) -> Any:
        nonlocal hops
        hops += 1
        if hops == hop:
            asyncio.get_running_loop().call_soon(task().cancel)
        return await real(function, *args, **kwargs)

    place.disk.run = run  # type: ignore[method-assign]


@pytest.mark.parametrize("step", ["close", "checkpoint"])
@pytest.mark.parametrize("hop", range(1, _STEPS))
async def test_store_whose_closing_was_cancelled_keeps_what_it_acknowledges(tmp_path, step, hop):
    """What is still taken is there at the next start; the journal stays one line of numbers."""
    place = FilePlace(tmp_path / "data")
    store = await place.open()
    await store.create(record("s"), [said("a")])
    await place.folded()
    cancelled_at(place, hop, lambda: task)
    task = asyncio.create_task(store.close() if step == "close" else store._checkpoints.make())
    with suppress(asyncio.CancelledError):
        await task
    expected = ["a"]
    with suppress(StorageError):
        await store.append("s", [said("b")])
        expected.append("b")
    again = await place.crash()
    assert contents(await again.history("s")) == expected
    await place.close()
