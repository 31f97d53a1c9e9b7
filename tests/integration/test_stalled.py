"""Readers that stop reading: they are cut off in time, cost little, and nobody else notices."""

import asyncio
import json

import pytest
from yarl import URL

from tests.integration.caller import PATIENCE_S, Caller
from tests.integration.process_figures import eventually, memory_mib, open_sockets
from tests.integration.raw_line import RawLine
from tests.integration.transcript import Transcript, follow
from tests.server.frames import FINAL

READERS, STALLED = 200, 60
STALL_S = "4"
"""More than the others are kept from reading by a machine that is busy."""
GO_ON = 4
SIZE = 4096
"""Characters of one piece."""
MORE_MIB = 120
"""What a server may need more than for one reader: a copy of the answer for each one that stalls would be more."""


def pieces(count):
    return [f"{number:<{SIZE}}" for number in range(count)]


async def begin(server, http):
    """A user whose answer has begun, the socket that asked, and the response's id."""
    anna = Caller(http, URL(server.url), "anna")
    line = await anna.line()
    await line.create("hi")
    return anna, line, (await line.next_of("response.created"))["response"]["id"]


async def stalled_reader(server, response_id):
    """One that has had the beginning and reads nothing more."""
    line, shown = await RawLine.open(URL(server.url)), Transcript()
    await line.send("verbatim:response.attach", response_id=response_id)
    frames = line.frames()
    shown.hear(await anext(frames))
    return line, frames, shown


async def whole_text(line):
    """The text that a reader has at the end of the response; its frames are not looked at any closer."""
    text, number = "", -1
    async with asyncio.timeout(PATIENCE_S):
        async for message in line.ws:
            frame = json.loads(message.data)
            if frame["type"].startswith("response."):
                assert frame["sequence_number"] > number
                number = frame["sequence_number"]
            text += frame.get("delta", "")
            if frame["type"] in FINAL:
                return text
    return f"{len(text)} characters, and then the socket was closed"


async def test_one_of_two_hundred_stops_reading(recite, http):
    """It is cut off after its time, the others have every character, and it comes back with its cursor."""
    server, reciter = await recite(pieces(240), VERBATIM_SEND_TIMEOUT_S=STALL_S, VERBATIM_DELTA_WINDOW_S="0")
    anna, asking, response_id = await begin(server, http)
    lines = [asking, *[await anna.line() for _ in range(READERS - 2)]]
    for line in lines[1:]:
        await line.send("verbatim:response.attach", response_id=response_id)
    raw, frames, shown = await stalled_reader(server, response_id)
    reading = [asyncio.create_task(whole_text(line)) for line in lines]
    before, sockets = memory_mib(server), open_sockets(server)
    await reciter.say(200)
    await eventually(lambda: open_sockets(server) == sockets - 1)
    assert not any(task.done() for task in reading)
    await reciter.say()
    assert set(await asyncio.gather(*reading)) == {reciter.text}
    await shown.read(frames)
    assert shown.final is None
    assert raw.close_code in (None, 1013)
    await shown.read(follow(anna, response_id, shown.cursor, "socket"))
    shown.check_end()
    assert shown.text == reciter.text
    assert memory_mib(server, most=True) - before < MORE_MIB


@pytest.mark.parametrize("goes_on", [True, False])
async def test_stalled_readers_cost_little(recite, http, goes_on):
    """Sixty that read nothing of 4 MB cost no copies of it; who reads on has all of it, who does not is cut off."""
    settings = {"VERBATIM_SEND_TIMEOUT_S": "600" if goes_on else STALL_S, "VERBATIM_RETAINED_BYTES": "0"}
    server, reciter = await recite(pieces(1000), **settings)
    _, line, _ = await begin(server, http)
    await reciter.say()
    assert await whole_text(line) == reciter.text
    reciter.hush()
    _, line, response_id = await begin(server, http)
    sockets = open_sockets(server)
    stalled = [await stalled_reader(server, response_id) for _ in range(STALLED)]
    reading = asyncio.create_task(whole_text(line))
    before = memory_mib(server, most=True)
    await reciter.say()
    assert await reading == reciter.text
    assert memory_mib(server, most=True) - before < MORE_MIB
    if goes_on:
        await asyncio.gather(*[shown.read(frames) for _, frames, shown in stalled[:GO_ON]])
        assert {shown.text for *_, shown in stalled[:GO_ON]} == {reciter.text}
    else:
        await eventually(lambda: open_sockets(server) <= sockets)
        _, frames, shown = stalled[0]
        await shown.read(frames)
        assert shown.final is None
        assert reciter.text.startswith(shown.text)
