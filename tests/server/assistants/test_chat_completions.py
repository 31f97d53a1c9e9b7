"""Chat completions against a real server on a real socket: what is sent, what every fault becomes, what is let go."""

import asyncio
import json
import socket

import pytest

from persistence import Fact
from server.assistants.base import Finish, Usage
from server.assistants.chat_completions import ChatCompletions
from server.assistants.upstream_limits import UpstreamLimits
from server.errors import AssistantFailed
from tests.server.assistants.assistant_contract import AssistantContract
from tests.server.assistants.completions import DONE, USAGE, delta, event, stop
from tests.server.assistants.fake_upstream import Answer, FakeUpstream, Step
from tests.server.assistants.prompts import FakeMemory, collect, first_piece, prompt_of

KEY = "sk-very-secret"
SHORT = UpstreamLimits(first_token_timeout_s=0.1, token_timeout_s=0.1, tail_timeout_s=0.1, error_timeout_s=0.1)
GOOD = Answer([delta("He"), delta("llo"), stop(), DONE])


def error_answer(status: int, message: str = "no memory", **headers: str) -> Answer:
    return Answer([json.dumps({"error": {"message": message}}).encode()], status, headers, "application/json")


@pytest.fixture
def upstream():
    return FakeUpstream()


@pytest.fixture
def waits():
    """The seconds that were waited before repeated requests."""
    return []


@pytest.fixture
async def connect(aiohttp_server, upstream, waits):
    """Makes assistants in front of the upstream, and closes them."""
    server = await aiohttp_server(upstream.app())
    made = []

    async def sleep(wait_s):
        waits.append(wait_s)

    def make(limits=None, model="m", url=None, **rest):
        url = url or str(server.make_url("/v1"))
        made.append(ChatCompletions(url, KEY, model, limits=limits, sleep=sleep, **rest))
        return made[-1]

    yield make
    for assistant in made:
        await assistant.close()


async def outcome(assistant, prompt=None):
    """The text, then the end or the failure."""
    text = ""
    try:
        async for piece in assistant.reply(prompt or prompt_of("hi")):
            if isinstance(piece, Finish):
                return text, piece
            text += piece.text
    except AssistantFailed as failure:
        return text, failure
    raise AssertionError("an answer without an end")


class TestContract(AssistantContract):
    @pytest.fixture
    async def assistant(self, connect, upstream):
        upstream.answers = [GOOD]
        return connect()

    @pytest.fixture
    def long_prompt(self, upstream):
        # What comes in one read is one piece, so the pieces are kept apart by more than a read takes.
        upstream.answers = [Answer([delta("He"), b":" + b" " * 300_000 + b"\n", delta("llo"), stop(), DONE])]
        return prompt_of("hi")


async def test_request_has_the_history_and_what_is_remembered(connect, upstream):
    """The session goes with the request, and the key with its headers."""
    upstream.answers = [GOOD]
    facts = [Fact("f1", "likes tea", "2026-01-01T00:00:00Z")]
    await collect(connect(), prompt_of("a", "b", "c", model="tiny", facts=facts, max_output_tokens=9))
    (body,) = upstream.bodies
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert "likes tea" in body["messages"][0]["content"]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("tiny", 9, True)
    assert upstream.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_request_has_no_authorization_without_a_key(aiohttp_server, upstream):
    """A server that wants no key gets none."""
    upstream.answers = [GOOD]
    server = await aiohttp_server(upstream.app())
    assistant = ChatCompletions(str(server.make_url("/v1/")))
    assert (await outcome(assistant))[0] == "Hello"
    assert "Authorization" not in upstream.headers[0]
    await assistant.close()


async def test_answer_comes_with_its_usage(connect, upstream):
    """The tokens that the server counted come with the end."""
    upstream.answers = [Answer([delta("He"), delta("llo"), stop(), USAGE, DONE])]
    assert await outcome(connect()) == ("Hello", Finish("stop", Usage(5, 7, 3, 2)))


async def test_characters_split_over_reads_are_whole(connect, upstream):
    """One byte at a time gives the same text."""
    body = (delta("é😀") + stop() + DONE).replace(b"\n", b"\r\n")
    upstream.answers = [Answer([bytes([byte]) for byte in body])]
    assert await outcome(connect()) == ("é😀", Finish("stop"))


@pytest.mark.parametrize(
    "end", [[], [DONE], [Step.CUT], [Step.STALL], [DONE, Step.STALL], [b"data: {broken\n\n"]], ids=str
)
async def test_end_after_the_finish_reason_is_as_it_may(connect, upstream, end):
    """With a finish reason the answer is whole, whether the stream then ends, breaks or stalls."""
    upstream.answers = [Answer([delta("Hello"), stop(), *end])]
    assert await outcome(connect(SHORT)) == ("Hello", Finish("stop"))


FAULTS = {
    "cut before the first piece": (Answer([Step.CUT]), "", "upstream_cut", "broke"),
    "cut after the first piece": (Answer([delta("He"), Step.CUT]), "He", "upstream_cut", "broke"),
    "end without a finish reason": (Answer([delta("He")]), "He", "upstream_cut", "middle"),
    "done without a finish reason": (Answer([delta("He"), DONE]), "He", "upstream_cut", "middle"),
    "nothing at all": (Answer(), "", "upstream_cut", "middle"),
    "half an event": (Answer([delta("He"), b'data: {"choi']), "He", "upstream_cut", "middle"),
    "a broken chunk": (Answer([delta("He"), b"data: {broken\n\n"]), "He", "upstream_malformed", "not a chat"),
    "an error chunk": (Answer([delta("He"), event({"error": "no memory"})]), "He", "upstream_error", "no memory"),
    "an error body with 200": (error_answer(200), "", "upstream_error", "no memory"),
    "a web page with 200": (Answer([b"<html>"], content_type="text/html"), "", "upstream_malformed", "web page"),
    "a stall before the first piece": (Answer([Step.STALL]), "", "upstream_timeout", "begin"),
    "a role and then a stall": (Answer([delta("", role="assistant"), Step.STALL]), "", "upstream_timeout", "begin"),
    "a stall after the first piece": (Answer([delta("He"), Step.STALL]), "He", "upstream_timeout", "silent"),
    "a content filter": (Answer([delta("He"), stop("content_filter")]), "He", "upstream_error", "filter"),
    "400 with JSON": (error_answer(400), "", "upstream_error", "(400): no memory"),
    "400 with text": (Answer([b"Traceback: /srv/x.py"], 400), "", "upstream_error", "(400)."),
    "400 that stalls": (Answer([b"{", Step.STALL], 400), "", "upstream_error", "(400)."),
    "401": (error_answer(401, f"bad key {KEY}"), "", "upstream_error", "key (401)"),
    "404": (error_answer(404, "model 'm' not found"), "", "upstream_error", "model 'm' not found"),
    "307": (Answer([], 307, {"Location": "http://127.0.0.1:1/"}), "", "upstream_error", "elsewhere (307)"),
    "a key in an error": (error_answer(400, f"key {KEY} is odd"), "", "upstream_error", "key … is odd"),
    "an endless error": (error_answer(400, "long " * 1_000), "", "upstream_error", " …"),
}


@pytest.mark.parametrize(("answer", "text", "code", "says"), FAULTS.values(), ids=FAULTS)
async def test_fault_is_a_failure_with_the_text_so_far(connect, upstream, answer, text, code, says):
    """Each fault ends the answer with its code and a sentence that names no key, and is not tried again."""
    upstream.answers = [answer]
    got, failure = await outcome(connect(SHORT))
    assert isinstance(failure, AssistantFailed)
    assert (got, failure.code) == (text, code)
    assert says in failure.message
    assert KEY not in failure.message
    assert "127.0.0.1" not in failure.message
    assert "Traceback" not in failure.message
    assert len(failure.message) <= 400
    assert len(upstream.bodies) == 1


async def test_limit_of_tokens_is_an_end(connect, upstream):
    """An answer at the limit of tokens has ended, and says so."""
    upstream.answers = [Answer([delta("He"), stop("length"), DONE])]
    assert await outcome(connect()) == ("He", Finish("length"))


async def test_reasoning_keeps_the_answer_waiting(connect, upstream):
    """Reasoning is a sign of life and no text."""
    upstream.answers = [Answer([delta(None, reasoning_content="hm"), Step.STALL])]
    text, failure = await outcome(connect(SHORT))
    assert text == ""
    assert "silent" in failure.message


async def test_comments_do_not_keep_a_stall_alive(connect, upstream):
    """Comments that only keep the connection open do not count as an answer."""

    class Pings(list):
        def __iter__(self):
            while True:
                yield b": ping\n\n"

    upstream.answers = [Answer(Pings())]
    text, failure = await outcome(connect(SHORT))
    assert (text, failure.code) == ("", "upstream_timeout")


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
    assert "3600 seconds" in failure.message


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
    assert await connect(model="tiny").models() == ("tiny",)
    assert upstream.models_asked == 0


async def test_models_are_asked_for_and_kept_a_while(connect, upstream):
    """The server's models are listed in its order, and asked for again when they are old."""
    now = [0.0]
    assistant = connect(model=None, clock=lambda: now[0])
    assert await assistant.models() == ("tiny", "big")
    assert await assistant.models() == ("tiny", "big")
    assert upstream.models_asked == 1
    now[0] = 61.0
    await assistant.models()
    assert upstream.models_asked == 2


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
        await connect(UpstreamLimits(models_timeout_s=0.1), model=None).models()
    assert caught.value.code == code
    assert KEY not in caught.value.message
