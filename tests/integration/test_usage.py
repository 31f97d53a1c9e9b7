"""What answers use, over real sockets: counted by the model server or estimated, priced, added up, kept."""

import asyncio
import json
import os
import subprocess
import sys

import pytest
from aiohttp.test_utils import TestServer
from yarl import URL

from tests.integration.caller import PATIENCE_S, Caller
from tests.server.assistants.completions import DONE, USAGE, delta, stop
from tests.server.assistants.fake_upstream import GOOD, Answer, FakeUpstream, Step
from tests.server_process import REPOSITORY, ServerProcess

FILE = """
[servers.home]
url = "{home}"
models = ["tiny"]

[servers.vendor]
url = "{vendor}"

[servers.vendor.prices]
tiny = {{ input = 2.5, output = 10.0, cached_input = 1.25 }}
"""
COUNTED = Answer([delta("Hello"), stop(), USAGE, DONE])
COST = {"micros": 79, "currency": "EUR"}
"""Of 5 tokens in, 3 of them cached, and 7 out: 2 × 2.5 + 3 × 1.25 + 7 × 10, to whole millionths."""


@pytest.fixture
async def served(tmp_path, http):
    """A model server without prices, one with, and a process in front of both; its settings are the operator's too."""
    upstreams = FakeUpstream(), FakeUpstream()
    servers = [TestServer(upstream.app()) for upstream in upstreams]
    for upstream, model_server in zip(upstreams, servers, strict=True):
        upstream.answers = [COUNTED]
        await model_server.start_server()
    home, vendor = (str(model_server.make_url("/v1")) for model_server in servers)
    file = tmp_path / "models.toml"
    file.write_text(FILE.format(home=home, vendor=vendor))
    process = ServerProcess(tmp_path / "data", VERBATIM_MODELS_FILE=str(file), VERBATIM_CURRENCY="EUR")
    await asyncio.to_thread(process.start)
    yield *upstreams, process, Caller(http, URL(process.url), "anna")
    await asyncio.to_thread(process.stop)
    for model_server in servers:
        await model_server.close()


def stats(process):
    """What the operator's tool says of the running server's data."""
    command = [sys.executable, "-m", "server", "stats", "--json", str(process.data_dir)]
    environ = {name: value for name, value in os.environ.items() if not name.startswith("VERBATIM_")}
    return json.loads(subprocess.run(command, cwd=REPOSITORY, env=environ, check=True, capture_output=True).stdout)


async def until_folded(path, responses):
    """Waits until the session's file has what the journal has."""
    async with asyncio.timeout(PATIENCE_S):
        while _spent_in(path).get("responses") != responses:  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.02)


def _spent_in(path):
    return json.loads(path.read_bytes())["session"].get("spent", {}) if path.exists() else {}


async def test_what_is_used_is_told_kept_and_added_up(served):
    """In the response, its item, the conversation, the file and the operator's figures, over a restart too."""
    home, _, process, anna = served
    line = await anna.line()
    await line.send("response.create", input="hi", model="vendor/tiny")
    first = (await line.response())[-1]["response"]
    assert (first["usage"]["input_tokens"], first["usage"]["output_tokens"]) == (5, 7)
    assert first["verbatim:cost"] == COST
    assert "verbatim:usage_estimated" not in first
    session_id = first["conversation"]["id"]
    home.answers = [GOOD]
    second = (await line.turn("and now?", model="tiny", conversation=session_id))[-1]["response"]
    assert (second["verbatim:usage_estimated"], second["usage"]["output_tokens"]) == (True, 2)
    assert "verbatim:cost" not in second
    plain = (await line.turn("thank you", model="scribe", conversation=session_id))[-1]["response"]
    assert (plain["usage"], "verbatim:usage_estimated" in plain) == (None, False)
    spent = {
        "input_tokens": 5 + second["usage"]["input_tokens"],
        "output_tokens": 9,
        "cached_tokens": 3,
        "reasoning_tokens": 2,
        "responses": 2,
        "estimated_responses": 1,
        "costs": [COST],
    }
    news = [frame["conversation"] for frame in line.news if frame["type"] == "verbatim:conversation.updated"]
    items = (await anna.ask("GET", f"/v1/conversations/{session_id}/items?order=asc"))["data"]
    assert [item.get("verbatim:usage", {}).get("estimated") for item in items] == [None, False, None, True, None, None]
    assert items[1]["verbatim:usage"]["cost"] == COST
    assert any(conversation.get("verbatim:usage") == spent for conversation in news)
    path = process.data_dir / f"session_{session_id}.json"
    await until_folded(path, 2)
    found = await asyncio.to_thread(stats, process)
    [of_anna] = found["spent_by_user"].values()
    assert (of_anna["costs"], of_anna["responses"], found["spent"]) == ({"EUR": 79}, 2, of_anna)
    await anna.ask("DELETE", f"/v1/responses/{first['id']}")
    process.kill()
    await asyncio.to_thread(process.start)
    again = await anna.ask("GET", f"/v1/conversations/{session_id}")
    assert again["verbatim:usage"] == spent


async def test_stopped_answer_is_estimated(served):
    """The model server was asked, and does not say any more what that took."""
    home, _, _, anna = served
    home.answers = [Answer([delta("Hello"), Step.STALL])]
    line = await anna.line()
    await line.create("hi", model="tiny")
    frames = await line.text_shown("Hello")
    await line.send("response.cancel", response_id=frames[0]["response"]["id"])
    response = (await line.response())[-1]["response"]
    assert (response["status"], response["verbatim:usage_estimated"]) == ("cancelled", True)
    assert response["usage"]["output_tokens"] == 2


async def test_turn_that_is_not_kept_says_what_it_used_all_the_same(served):
    """It adds to nothing: there is no conversation."""
    *_, anna = served
    response = (await (await anna.line()).turn("hi", model="vendor/tiny", store=False))[-1]["response"]
    assert (response["conversation"], response["verbatim:cost"]) == (None, COST)


async def test_what_is_asked_beside_turns_counts_apart(tmp_path, http):
    """A title costs what it costs: the conversation and the operator's figures have it, no response does."""
    upstream = FakeUpstream()
    upstream.answers = [COUNTED]
    model_server = TestServer(upstream.app())
    await model_server.start_server()
    file = tmp_path / "models.toml"
    url = str(model_server.make_url("/v1"))
    file.write_text(FILE.format(home=url, vendor=url))
    settings = {"VERBATIM_MODELS_FILE": str(file), "VERBATIM_CURRENCY": "EUR", "VERBATIM_MODEL_TITLES": "1"}
    process = ServerProcess(tmp_path / "data", **settings)
    await asyncio.to_thread(process.start)
    try:
        anna = Caller(http, URL(process.url), "anna")
        line = await anna.line()
        response = (await line.turn("hi", model="vendor/tiny"))[-1]["response"]
        shown = {}
        while "verbatim:usage_beside" not in shown:
            shown = (await line.next_of("verbatim:conversation.updated"))["conversation"]
        counts = {"input_tokens": 5, "output_tokens": 7, "cached_tokens": 3, "reasoning_tokens": 2}
        assert shown["verbatim:usage"] == {**counts, "responses": 1, "estimated_responses": 0, "costs": [COST]}
        assert shown["verbatim:usage_beside"] == {**counts, "requests": 1, "estimated_requests": 0, "costs": [COST]}
        assert (response["usage"]["output_tokens"], response["verbatim:cost"]) == (7, COST)
        process.kill()
        await asyncio.to_thread(process.start)
        again = await anna.ask("GET", f"/v1/conversations/{shown['id']}")
        assert again["verbatim:usage_beside"] == shown["verbatim:usage_beside"]
        found = await asyncio.to_thread(stats, process)
        assert (found["spent"]["responses"], found["spent_beside"]["costs"]) == (1, {"EUR": 79})
    finally:
        process.kill()
        await model_server.close()
