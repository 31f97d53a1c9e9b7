"""A conversation that is longer than its model takes in, end to end: what the model is told, what the response says of
it, and that nothing is lost."""

import asyncio

import pytest
from aiohttp.test_utils import TestServer

from server.assistants.chat_completions import ChatCompletions
from server.keys import SUMMARIES
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.fake_upstream import GOOD, Answer, FakeUpstream, error_answer

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
    await site.start(ChatCompletions(url, models=["m"], context_tokens={"m": 3500}), context_summaries=True)
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


async def test_truncation_that_is_disabled(site, upstream):
    """The model is told all, and the response says what was asked for."""
    line = await site.caller().line()
    where = (await turn(line))["conversation"]["id"]
    second = await turn(line, conversation=where, truncation="auto")
    third = await turn(line, conversation=where, truncation="disabled")
    assert (second["truncation"], third["truncation"]) == ("auto", "disabled")
    assert "verbatim:left_out" not in third
    assert len(upstream.bodies[-1]["messages"]) == 5


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


SUMMARY = Answer([delta("They spoke of nothing but x."), stop(), DONE])


async def summarised(site, caller, conversation):
    """The conversation object, once all is summarised."""
    await asyncio.gather(*site.app[SUMMARIES]._tasks.values())
    return await caller.ask("GET", f"/v1/conversations/{conversation}")


async def begun(line, upstream):
    """The id of a conversation whose first turn is summarised when this returns or a moment later."""
    where = (await turn(line))["conversation"]["id"]
    await turn(line, conversation=where)
    upstream.answers = [GOOD, SUMMARY, GOOD]
    await turn(line, conversation=where)
    return where


async def test_what_was_left_out_is_summarised(site, upstream):
    """The conversation says up to where; the next prompt has it, after a restart too, and whoever renames keeps it."""
    caller = site.caller()
    where = await begun(await caller.line(), upstream)
    shown = await summarised(site, caller, where)
    through = (await items(caller, where))[-2]["id"]
    assert shown["verbatim:summary"] == {"text": "They spoke of nothing but x.", "through": through}
    assert "Summarise" in upstream.bodies[-1]["messages"][0]["content"]
    await caller.ask("POST", f"/v1/conversations/{where}", {"metadata": {"title": "X"}})
    assert "They spoke of nothing but x." in (await site.sessions())[f"session_{where}.json"].decode()
    line = await caller.line()
    await turn(line, conversation=where)
    told = upstream.bodies[-1]["messages"]
    assert told[0]["role"] == "system"
    assert told[0]["content"].endswith("in short:\nThey spoke of nothing but x.")
    assert len(await items(caller, where)) == 8


@pytest.mark.parametrize("removed", ["answer", "conversation"])
async def test_summary_goes_with_what_it_stands_for(site, upstream, removed):
    """Within two seconds no file has a word of it."""
    caller = site.caller()
    where = await begun(await caller.line(), upstream)
    assert (await summarised(site, caller, where))["verbatim:summary"]
    if removed == "answer":
        response = (await items(caller, where))[-2]["verbatim:response_id"]
        await caller.ask("DELETE", f"/v1/responses/{response}")
        assert "verbatim:summary" not in await caller.ask("GET", f"/v1/conversations/{where}")
    else:
        await caller.ask("DELETE", f"/v1/conversations/{where}")
    await site.forgets("They spoke")
