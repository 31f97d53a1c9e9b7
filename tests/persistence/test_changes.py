"""Changes under way, and the locks under them."""

import asyncio
from pathlib import Path

import pytest

from persistence import StorageError, StorageReadOnly
from persistence.changes import Changes
from persistence.locks import KeyedLocks


async def test_locks_are_given_in_order_and_forgotten():
    """Who waits first is served first, and an unused lock costs nothing."""
    locks, served = KeyedLocks(), []

    async def take(number: int) -> None:
        async with locks.hold("a"):
            served.append(number)
            await asyncio.sleep(0)

    await asyncio.gather(*map(take, range(5)))
    assert served == [0, 1, 2, 3, 4]
    assert locks.users("a") == 0
    assert locks._locks == {}


async def test_lock_is_free_after_a_waiter_gave_up():
    """A waiter that is cancelled leaves no trace, and the next one is served."""
    locks = KeyedLocks()
    async with locks.hold("a"):
        waiter = asyncio.create_task(locks.hold("a").__aenter__())
        await asyncio.sleep(0)
        assert locks.users("a") == 2
        waiter.cancel()
        await asyncio.wait([waiter])
        assert locks.users("a") == 1
        async with locks.hold("b"):
            assert locks.users("b") == 1
    assert locks._locks == {}


async def test_lock_is_free_after_an_error():
    """An exception inside gives the lock back."""
    locks = KeyedLocks()
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("a"):
            raise ZeroDivisionError
    assert locks._locks == {}


async def test_close_waits_for_changes_of_cancelled_callers():
    """What has begun is finished before the end, though nobody waits for it, even if the end itself is cancelled."""
    changes, gate, done = Changes(Path("x")), asyncio.Event(), []

    async def change() -> None:
        await gate.wait()
        done.append(1)

    caller = asyncio.create_task(changes.run("a", change))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    caller.cancel()
    closing = asyncio.create_task(changes.close())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([caller, closing])
    assert done == []
    gate.set()
    await changes.close()
    assert done == [1]
    with pytest.raises(StorageError, match="closed"):
        await changes.run("a", change)


async def test_failed_sync_stops_the_next_in_line_but_not_the_readers():
    """After a failed sync a change that waited is refused; what only looks goes on."""
    changes = Changes(Path("x"))

    async def fail() -> None:
        raise StorageReadOnly("append to", Path("x"), "no")

    async def look() -> int:
        return 7

    results = await asyncio.gather(
        changes.run("a", fail), changes.run("a", look), changes.run("a", look, writes=False), return_exceptions=True
    )
    assert [type(result) for result in results] == [StorageReadOnly, StorageReadOnly, int]
    assert str(changes.fault) == "cannot append to x: no"
