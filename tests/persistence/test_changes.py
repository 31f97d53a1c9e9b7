"""Changes under way, and the locks under them."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Disk, StorageError, StorageReadOnly
from persistence.changes import Changes
from persistence.journal import Journal
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
    assert locks._waiting == {}


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
    assert locks._waiting == {}


async def test_lock_is_free_after_an_error():
    """An exception inside gives the lock back."""
    locks = KeyedLocks()
    with pytest.raises(ZeroDivisionError):
        async with locks.hold("a"):
            raise ZeroDivisionError
    assert locks._waiting == {}


async def test_lock_goes_on_when_its_next_owner_gives_up():
    """A waiter that is cancelled in the moment in which it gets the lock hands it on."""
    locks, served = KeyedLocks(), []

    async def take(name: str) -> None:
        async with locks.hold("a"):
            served.append(name)

    async with locks.hold("a"):
        first, second = (asyncio.create_task(take(name)) for name in ("first", "second"))
        await asyncio.sleep(0)
    first.cancel()
    await asyncio.wait([first, second])
    assert first.cancelled()
    assert served == ["second"]
    assert locks._waiting == {}


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.booleans()), max_size=12))
def test_locks_exclude_each_other_whoever_gives_up(steps):
    """However many take a lock and give up at any moment, one has it at a time, and nothing of it stays."""

    async def play() -> None:
        locks, inside, most = KeyedLocks(), 0, 0

        async def take(turns: int) -> None:
            nonlocal inside, most
            async with locks.hold("a"):
                inside += 1
                most = max(most, inside)
                try:
                    for _ in range(turns):
                        await asyncio.sleep(0)
                finally:
                    inside -= 1

        tasks = []
        for turns, pause, gives_up in steps:
            tasks.append(asyncio.create_task(take(turns)))
            for _ in range(pause):
                await asyncio.sleep(0)
            if gives_up:
                tasks[len(tasks) // 2].cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert most <= 1
        assert locks._waiting == {}

    asyncio.run(play())


@pytest.fixture
async def journal(tmp_path):
    (tmp_path / "journal").mkdir()
    journal = Journal(tmp_path / "journal", Disk())
    await journal.begin(1)
    yield journal
    await journal.close()


async def test_drain_waits_for_all_that_is_under_way(journal):
    """The end waits for who holds a lock and for who waits for one, but not for who has given up."""
    changes, gate, done = Changes(journal), asyncio.Event(), []

    async def change(name: str) -> None:
        async with changes.hold("a"):
            await gate.wait()
            done.append(name)

    tasks = [asyncio.create_task(change(name)) for name in "abc"]
    await asyncio.sleep(0)
    draining = asyncio.create_task(changes.drain())
    await asyncio.sleep(0)
    tasks[1].cancel()
    await asyncio.sleep(0)
    assert not draining.done()
    gate.set()
    await draining
    assert done == ["a", "c"]
    await asyncio.wait(tasks)


async def test_closed_store_lets_nobody_in(journal):
    """After the end neither a change nor a look begins; the lock stays free."""
    changes = Changes(journal)
    await journal.close()
    for writes in (True, False):
        with pytest.raises(StorageError, match="closed"):
            async with changes.hold("a", writes=writes):
                pass
    assert changes.locks.users("a") == 0
    await changes.drain()


async def test_failed_sync_stops_the_next_in_line_but_not_the_readers(journal):
    """After a failed sync a change that waited is refused; what only looks goes on."""
    changes = Changes(journal)

    async def fail() -> None:
        async with changes.hold("a"):
            await asyncio.sleep(0)
            raise StorageReadOnly("append to", Path("x"), "no")

    async def look(writes: bool) -> int:
        async with changes.hold("a", writes=writes):
            return 7

    results = await asyncio.gather(fail(), look(True), look(False), return_exceptions=True)
    assert [type(result) for result in results] == [StorageReadOnly, StorageReadOnly, int]
    assert results[0] is not results[1]
    assert str(journal.fault) == "cannot append to x: no"


async def test_other_faults_stop_nobody(journal):
    """A refusal and a caller's own error leave the others alone."""
    changes = Changes(journal)
    for error in (StorageError("append to", Path("x"), "no"), ZeroDivisionError()):
        with pytest.raises(type(error)):
            async with changes.hold("a"):
                raise error
    async with changes.hold("a"):
        assert journal.fault is None
