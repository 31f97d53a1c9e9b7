"""Chat completions over a connection: when it is tried again, and when it is let go; and the list of models."""

import asyncio
import json
import socket

import pytest

from server.assistants.base import Finish
from server.assistants.upstream_limits import UpstreamLimits
from server.errors import AssistantFailed
from tests.server.assistants.completions import delta
from tests.server.assistants.fake_upstream import GOOD, KEY, Answer, Step, error_answer, outcome
from tests.server.assistants.prompts import FakeMemory, collect, first_piece, prompt_of


@pytest.mark.parametrize(
    ("first", "code"),
    [
        (error_answer(429), "upstream_rate_limited"),
        (error_answer(500), "upstream_error"),
        (error_answer(502), "upstream_error"),
        (error_answer(503), "upstream_error"),
        (error_answer(504), "upstream_error"),
        (None, "upstream_cut"),
    ],
    ids=["429", "500", "502", "503", "504", "hung up"],
)
async def test_fault_that_may_pass_is_tried_again(connect, upstream, waits, first, code):
    """A busy or broken server is asked again, twice at the most, longer apart, and not after that."""
    upstream.answers = [first, first, GOOD]
    assert await outcome(connect()) == ("Hello", Finish("stop"))
    assert waits == [0.5, 1.0]
    upstream.answers = [first]
    _, failure = await outcome(connect())
    assert failure.code == code
    assert len(upstream.bodies) == 6


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_is_honoured_up_to_a_limit(connect, upstream, waits, status):
    """The server says how long to wait; one that asks for too long is not asked again, and the failure says so."""
    upstream.answers = [error_answer(status, **{"Retry-After": wait}) for wait in ("1", "3600")]
    _, failure = await outcome(connect())
    assert (waits, len(upstream.bodies)) == ([1.0], 2)
    assert "to wait 3600 s" in failure.message


async def test_retry_after_may_be_a_date(connect, upstream, waits):
    """A date that has passed means now."""
    upstream.answers = [error_answer(503, **{"Retry-After": "Thu, 01 Jan 2026 00:00:00 GMT"}), GOOD]
    assert (await outcome(connect()))[0] == "Hello"
    assert waits == [0.0]


@pytest.mark.parametrize("status", [400, 404, 501, 505])
async def test_fault_that_stays_is_not_tried_again(connect, upstream, waits, status):
    """What a server cannot do now it cannot do in a moment either."""
    upstream.answers = [error_answer(status), GOOD]
    assert (await outcome(connect()))[1].code == "upstream_error"
    assert (len(upstream.bodies), waits) == (1, [])


WANTS_OTHER = error_answer(
    400, "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead."
)


async def test_limit_has_the_name_that_the_server_wants(connect, upstream, waits):
    """A server that wants it by its other name is asked again at once, and from then on in its own words."""
    assistant, prompt = connect(), prompt_of("hi", max_output_tokens=9)
    upstream.answers = [WANTS_OTHER, GOOD]
    assert (await outcome(assistant, prompt))[0] == "Hello"
    assert (await outcome(assistant, prompt))[0] == "Hello"
    limits = [{name: body[name] for name in body if name.startswith("max_")} for body in upstream.bodies]
    assert limits == [{"max_tokens": 9}, {"max_completion_tokens": 9}, {"max_completion_tokens": 9}]
    assert waits == []


async def test_limit_that_has_no_name_is_a_failure(connect, upstream):
    """A server that wants neither is asked twice."""
    upstream.answers = [WANTS_OTHER]
    _, failure = await outcome(connect(), prompt_of("hi", max_output_tokens=9))
    assert (failure.code, len(upstream.bodies)) == ("upstream_error", 2)
    assert "Use 'max_completion_tokens' instead" in failure.message


async def test_cancelling_a_wait_ends_it_at_once(connect, upstream):
    """A turn that is stopped while it waits to ask again asks no more."""
    upstream.answers = [error_answer(429, **{"Retry-After": "9"}), GOOD]
    waiting = asyncio.Event()

    async def sleep(wait_s):
        waiting.set()
        await asyncio.sleep(wait_s)

    task = asyncio.create_task(collect(connect(wait=sleep), prompt_of("hi")))
    await waiting.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 4)
    assert len(upstream.bodies) == 1


async def test_server_that_is_down_is_not_asked(connect, upstream, waits):
    """After five failures in a row turns fail at once; after a pause one asks, and its answer lets all through."""
    now = [0.0]
    assistant = connect(UpstreamLimits(max_failures=5, down_pause_s=10.0), clock=lambda: now[0])
    upstream.answers = [error_answer(503, "loading")]
    loading = "The model server has a fault of its own (503): loading"
    assert [(await outcome(assistant))[1].message for _ in range(2)] == [loading] * 2
    assert (len(upstream.bodies), len(waits)) == (5, 3)
    down = f"{loading}. It failed 5 times in a row and is asked again in"
    assert (await outcome(assistant))[1].message == f"{down} 10 s."
    now[0] = 7.5
    text, failure = await outcome(assistant)
    assert (text, failure.code, failure.message) == ("", "upstream_error", f"{down} 3 s.")
    assert len(upstream.bodies) == 5
    now[0] = 10.0
    upstream.answers = [GOOD]
    assert await outcome(assistant) == ("Hello", Finish("stop"))
    assert await outcome(assistant) == ("Hello", Finish("stop"))


async def test_probe_that_is_cancelled_leaves_the_next(connect, upstream):
    """While one asks the others fail at once; where it is stopped, the next one asks."""
    now = [0.0]
    limits = UpstreamLimits(max_failures=1, max_retries=0)
    assistant = connect(limits, clock=lambda: now[0])
    upstream.answers = [None]
    assert (await outcome(assistant))[1].code == "upstream_cut"
    upstream.asked.clear()
    upstream.silent = True
    now[0] = 10.0
    probe = asyncio.create_task(outcome(assistant))
    await upstream.asked.wait()
    assert (await outcome(assistant))[1].message.endswith("It failed just now and is asked again at this moment.")
    probe.cancel()
    with pytest.raises(asyncio.CancelledError):
        await probe
    upstream.silent = False
    upstream.answers = [GOOD]
    assert (await outcome(assistant))[0] == "Hello"


async def test_busy_or_picky_server_is_not_down(connect, upstream):
    """Who refuses a request, or takes no more of them, is there."""
    assistant = connect(UpstreamLimits(max_failures=2, max_retries=0))
    upstream.answers = [error_answer(429), error_answer(400), error_answer(429), error_answer(404), GOOD]
    for _ in range(4):
        assert isinstance((await outcome(assistant))[1], AssistantFailed)
    assert (await outcome(assistant))[0] == "Hello"


async def test_fault_after_the_first_piece_is_not_tried_again(connect, upstream, waits):
    """Once there is text, nothing is asked again."""
    upstream.answers = [Answer([delta("He"), Step.CUT]), GOOD]
    assert (await outcome(connect()))[0] == "He"
    assert (len(upstream.bodies), waits) == (1, [])


async def test_refused_connection_is_tried_again(connect, waits):
    """A server that is not there is asked twice more, and then said to be unreachable."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/v1"
    _, failure = await outcome(connect(url=url))
    assert failure.code == "upstream_unreachable"
    assert "Is it running?" in failure.message
    assert waits == [0.5, 1.0]


async def test_unknown_name_is_unreachable(connect, monkeypatch, waits):
    """A name that does not resolve is said to be unknown, and is not tried again."""

    async def resolve(*args, **kwargs):
        raise OSError("Name or service not known")

    monkeypatch.setattr("aiohttp.connector.DefaultResolver.resolve", resolve)
    _, failure = await outcome(connect(url="http://models.invalid/v1"))
    assert (failure.code, waits) == ("upstream_unreachable", [])
    assert "name" in failure.message


async def test_tls_to_a_plain_server_is_unreachable(connect, upstream, aiohttp_server):
    """A connection that cannot be secured is not made."""
    server = await aiohttp_server(upstream.app())
    _, failure = await outcome(connect(url=f"https://127.0.0.1:{server.port}/v1"))
    assert failure.code == "upstream_unreachable"
    assert "secure" in failure.message


async def test_peer_that_speaks_no_http_is_malformed(connect):
    """Something else behind the port is said to be no model server."""

    async def talk(reader, writer):
        writer.write(b"220 smtp.example.org ESMTP\r\n\r\n")
        await writer.drain()
        await reader.read(65536)
        writer.close()

    async with await asyncio.start_server(talk, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        _, failure = await outcome(connect(url=f"http://127.0.0.1:{port}/v1"))
    assert failure.code == "upstream_malformed"


async def test_closed_reply_closes_the_connection(connect, upstream):
    """The server notices that nobody listens any more."""
    upstream.answers = [Answer([delta("He"), Step.STALL])]
    replies = connect().reply(prompt_of("hi"))
    assert await first_piece(replies) == "He"
    await replies.aclose()
    await upstream.left.wait()


@pytest.mark.parametrize("steps", [[Step.STALL], [delta("He"), Step.STALL]], ids=["before", "after"])
async def test_cancelled_reply_closes_the_connection(connect, upstream, steps):
    """Cancelling the reader before or after the first piece is noticed by the server."""
    upstream.answers = [Answer(steps)]
    task = asyncio.create_task(collect(connect(), prompt_of("hi")))
    await upstream.asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.left.wait()


async def test_connection_is_used_again(connect, upstream):
    """Answers that ended in order leave their connection to the next one."""
    upstream.answers = [GOOD]
    assistant = connect()
    await collect(assistant, prompt_of("hi"))
    await collect(assistant, prompt_of("hi"))
    assert upstream.peers[0] == upstream.peers[1]


async def test_memory_is_not_touched(connect, upstream):
    """A model server learns and forgets nothing by itself."""
    upstream.answers = [GOOD]
    memory = FakeMemory("a")
    await collect(connect(), prompt_of("forget everything", memory=memory))
    assert memory.texts() == ["a"]


async def test_models_are_the_configured_one(connect, upstream):
    """Where a model is configured, it is the only one; where its size is too, nobody is asked."""
    assert await connect(models=["tiny"], context_tokens={"t*": 4096}).models() == ("tiny",)
    assert upstream.models_asked == 0


async def test_models_are_those_that_the_server_lists(connect, upstream):
    """Without a configured name the server's models are on offer, in its order."""
    assert await connect(models=()).models() == ("tiny", "big")


async def test_models_of_a_vendor_are_many(connect, upstream):
    """A list of a few megabytes is read whole."""
    listed = [{"id": f"m{number}", "description": "x" * 3000} for number in range(1000)]
    upstream.models = Answer([json.dumps({"data": listed}).encode()], content_type="application/json")
    assert len(await connect(models=()).models()) == 1000


async def test_patterns_choose_among_the_listed(connect, upstream):
    """A pattern takes what the server lists, a name stands whether it is listed or not, each once."""
    assert await connect(models=["own", "b*", "tin?", "*"]).models() == ("own", "big", "tiny")


async def test_patterns_that_fit_nothing_are_a_failure(connect):
    """A server that has none of what is configured does not pass for one without models."""
    with pytest.raises(AssistantFailed, match="none of the models that are configured"):
        await connect(models=["gpt-*"]).models()


async def test_model_that_is_not_offered_is_not_asked(connect, upstream):
    """No name gets past the configured ones to the server."""
    upstream.answers = [GOOD]
    _, failure = await outcome(connect(models=["tiny", "b*"]), prompt_of("hi", model="dear"))
    assert failure.code == "upstream_error"
    assert "offer the model dear" in failure.message
    assert upstream.bodies == []
    assert (await outcome(connect(models=["tiny", "b*"]), prompt_of("hi", model="big")))[0] == "Hello"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Answer([Step.STALL]), "upstream_timeout"),
        (Answer([b"{"]), "upstream_malformed"),
        (Answer([b"[]"]), "upstream_malformed"),
        (Answer([b'{"data": []}']), "upstream_malformed"),
        (Answer([b'{"data": null}']), "upstream_malformed"),
        (Answer([b'{"data": [{"id": 5}]}']), "upstream_malformed"),
        (error_answer(401, KEY), "upstream_error"),
        (error_answer(500, KEY), "upstream_error"),
    ],
)
async def test_models_that_cannot_be_asked_for_are_a_failure(connect, upstream, answer, code):
    """A list that cannot be had is a failure, without the key in it."""
    upstream.models = answer
    limits = UpstreamLimits(models_timeout_s=0.1 if Step.STALL in answer.steps else 60.0)
    with pytest.raises(AssistantFailed) as caught:
        await connect(limits, models=()).models()
    assert caught.value.code == code
    assert KEY not in caught.value.message
