"""What a model thinks, apart from its answer: over real sockets, from any cursor, over a crash, in what goes on."""

import asyncio
import json
from contextlib import suppress

import openai
import pytest
from yarl import URL

from server.assistants.chat_completions import ChatCompletions
from tests.integration.caller import Caller
from tests.integration.fault_matrix import thought
from tests.integration.raw_upstream import Act, RawUpstream, chunk, head
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.frames import check_whole, reasoning_of, text_of
from tests.server_process import ServerProcess

THOUGHTS = ["Let me ", "see. é", "😀"]
SAID = ["It is ", "so."]
CHUNKED = head(Transfer_Encoding="chunked")


def pieces(*events: bytes) -> list[bytes]:
    return [CHUNKED, *map(chunk, events)]


WHOLE = [*pieces(*map(thought, THOUGHTS), *map(delta, SAID), stop(), DONE), chunk(b"")]
HALF = pieces(thought("Let me "), thought("see."), delta("It is "))


@pytest.fixture
async def thinking():
    """Starts model servers with these scripts."""
    started = []

    async def start(*scripts):
        started.append(RawUpstream(scripts))
        await started[-1].start()
        return started[-1]

    yield start
    for one in started:
        await one.stop()


async def begun(line):
    """The frames until all of what `HALF` says is shown."""
    await line.create("hi")
    return await line.until(lambda got: (reasoning_of(got), text_of(got)) == ("Let me see.", "It is "))


async def test_every_cursor_has_the_rest(site, thinking):
    """What follows a cursor is told once, over the socket and over HTTP; items and the response have the whole."""
    upstream = await thinking(WHOLE)
    anna = (await site.start(ChatCompletions(upstream.url, models=["m"]), delta_window_s=0.0)).caller()
    line = await anna.line()
    frames = await line.turn("hi")
    response = check_whole(frames)
    assert (reasoning_of(frames), text_of(frames)) == ("".join(THOUGHTS), "".join(SAID))
    for cursor in range(-1, frames[-1]["sequence_number"]):
        behind = [frame for frame in frames if frame["sequence_number"] > cursor]
        path = f"/v1/responses/{response['id']}?stream=true&starting_after={cursor}"
        await line.send("verbatim:response.attach", response_id=response["id"], starting_after=cursor)
        for again in (await anna.stream("GET", path), await line.response()):
            assert (reasoning_of(again), text_of(again)) == (reasoning_of(behind), text_of(behind))
            assert again[-1] == frames[-1]
    items = (await anna.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items"))["data"]
    assert items[0]["verbatim:reasoning"] == "".join(THOUGHTS)
    assert (await anna.ask("GET", f"/v1/responses/{response['id']}"))["output"] == response["output"]


async def test_next_request_has_no_thoughts(site, thinking):
    """What was thought is no part of the conversation that goes to the model server."""
    upstream = await thinking(WHOLE)
    bodies = upstream.bodies
    anna = (await site.start(ChatCompletions(upstream.url, models=["m"]))).caller()
    line, conversation = await anna.line(), await anna.conversation()
    for _ in range(2):
        await line.turn("hi", conversation=conversation)
    assert [message["content"] for message in bodies[1]["messages"]] == ["hi", "".join(SAID), "hi"]


async def test_cancel_keeps_what_was_thought(site, thinking):
    """A stop in mid-thought leaves both as far as they were shown."""
    upstream = await thinking([*HALF, Act.STALL])
    anna = (await site.start(ChatCompletions(upstream.url, models=["m"]), delta_window_s=0.0)).caller()
    line = await anna.line()
    frames = await begun(line)
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    frames += await line.response()
    response = check_whole(frames)
    assert (response["status"], response["output"][1]["summary"][0]["text"]) == ("cancelled", "Let me see.")
    [kept] = (await site.sessions()).values()
    answer = json.loads(kept)["history"][1]
    assert (answer["content"], answer["reasoning"]) == ("It is ", "Let me see.")


async def test_answer_that_goes_on_keeps_what_was_thought(site, thinking):
    """The message has the thoughts of both responses, the former response its own, and each says the whole."""
    upstream = await thinking([*HALF, Act.END], [*pieces(thought(" Yes."), delta("so."), stop(), DONE), chunk(b"")])
    assistant = ChatCompletions(upstream.url, models=["m"], continues=True)
    anna = (await site.start(assistant, delta_window_s=0.0)).caller()
    line = await anna.line()
    former = check_whole(await line.turn("hi"))
    assert former["error"]["code"] == "upstream_cut"
    await line.send("response.create", **{"input": "", "verbatim:continue": former["id"]})
    frames = await line.response()
    kinds = [frame["type"] for frame in frames]
    assert frames[kinds.index("response.reasoning_summary_part.added")]["part"]["text"] == "Let me see."
    assert reasoning_of(frames) == " Yes."
    whole = frames[-1]["response"]
    assert [part["text"] for item in whole["output"] for part in item.get("content") or item["summary"]] == [
        "It is so.",
        "Let me see. Yes.",
    ]
    assert (await anna.ask("GET", f"/v1/responses/{former['id']}"))["output"] == former["output"]
    [kept] = (await site.sessions()).values()
    assert json.loads(kept)["history"][1]["reasoning"] == "Let me see. Yes."


async def test_client_of_others_reads_what_is_thought(site, thinking):
    """openai-python hears the deltas, and has the item at the end."""
    upstream = await thinking(WHOLE)
    await site.start(ChatCompletions(upstream.url, models=["m"]), delta_window_s=0.0)
    heard = ""
    async with (
        openai.AsyncOpenAI(base_url=str(site.url / "v1"), api_key="anna", max_retries=0) as client,
        client.responses.stream(model="m", input="hi") as stream,
    ):
        async for event in stream:
            if event.type == "response.reasoning_summary_text.delta":
                heard += event.delta
        response = await stream.get_final_response()
    message, reasoning = response.output
    assert (heard, response.output_text) == ("".join(THOUGHTS), "".join(SAID))
    assert (message.type, reasoning.type) == ("message", "reasoning")
    assert reasoning.type == "reasoning"
    assert reasoning.summary[0].text == heard


@pytest.mark.parametrize("script", [HALF, HALF[:3]], ids=["with text", "thoughts alone"])
async def test_what_was_shown_survives_a_kill(tmp_path, http, thinking, script):
    """After `kill -9` the answer stands as interrupted with every character of both that anybody was shown."""
    upstream = await thinking([*script, Act.STALL])
    server = ServerProcess(tmp_path / "data", VERBATIM_UPSTREAM_URL=upstream.url, VERBATIM_UPSTREAM_MODEL="m")
    await asyncio.to_thread(server.start)
    try:
        line = await Caller(http, URL(server.url), "anna").line()
        await line.create("hi")
        wanted = ("Let me see.", "It is " if len(script) > 3 else "")
        frames = await line.until(lambda got: (reasoning_of(got), text_of(got)) == wanted)
        server.kill()
        with suppress(AssertionError):
            await line.closed()
        await asyncio.to_thread(server.start)
        anna = Caller(http, URL(server.url), "anna")
        response = frames[0]["response"]
        items = (await anna.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items"))["data"]
        assert (items[0]["verbatim:reason"], items[0]["content"][0]["text"]) == ("interrupted", wanted[1])
        assert items[0]["verbatim:reasoning"] == wanted[0]
        line = await anna.line()
        cursor = frames[-1]["sequence_number"]
        await line.send("verbatim:response.attach", response_id=response["id"], starting_after=cursor)
        snapshot, final = await line.response()
        assert (snapshot["text"], final["response"]["output"][1]["summary"][0]["text"]) == (wanted[1], wanted[0])
    finally:
        server.kill()
