"""A conversation that is longer than its model takes in, end to end: what the model is told, what the response says of
it, and that nothing is lost."""

import pytest
from aiohttp.test_utils import TestServer

from server.assistants.chat_completions import ChatCompletions
from tests.server.assistants.fake_upstream import GOOD, FakeUpstream, error_answer

LONG = "x" * 3000
TOO_LONG = error_answer(400, "the request exceeds the available context size")


@pytest.fixture
async def upstream(site):
    """A model server whose model takes in a few such messages, behind a server."""
    upstream = FakeUpstream()
    upstream.answers = [GOOD]
    model_server = TestServer(upstream.app())
    await model_server.start_server()
    url = str(model_server.make_url("/v1"))
    await site.start(ChatCompletions(url, models=["m"], context_tokens={"m": 3500}))
    yield upstream
    await model_server.close()


async def turn(line, text=LONG, **fields):
    """The response of a turn, as its end says."""
    await line.send("response.create", input=text, **fields)
    return (await line.response())[-1]["response"]


async def items(caller, conversation):
    return (await caller.ask("GET", f"/v1/conversations/{conversation}/items?limit=100"))["data"]


async def test_response_says_what_was_left_out(site, upstream):
    """The history stays whole; the response says how many messages the model was not told, after a restart too."""
    caller = site.caller()
    line = await caller.line()
    first = await turn(line)
    where = first["conversation"]["id"]
    second = await turn(line, conversation=where)
    assert "verbatim:left_out" not in {**first, **second}
    third = await turn(line, conversation=where)
    assert third["verbatim:left_out"] == 2
    assert [len(body["messages"]) for body in upstream.bodies] == [1, 3, 3]
    assert len(await items(caller, where)) == 6
    assert (await caller.ask("GET", f"/v1/responses/{third['id']}"))["verbatim:left_out"] == 2
    url = site.url
    await site.stop()
    await site.start(ChatCompletions(str(url), models=["m"]))
    assert (await site.caller().ask("GET", f"/v1/responses/{third['id']}"))["verbatim:left_out"] == 2


async def test_conversation_that_no_model_takes_in(site, upstream):
    """The person is told so; the question is kept, and a shorter one is answered."""
    caller = site.caller()
    line = await caller.line()
    where = (await turn(line))["conversation"]["id"]
    await turn(line, conversation=where)
    upstream.answers = [TOO_LONG]
    failed = await turn(line, conversation=where)
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "upstream_context_exceeded"
    assert "begin a new conversation" in failed["error"]["message"]
    assert failed["verbatim:left_out"] == 4
    upstream.answers = [GOOD]
    assert (await turn(line, "shorter", conversation=where))["status"] == "completed"
    assert len(await items(caller, where)) == 8
