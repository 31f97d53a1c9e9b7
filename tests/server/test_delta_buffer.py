"""Text between an assistant and the log."""

import asyncio

from server.delta_buffer import DeltaBuffer


async def test_buffer_gives_what_gathered_in_one():
    """What was put before a take comes out as one text, in order."""
    buffer = DeltaBuffer()
    await buffer.put("a")
    await buffer.put("b")
    assert await buffer.take() == "ab"


async def test_buffer_gives_the_rest_and_then_the_end():
    """After the end the rest still comes, and then None, as often as asked."""
    buffer = DeltaBuffer()
    await buffer.put("a")
    buffer.end()
    assert [await buffer.take() for _ in range(3)] == ["a", None, None]


async def test_full_buffer_makes_its_producer_wait():
    """A producer waits while too much has gathered, and goes on after a take."""
    buffer = DeltaBuffer(max_chars=2)
    await buffer.put("abc")
    waiting = asyncio.create_task(buffer.put("d"))
    await asyncio.sleep(0)
    assert not waiting.done()
    assert await buffer.take() == "abc"
    await asyncio.wait_for(waiting, 1)
    assert await buffer.take() == "d"


async def test_empty_buffer_makes_its_consumer_wait():
    """A consumer waits for a piece, and then for the end."""
    buffer = DeltaBuffer()
    taking = asyncio.create_task(buffer.take())
    await asyncio.sleep(0)
    assert not taking.done()
    await buffer.put("a")
    assert await asyncio.wait_for(taking, 1) == "a"
    taking = asyncio.create_task(buffer.take())
    await asyncio.sleep(0)
    assert not taking.done()
    buffer.end()
    assert await asyncio.wait_for(taking, 1) is None
