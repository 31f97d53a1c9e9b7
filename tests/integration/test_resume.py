"""Resuming from every cursor: while a response runs, after its end, and when its events are gone."""

import asyncio

import pytest

from server.assistants.base import Finish
from tests.server.doubles import ScriptedAssistant
from tests.server.frames import FINAL, check_rest, check_whole, text_of

PIECES = ["He", "llo ", "👩‍👩‍👧", "e\u0301 ", "שלום ", "日本", "\n```py\n", "\x00\x1f", "\u2028", "end"]
WHOLE = "".join(PIECES)


class Stepping(ScriptedAssistant):
    """Says one piece at each step, so that each is an event of its own."""

    def __init__(self):
        self.steps = asyncio.Semaphore(0)
        super().__init__()

    async def reply(self, prompt):
        for piece in PIECES:
            await self.steps.acquire()
            async for delta in ScriptedAssistant(piece).reply(prompt):
                yield delta
        yield Finish()

    async def go_on(self, line, pieces):
        """Lets out so many pieces, one event each; returns the frames."""
        frames = []
        for _ in range(pieces):
            self.steps.release()
            frames += await line.until(lambda got: got[-1]["type"] == "response.output_text.delta")
        return frames


async def attach(caller, response_id, after):
    line = await caller.line()
    fields = {} if after is None else {"starting_after": after}
    await line.send("verbatim:response.attach", response_id=response_id, **fields)
    return line


async def replay(caller, response_id, after, over):
    """What follows a cursor, to the end."""
    if over == "socket":
        line = await attach(caller, response_id, after)
        return await line.response()
    cursor = "" if after is None else f"&starting_after={after}"
    return await caller.stream("GET", f"/v1/responses/{response_id}?stream=true{cursor}")


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_resume_from_every_cursor_while_it_runs(site, over):
    """Prefix, replay and live part are the whole, frame by frame, from each cursor."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    await line.create("hi")
    frames = await assistant.go_on(line, 6)
    response_id = frames[0]["response"]["id"]
    cursors = [None, -1, *range(len(frames))]
    replays = [asyncio.create_task(replay(anna, response_id, after, over)) for after in cursors]
    frames += await assistant.go_on(line, 4)
    frames += await line.response()
    check_whole(frames)
    assert text_of(frames) == WHOLE
    for after, task in zip(cursors, replays, strict=True):
        check_rest(await task, frames, after)


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_resume_from_every_cursor_after_the_end(site, over):
    """The same when the response has ended and its events are still there."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    await line.create("hi")
    frames = await assistant.go_on(line, len(PIECES)) + await line.response()
    response_id = frames[0]["response"]["id"]
    for after in (None, *range(-1, len(frames) - 1)):
        check_rest(await replay(anna, response_id, after, over), frames, after)
    assert await anna.stream("GET", f"/v1/responses/{response_id}?stream=true&starting_after={len(frames) - 1}") == []


@pytest.mark.parametrize("over", ["socket", "http"])
async def test_resume_from_every_cursor_when_the_events_are_gone(site, over):
    """A snapshot and the final event take their place: what the client then shows is the whole."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0, retained_bytes=0)
    anna = site.caller()
    line = await anna.line()
    await line.create("hi")
    frames = await assistant.go_on(line, len(PIECES)) + await line.response()
    response_id = frames[0]["response"]["id"]
    for after in range(len(frames)):
        rest = await replay(anna, response_id, after, over)
        assert [frame["type"] for frame in rest] == ["verbatim:response.snapshot", "response.completed"]
        assert [frame["sequence_number"] for frame in rest] == [after + 1, after + 2]
        assert text_of(frames[: after + 1] + rest) == WHOLE
    for beginning in (None, -1):
        again = await replay(anna, response_id, beginning, over)
        assert check_whole(again)["output"] == frames[-1]["response"]["output"]


async def test_cursor_that_is_ahead(site):
    """A cursor that stands for no event yet is refused, and the socket's running reader goes on."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    await line.create("hi")
    frames = await assistant.go_on(line, 2)
    response_id = frames[0]["response"]["id"]
    await line.send("verbatim:response.attach", response_id=response_id, starting_after=len(frames), stream_id="s")
    error = await line.next()
    assert (error["error"]["code"], error["error"]["param"], error["stream_id"]) == (
        "invalid_value",
        "starting_after",
        "s",
    )
    path = f"/v1/responses/{response_id}?stream=true&starting_after="
    for cursor in (len(frames), 2**53 - 1, 2**53, "9" * 400, -2, "x", "", "1.5"):
        status, code, param = await anna.refused("GET", f"{path}{cursor}")
        assert (status, param) == (400, "starting_after")
        assert code in ("invalid_value", "invalid_type")
    frames += await assistant.go_on(line, 8) + await line.response()
    assert check_whole(frames)["status"] == "completed"


async def test_attach_on_the_socket_that_reads_already(site):
    """Without a cursor nothing is sent again; with one the socket begins again from there."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    line = await site.caller().line()
    await line.create("hi")
    frames = await assistant.go_on(line, 2)
    response_id = frames[0]["response"]["id"]
    await line.send("verbatim:response.attach", response_id=response_id)
    await line.still_there()
    frames += await assistant.go_on(line, 1)
    await line.send("verbatim:response.attach", response_id=response_id, starting_after=4)
    again = await line.next()
    assert (again["delta"], again["sequence_number"]) == (text_of(frames[5:]), frames[-1]["sequence_number"])
    frames += await assistant.go_on(line, 7) + await line.response()
    assert check_whole(frames)["status"] == "completed"


async def test_dropped_socket_does_not_stop_a_turn(site):
    """The client is gone without a goodbye; the answer goes on, is kept, and can be read from where it was left."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    line = await anna.line()
    await line.create("hi")
    frames = await assistant.go_on(line, 3)
    connection = line.ws._response.connection
    assert connection is not None
    assert connection.transport is not None
    connection.transport.abort()
    again = await attach(anna, frames[0]["response"]["id"], frames[-1]["sequence_number"])
    frames += await assistant.go_on(again, 7) + await again.response()
    assert check_whole(frames)["status"] == "completed"
    assert await anna.items(frames[0]["response"]["conversation"]["id"]) == [("user", "hi"), ("assistant", WHOLE)]


async def test_stream_whose_client_leaves_does_not_stop_a_turn(site):
    """The same over HTTP."""
    assistant = Stepping()
    await site.start(assistant, delta_window_s=0.0)
    anna = site.caller()
    url, body = f"{anna.url}v1/responses", {"input": "hi", "stream": True}
    async with anna.http.post(url, json=body, headers=anna.headers) as reply:
        line = await reply.content.readline()
        assert line == b"event: response.created\n"
        reply.close()
    [record] = (await anna.ask("GET", "/v1/conversations"))["data"]
    response_id = record["verbatim:running_response"]
    again = await attach(anna, response_id, None)
    frames = await assistant.go_on(again, 10) + await again.response()
    assert check_whole(frames)["status"] == "completed"


@pytest.mark.parametrize("text", ["300@0"])
async def test_many_readers_at_once(anna, text):
    """Twenty readers of one fast answer all get the same frames."""
    lines = [await anna.line() for _ in range(20)]
    await lines[0].create(text, model="metronome")
    first = await lines[0].next()
    for line in lines[1:]:
        await line.send("verbatim:response.attach", response_id=first["response"]["id"])
    whole = [first, *await lines[0].response()]
    check_whole(whole)
    for line in lines[1:]:
        assert await line.response() == whole
    assert whole[-1]["type"] in FINAL
