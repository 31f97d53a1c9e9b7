"""Work that goes on to its end."""

import asyncio
import gc

import pytest

from persistence.finishing import finish


async def wait_and_return(go_on: asyncio.Event) -> str:
    await go_on.wait()
    return "done"


async def wait_and_raise(go_on: asyncio.Event) -> None:
    await go_on.wait()
    raise EOFError


async def test_outcome_is_that_of_the_work():
    """What it returns, or raises."""
    go_on = asyncio.Event()
    go_on.set()
    assert await finish(wait_and_return(go_on)) == "done"
    with pytest.raises(EOFError):
        await finish(wait_and_raise(go_on))


@pytest.mark.parametrize("work", [wait_and_return, wait_and_raise])
async def test_work_goes_on_without_whoever_has_begun_it(work):
    """A cancellation lets the caller go at once; an error that comes later is not reported as one that nobody heard."""
    reports: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reports.append(context))
    before, go_on = asyncio.all_tasks(), asyncio.Event()
    caller = asyncio.create_task(finish(work(go_on)))
    await asyncio.sleep(0)
    [inner] = asyncio.all_tasks() - before - {caller}
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert not inner.done()
    go_on.set()
    await asyncio.wait([inner])
    del inner, caller
    gc.collect()
    await asyncio.sleep(0)
    assert reports == []
