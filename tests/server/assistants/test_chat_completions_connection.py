"""Chat completions over a connection: when it is tried again, and when it is let go; and the list of models."""

import asyncio
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
        (error_answer(503), "upstream_error"),
        (None, "upstream_cut"),
    ],
    ids=["429", "500", "503", "hung up"],
)
async def test_fault_that_may_pass_is_tried_again(connect, upstream, waits, first, code):
    """A busy or broken server is asked again, twice at the most, and longer apart."""
    upstream.answers = [first, first, GOOD]
    assert await outcome(connect()) == ("Hello", Finish("stop"))
    assert waits == [0.5, 1.0]
    upstream.answers = [first]
    _, failure = await outcome(connect())
    assert failure.code == code
    assert len(upstream.bodies) == 6


async def test_retry_after_is_honoured_up_to_a_limit(connect, upstream, waits):
    """The server says how long to wait, but not for ever; the failure says what it asked for."""
    answers = [error_answer(429, **{"Retry-After": "1"}), error_answer(429, **{"Retry-After": "3600"})]
    upstream.answers = [*answers, answers[1]]
    _, failure = await outcome(connect())
    assert waits == [1.0, 5.0]
    assert "to wait 3600 s" in failure.message


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
    """Where a model is configured, it is the only one, and nobody is asked."""
    assert await connect(models=["tiny"]).models() == ("tiny",)
    assert upstream.models_asked == 0


async def test_models_are_those_that_the_server_lists(connect, upstream):
    """Without a configured name the server's models are on offer, in its order."""
    assert await connect(models=()).models() == ("tiny", "big")


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
    with pytest.raises(AssistantFailed) as caught:
        await connect(UpstreamLimits(models_timeout_s=0.1), models=()).models()
    assert caught.value.code == code
    assert KEY not in caught.value.message
