"""Function tools that a client runs: over real sockets, with the Agents SDK, in the file and after a restart."""

import asyncio
import json

import pytest
from agents import Agent, ModelSettings, OpenAIResponsesModel, Runner, function_tool, set_tracing_disabled
from openai import AsyncOpenAI
from yarl import URL

from server.assistants.chat_completions import ChatCompletions
from tests.integration.caller import Caller
from tests.integration.fault_matrix import thought
from tests.integration.raw_upstream import RawUpstream, chunk, head
from tests.server.assistants.completions import DONE, USAGE, delta, event, stop
from tests.server.frames import check_response, check_whole, text_of
from tests.server_process import ServerProcess

TOOL = {
    "type": "function",
    "name": "weather",
    "description": "What the weather is like.",
    "parameters": {"type": "object", "properties": {"place": {"type": "string"}}},
    "strict": False,
}


def called(call_id, *arguments, name="weather", place=0):
    """A call in pieces, as a model server sends it."""
    begun = {"index": place, "id": call_id, "type": "function", "function": {"name": name, "arguments": ""}}
    rest = [{"index": place, "function": {"arguments": piece}} for piece in arguments]
    return b"".join(event({"choices": [{"index": 0, "delta": {"tool_calls": [one]}}]}) for one in (begun, *rest))


def script(*events):
    return [head(Transfer_Encoding="chunked"), *map(chunk, events), chunk(b"")]


CALLING = script(called("call_1", '{"pla', 'ce":"Köln"}'), stop("tool_calls"), USAGE, DONE)
ANSWERING = script(delta("Rain, "), delta("as ever."), stop(), DONE)
ARGUMENTS = '{"place":"Köln"}'


@pytest.fixture
async def upstream(site):
    """A model server that calls a tool and then answers, behind a server."""
    upstream = RawUpstream([CALLING, ANSWERING])
    await upstream.start()
    await site.start(ChatCompletions(upstream.url, models=["m"]), delta_window_s=0.0)
    yield upstream
    await upstream.stop()


async def asked(line, text="Weather in Köln?", **more):
    """The frames of a turn that is offered the tool."""
    await line.send("response.create", input=text, tools=[TOOL], **more)
    return await line.response()


async def test_call_and_its_output(site, upstream):
    """The call comes whole, what it gave goes back in the same conversation, and the file has both."""
    anna = site.caller()
    line = await anna.line()
    frames = await asked(line)
    response = check_response(frames[-1]["response"])
    assert [frame["sequence_number"] for frame in frames] == list(range(len(frames)))
    assert [frame["type"].removeprefix("response.") for frame in frames[4:-4]] == [
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
    ]
    message, call = response["output"]
    assert (message["content"][0]["text"], call["type"], call["status"]) == ("", "function_call", "completed")
    assert (call["call_id"], call["name"], call["arguments"]) == ("call_1", "weather", ARGUMENTS)
    assert response["tools"] == [TOOL]
    output = {"type": "function_call_output", "call_id": "call_1", "output": "It rains."}
    frames = await asked(line, [output], previous_response_id=response["id"])
    assert (frames[-1]["type"], text_of(frames)) == ("response.completed", "Rain, as ever.")
    first, second = upstream.bodies
    function = {key: TOOL[key] for key in ("name", "description", "parameters", "strict")}
    assert (first["tools"], first["tool_choice"]) == ([{"type": "function", "function": function}], "auto")
    sent = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": ARGUMENTS}}
    assert second["messages"] == [
        {"role": "user", "content": "Weather in Köln?"},
        {"role": "assistant", "content": None, "tool_calls": [sent]},
        {"role": "tool", "tool_call_id": "call_1", "content": "It rains."},
    ]
    [kept] = (await site.sessions()).values()
    history = json.loads(kept)["history"]
    assert [(message["role"], message["content"]) for message in history] == [
        ("user", "Weather in Köln?"),
        ("assistant", ""),
        ("tool", "It rains."),
        ("assistant", "Rain, as ever."),
    ]
    assert history[1]["tool_calls"] == [{"call_id": "call_1", "name": "weather", "arguments": ARGUMENTS}]
    assert history[1]["status"] == "completed"
    items = (await anna.ask("GET", f"/v1/conversations/{response['conversation']['id']}/items?order=asc"))["data"]
    assert [item["type"] for item in items] == ["message", "message", "function_call_output", "message"]
    assert items[1]["verbatim:tool_calls"] == history[1]["tool_calls"]
    assert (items[2]["call_id"], items[2]["output"]) == ("call_1", "It rains.")
    assert (await anna.ask("GET", f"/v1/responses/{response['id']}"))["output"] == response["output"]


async def test_call_is_read_from_every_cursor(site, upstream):
    """Beside thoughts and text, the events of calls have their numbers, and are the same when they are made anew."""
    upstream.scripts[:] = [
        script(
            thought("Hm."),
            delta("Let me look."),
            called("c1", ARGUMENTS),
            called("c2", "{}", place=1),
            stop("tool_calls"),
            DONE,
        )
    ]
    anna = site.caller()
    frames = await asked(await anna.line())
    response = frames[-1]["response"]
    assert [item["type"] for item in response["output"]] == ["message", "reasoning", "function_call", "function_call"]
    added = [frame for frame in frames if frame["type"] == "response.output_item.added"]
    assert [frame["output_index"] for frame in added] == [0, 1, 2, 3]
    for cursor in range(-1, frames[-1]["sequence_number"]):
        path = f"/v1/responses/{response['id']}?stream=true&starting_after={cursor}"
        assert await anna.stream("GET", path) == frames[cursor + 1 :]


@pytest.mark.parametrize("arguments", ['{"pla', "[]"])
async def test_call_that_cannot_be_read_fails_the_answer(site, upstream, arguments):
    """A client is given no half of a call; the text so far is kept."""
    upstream.scripts[:] = [script(delta("Let me look."), called("c1", arguments), stop("tool_calls"), DONE)]
    frames = await asked(await site.caller().line())
    response = check_whole(frames)
    assert (response["status"], text_of(frames)) == ("failed", "Let me look.")
    assert response["error"]["code"] == "upstream_malformed"
    assert response["error"]["message"] == "The model server sent a call of a tool that cannot be read."
    assert len(response["output"]) == 1


async def test_output_without_its_call_is_refused(site, upstream):
    """What a tool gave belongs to a call of the conversation; else nothing is changed."""
    anna = site.caller()
    conversation = await anna.conversation()
    output = {"type": "function_call_output", "call_id": "call_9", "output": "?"}
    body = {"input": [output], "conversation": conversation}
    assert await anna.refused("POST", "/v1/responses", body) == (400, "invalid_value", "input")
    assert (await anna.items(conversation), upstream.bodies) == ([], [])


async def test_assistant_without_a_model_refuses_tools(anna):
    """It would never call them."""
    body = {"input": "hi", "model": "scribe", "tools": [TOOL]}
    assert await anna.refused("POST", "/v1/responses", body) == (400, "unsupported_parameter", "tools")


async def test_answer_to_an_output_survives_a_kill(tmp_path, http):
    """After `kill -9` in mid-answer the output is there, and behind it the answer as interrupted."""
    upstream = RawUpstream([CALLING, [*ANSWERING[:2]]])
    await upstream.start()
    server = ServerProcess(tmp_path / "data", VERBATIM_UPSTREAM_URL=upstream.url, VERBATIM_UPSTREAM_MODEL="m")
    await asyncio.to_thread(server.start)
    try:
        line = await Caller(http, URL(server.url), "anna").line()
        response = (await asked(line))[-1]["response"]
        output = {"type": "function_call_output", "call_id": "call_1", "output": "It rains."}
        await line.send("response.create", input=[output], tools=[TOOL], previous_response_id=response["id"])
        await line.text_shown("Rain, ")
        server.kill()
        await asyncio.to_thread(server.start)
        anna = Caller(http, URL(server.url), "anna")
        path = f"/v1/conversations/{response['conversation']['id']}/items?order=asc"
        items = (await anna.ask("GET", path))["data"]
        assert [item["type"] for item in items] == ["message", "message", "function_call_output", "message"]
        assert (items[3]["content"][0]["text"], items[3]["verbatim:reason"]) == ("Rain, ", "interrupted")
    finally:
        server.kill()
        await upstream.stop()


@pytest.mark.parametrize("is_streamed", [False, True])
async def test_agents_sdk_runs_a_tool(site, upstream, is_streamed):
    """The OpenAI Agents SDK calls its function, gives back what it gave, and has the answer."""
    set_tracing_disabled(True)
    ran = []

    @function_tool
    def weather(place: str) -> str:
        """What the weather is like."""
        ran.append(place)
        return "It rains."

    async with AsyncOpenAI(base_url=str(site.url / "v1"), api_key="anna", max_retries=0) as client:
        model = OpenAIResponsesModel("m", client)
        agent = Agent("a", instructions="Be brief.", model=model, tools=[weather], model_settings=ModelSettings())
        if is_streamed:
            result = Runner.run_streamed(agent, "Weather in Köln?")
            async for _ in result.stream_events():
                pass
        else:
            result = await Runner.run(agent, "Weather in Köln?")
    assert (ran, result.final_output) == (["Köln"], "Rain, as ever.")
    assert [message["role"] for message in upstream.bodies[1]["messages"]] == ["system", "user", "assistant", "tool"]
