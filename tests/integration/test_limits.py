"""Sockets and turns, of one user and in all: whoever would be one too many is told so, and what is there goes on."""

import asyncio

import pytest

from server.assistants.base import Finish
from server.keys import CONDUCTOR
from server.response_routes import SOCKETS
from tests.integration.caller import PATIENCE_S, UPGRADE
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import check_whole


async def until(condition):
    """Waits, without hurry, for what happens in the server."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.005)


@pytest.mark.parametrize(
    ("limits", "status", "whose"), [({"max_sockets_per_user": 2}, 429, "anna"), ({"max_sockets": 2}, 503, "ben")]
)
async def test_one_socket_too_many(site, limits, status, whose):
    """The upgrade is refused, as often as it is tried; there is room again when another socket has gone."""
    await site.start(**limits)
    lines = [await site.caller("anna").line() for _ in range(2)]
    for _ in range(3):
        refusal = await site.caller(whose).refused("GET", "/v1/responses", headers=UPGRADE)
        assert refusal == (status, "too_many_sockets", None)
    if whose == "anna":
        lines.append(await site.caller("ben").line())
    for line in lines:
        await line.still_there()
    await lines[0].close()
    await until(lambda: len(site.app[SOCKETS]) < len(lines))
    check_whole(await (await site.caller(whose).line()).turn("hi"))


@pytest.mark.parametrize("sockets", ["open", "gone"])
@pytest.mark.parametrize(
    ("limits", "status", "whose"), [({"max_turns_per_user": 2}, 429, "anna"), ({"max_turns": 2}, 503, "ben")]
)
async def test_one_turn_too_many(site, limits, status, whose, sockets):
    """It is refused over the socket and over HTTP, whether those that run are read or not, until they have ended."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0, **limits)
    lines = [await site.caller("anna").line() for _ in range(2)]
    for line in lines:
        await line.create("hi")
        await line.text_shown("a")
        if sockets == "gone":
            await line.close()
    await until(lambda: sockets == "open" or not site.app[SOCKETS])
    caller = site.caller(whose)
    line = await caller.line()
    await line.create("no", stream_id="s")
    error = await line.next_of("error")
    assert (error["status"], error["stream_id"]) == (status, "s")
    assert (error["error"]["code"], error["error"]["param"]) == ("too_many_turns", None)
    assert "2 turns" in error["error"]["message"]
    assert await caller.refused("POST", "/v1/responses", {"input": "no"}) == (status, "too_many_turns", None)
    if whose == "anna":
        asking = asyncio.create_task(site.caller("ben").ask("POST", "/v1/responses", {"input": "yes"}))
        await until(lambda: len(list(site.app[CONDUCTOR]._running)) == 3)
    rest.set()
    for one in lines if sockets == "open" else ():
        assert (await one.response())[-1]["response"]["status"] == "completed"
    await until(lambda: not list(site.app[CONDUCTOR]._running))
    check_whole(await line.turn("later"))
    if whose == "anna":
        assert (await asking)["status"] == "completed"


async def test_turns_that_wait_for_their_time_on_a_socket_count_too(site):
    """What waits behind another turn of its stream is one of its user's turns; those that were taken are answered."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0, max_turns_per_user=4)
    anna = site.caller()
    lines = [await anna.line() for _ in range(2)]
    for line in lines:
        for number in range(3):
            await line.create(str(number))
        if line is lines[0]:
            await line.still_there()
    refused = await lines[1].until(lambda frames: [frame["type"] for frame in frames].count("error") == 2)
    codes = [frame["error"]["code"] for frame in refused if frame["type"] == "error"]
    assert codes == ["too_many_turns"] * 2
    assert (await anna.refused("POST", "/v1/responses", {"input": "no"}))[:2] == (429, "too_many_turns")
    rest.set()
    for line, count in zip(lines, (3, 1), strict=True):
        for _ in range(count):
            assert (await line.response())[-1]["response"]["status"] == "completed"
    check_whole(await lines[1].turn("later"))
    lined_up = site.app[CONDUCTOR].lined_up
    assert (lined_up._count, lined_up._places) == (0, {})
