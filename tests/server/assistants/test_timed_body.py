"""One timer for a whole body: the limit moves, and counts only while somebody waits."""

import asyncio

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol

from server.assistants.timed_body import TimedBody

_HOUR_S = 3600.0


@pytest.fixture
async def content() -> StreamReader:
    loop = asyncio.get_running_loop()
    protocol = BaseProtocol(loop)
    protocol.connection_made(asyncio.Transport())
    return StreamReader(protocol, 1024, loop=loop)


async def _turns() -> None:
    """Lets the loop do what is due."""
    for _ in range(5):
        await asyncio.sleep(0)


def _now() -> float:
    return asyncio.get_running_loop().time()


async def test_a_limit_that_passes_ends_the_reading_for_good(content: StreamReader) -> None:
    """Whoever waits is told at once, and whoever reads on is told the same."""
    body = TimedBody(content, _now())
    for _ in range(2):
        with pytest.raises(TimeoutError):
            await body.read()


async def test_a_limit_that_moved_on_is_looked_at_when_the_timer_rings(content: StreamReader) -> None:
    """The timer rings at the first limit and ends nothing."""
    body = TimedBody(content, _now())
    body.until(_now() + _HOUR_S)
    reading = asyncio.ensure_future(body.read())
    await _turns()
    content.feed_data(b"token")
    assert await reading == b"token"
    body.close()


async def test_a_limit_that_is_nearer_counts_at_once(content: StreamReader) -> None:
    """A timer that was set for later does not put it off."""
    body = TimedBody(content, _now() + _HOUR_S)
    reading = asyncio.ensure_future(body.read())
    await _turns()
    body.until(_now())
    with pytest.raises(TimeoutError):
        await reading


async def test_a_limit_that_passes_while_nobody_waits_costs_nothing(content: StreamReader) -> None:
    """What came while the reader was busy is read."""
    body = TimedBody(content, _now())
    await _turns()
    content.feed_data(b"token")
    assert await body.read() == b"token"
    body.close()


async def test_what_came_while_the_loop_was_held_up_goes_first(content: StreamReader) -> None:
    """The bytes and the timer are found in the same turn of the loop: the reading goes on under the next limit."""
    body = TimedBody(content, _now())
    reading = asyncio.ensure_future(body.read())
    asyncio.get_running_loop().call_soon(content.feed_data, b"token")
    assert await reading == b"token"
    body.until(_now() + _HOUR_S)
    content.feed_data(b"more")
    assert await body.read() == b"more"
    body.close()


async def test_a_closed_body_has_no_timer(content: StreamReader) -> None:
    """It rings no more."""
    body = TimedBody(content, _now())
    body.close()
    reading = asyncio.ensure_future(body.read())
    await _turns()
    content.feed_eof()
    assert await reading == b""
