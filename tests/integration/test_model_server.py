"""A model server that others wrote (@copilotkit/aimock, from npm) behind all of Verbatim, in health and in chaos."""

import asyncio
import json
import re

import pytest

from server.assistants.chat_completions import ChatCompletions
from server.assistants.upstream_limits import UpstreamLimits
from tests.node import MODULES, node
from tests.server.frames import check_whole, reasoning_of, text_of

ANSWER = "Good morning, Käthe. 🌱 This comes in several pieces."
ARGUMENTS = '{"at":"the sky over Köln"}'
THOUGHTS = "She greets me; it is morning. 🌅"
FIXTURES = {
    "fixtures": [
        {"match": {"userMessage": "hello"}, "response": {"content": ANSWER}},
        {"match": {"userMessage": "think"}, "response": {"content": ANSWER, "reasoning": THOUGHTS}},
        {"match": {"userMessage": "look", "hasToolResult": True}, "response": {"content": ANSWER}},
        {"match": {"userMessage": "look"}, "response": {"toolCalls": [{"name": "look", "arguments": ARGUMENTS}]}},
    ]
}
LIMITS = UpstreamLimits(retry_wait_s=0.01, max_retry_wait_s=0.02)


@pytest.fixture
async def model_server(tmp_path):
    """Starts model servers; ends them by their ids."""
    started = []

    async def start(*options: str) -> str:
        fixtures = tmp_path / "fixtures.json"
        fixtures.write_text(json.dumps(FIXTURES))
        process = await asyncio.create_subprocess_exec(
            node(),
            str(MODULES / "@copilotkit" / "aimock" / "dist" / "cli.js"),
            *("--port", "0", "--fixtures", str(fixtures), *options),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        started.append(process)
        assert process.stdout
        said = ""
        async with asyncio.timeout(60):
            while (address := re.search(r"http://127\.0\.0\.1:\d+", said)) is None:
                line = await process.stdout.readline()
                assert line, said
                said += line.decode()
        return address[0] + "/v1"

    yield start
    for process in started:
        process.terminate()
        await process.wait()


async def test_turn_with_a_model_server(site, model_server):
    """A turn streams the model server's text to its end and keeps it."""
    assistant = ChatCompletions(await model_server("--chunk-size", "5"), models=["gpt-4o"], limits=LIMITS)
    caller = (await site.start(assistant)).caller()
    frames = await (await caller.line()).turn("hello")
    assert frames[-1]["type"] == "response.completed"
    assert "".join(frame["delta"] for frame in frames if frame["type"] == "response.output_text.delta") == ANSWER
    assert frames[-1]["response"]["model"] == "gpt-4o"
    (kept,) = (await site.sessions()).values()
    assert [message["content"] for message in json.loads(kept)["history"]] == ["hello", ANSWER]


async def test_turn_with_a_model_that_thinks(site, model_server):
    """What it thinks comes in pieces apart from the text, and both are kept."""
    assistant = ChatCompletions(await model_server("--chunk-size", "5"), models=["gpt-4o"], limits=LIMITS)
    caller = (await site.start(assistant, delta_window_s=0.0)).caller()
    frames = await (await caller.line()).turn("think")
    assert check_whole(frames)["status"] == "completed"
    assert (reasoning_of(frames), text_of(frames)) == (THOUGHTS, ANSWER)
    (kept,) = (await site.sessions()).values()
    answer = json.loads(kept)["history"][1]
    assert (answer["content"], answer["reasoning"]) == (ANSWER, THOUGHTS)


async def test_turn_with_a_model_that_calls_a_tool(site, model_server):
    """Its call comes in pieces and is handed out whole; with what that gave it answers."""
    assistant = ChatCompletions(await model_server("--chunk-size", "5"), models=["gpt-4o"], limits=LIMITS)
    line = await (await site.start(assistant)).caller().line()
    tools = [{"type": "function", "name": "look", "parameters": {"type": "object"}}]
    await line.send("response.create", input="look", tools=tools)
    response = (await line.response())[-1]["response"]
    call = response["output"][1]
    assert (call["type"], call["name"], call["arguments"]) == ("function_call", "look", ARGUMENTS)
    output = {"type": "function_call_output", "call_id": call["call_id"], "output": "Clear."}
    await line.send("response.create", input=[output], tools=tools, previous_response_id=response["id"])
    frames = await line.response()
    assert (frames[-1]["type"], text_of(frames)) == ("response.completed", ANSWER)


@pytest.mark.parametrize(
    ("chaos", "codes"),
    [
        ("--chaos-drop", {"upstream_error"}),
        ("--chaos-malformed", {"upstream_malformed", "upstream_error"}),
        ("--chaos-disconnect", {"upstream_cut", "upstream_unreachable"}),
        ("--chaos-ratelimit", {"upstream_rate_limited"}),
    ],
)
async def test_turn_with_a_model_server_in_chaos(site, model_server, chaos, codes):
    """A model server that always fails ends the turn as failed, with a reason; the question is kept."""
    assistant = ChatCompletions(await model_server(chaos, "1"), models=["gpt-4o"], limits=LIMITS)
    caller = (await site.start(assistant)).caller()
    frames = await (await caller.line()).turn("hello")
    assert frames[-1]["type"] == "response.failed"
    error = frames[-1]["response"]["error"]
    assert error["code"] in codes
    assert error["message"].startswith("The model server")
    (kept,) = (await site.sessions()).values()
    question, answer = json.loads(kept)["history"]
    assert (question["content"], answer["status"], answer["error"]) == ("hello", "failed", error)
