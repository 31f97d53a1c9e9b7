"""What a client asks of an answer reaches the model server; what cannot be honoured is refused, and changes nothing."""

import json
from typing import Any

import pytest
from aiohttp.test_utils import TestServer
from openai import AsyncOpenAI, BadRequestError

from server.assistants.chat_completions import ChatCompletions
from tests.server.assistants.completions import DONE, delta, stop
from tests.server.assistants.fake_upstream import Answer, FakeUpstream

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "integer"}},
    "required": ["a"],
    "additionalProperties": False,
}
FORMAT: Any = {"type": "json_schema", "name": "n", "schema": SCHEMA, "strict": True}


@pytest.fixture
async def upstream(site):
    """A model server that answers in JSON, behind a server."""
    upstream = FakeUpstream()
    upstream.answers = [Answer([delta('{"a":1}'), stop(), DONE])]
    model_server = TestServer(upstream.app())
    await model_server.start_server()
    await site.start(ChatCompletions(str(model_server.make_url("/v1")), models=["m"]))
    yield upstream
    await model_server.close()


async def test_parameters_reach_the_model_server(site, upstream):
    """A client that others wrote asks for effort and a schema; both go through, and the response says so."""
    async with AsyncOpenAI(base_url=str(site.url / "v1"), api_key="anna", max_retries=0) as client:
        response = await client.responses.create(
            input="hi", reasoning={"effort": "low"}, text={"format": FORMAT}, temperature=0.5, top_p=0.25
        )
    (body,) = upstream.bodies
    assert body["reasoning_effort"] == "low"
    named = {key: value for key, value in FORMAT.items() if key != "type"}
    assert body["response_format"] == {"type": "json_schema", "json_schema": named}
    assert (body["temperature"], body["top_p"]) == (0.5, 0.25)
    assert json.loads(response.output_text) == {"a": 1}
    assert response.reasoning
    assert response.reasoning.effort == "low"
    assert response.text
    assert response.text.format
    assert response.text.format.type == "json_schema"


async def test_json_object_reaches_the_model_server(site, upstream):
    """JSON without a schema is another form."""
    line = await site.caller().line()
    await line.send("response.create", input="hi", text={"format": {"type": "json_object"}})
    frames = await line.response()
    assert frames[-1]["response"]["text"] == {"format": {"type": "json_object"}}
    assert upstream.bodies[0]["response_format"] == {"type": "json_object"}


@pytest.mark.parametrize("model", ["scribe", "metronome"])
@pytest.mark.parametrize(
    ("asked", "param"),
    [
        ({"temperature": 0.5}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"instructions": "Be brief."}, "instructions"),
        ({"reasoning": {"effort": "low"}}, "reasoning.effort"),
        ({"text": {"format": {"type": "json_object"}}}, "text.format"),
        ({"text": {"format": FORMAT}}, "text.format"),
    ],
)
async def test_what_cannot_be_honoured_is_refused(anna, site, model, asked, param):
    """An assistant without a model says so before anything is kept."""
    body = {"input": "hi", "model": model, **asked}
    assert await anna.refused("POST", "/v1/responses", body) == (400, "unsupported_parameter", param)
    line = await anna.line()
    await line.send("response.create", **body)
    error = await line.next()
    assert (error["type"], error["error"]["code"], error["error"]["param"]) == ("error", "unsupported_parameter", param)
    assert model in error["error"]["message"]
    assert await site.sessions() == {}


async def test_client_is_told_what_cannot_be_honoured(anna, site):
    """A client that others wrote hears it as an error of its own."""
    async with AsyncOpenAI(base_url=str(site.url / "v1"), api_key="anna", max_retries=0) as client:
        with pytest.raises(BadRequestError, match=r"the model scribe cannot honour it"):
            await client.responses.create(input="hi", model="scribe", text={"format": {"type": "json_object"}})


@pytest.mark.parametrize("model", ["scribe", "metronome"])
async def test_what_asks_for_nothing_is_taken(anna, model):
    """A client that says what is so anyway need not know whom it talks to."""
    said = {"temperature": 1.0, "top_p": 1, "instructions": "", "tools": [], "text": {"format": {"type": "text"}}}
    response = await anna.ask("POST", "/v1/responses", {"input": "1@0", "model": model, **said})
    assert response["status"] == "completed"


@pytest.mark.usefixtures("upstream")
async def test_model_of_a_server_says_what_may_be_asked_of_it(site):
    """All that goes to a model server; to go on with an answer is not for each of them."""
    listed = await site.caller().ask("GET", "/v1/models")
    asked = ["instructions", "temperature", "top_p", "reasoning.effort", "text.format", "tools", "max_output_tokens"]
    assert [(model["id"], model["verbatim:parameters"]) for model in listed["data"]] == [("m", asked)]


async def test_built_in_model_says_what_may_be_asked_of_it(anna):
    """A client that keeps to the list is refused nothing."""
    listed = await anna.ask("GET", "/v1/models")
    assert {model["id"]: model["verbatim:parameters"] for model in listed["data"]} == {
        "scribe": ["max_output_tokens"],
        "metronome": ["max_output_tokens", "verbatim:continue"],
    }
