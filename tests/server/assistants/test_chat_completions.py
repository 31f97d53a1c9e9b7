"""Chat completions against a real server on a real socket: what is sent, and what every end and fault becomes."""

import asyncio

import pytest

from persistence import Fact
from server.assistants.base import UNNAMED, Finish, Usage
from server.assistants.chat_completions import ChatCompletions
from server.assistants.upstream_limits import UpstreamLimits
from server.errors import AssistantFailed
from tests.server.assistants.assistant_contract import AssistantContract
from tests.server.assistants.completions import DONE, USAGE, delta, event, stop
from tests.server.assistants.fake_upstream import GOOD, KEY, Answer, Step, error_answer, outcome
from tests.server.assistants.prompts import collect, prompt_of

BEGINS_NOT = UpstreamLimits(first_token_timeout_s=1.0)
"""The one short limit is that on what does not come; this one runs while the request is still on its way."""
GOES_ON_NOT = UpstreamLimits(token_timeout_s=0.1)
ENDS_NOT = UpstreamLimits(tail_timeout_s=0.1)
ERROR_ENDS_NOT = UpstreamLimits(error_timeout_s=0.1)


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
    await collect(connect(models=()), prompt_of("a", "b", "c", model="tiny", facts=facts, max_output_tokens=9))
    (body,) = upstream.bodies
    assert [message["role"] for message in body["messages"]] == ["system", "user", "assistant", "user"]
    assert "likes tea" in body["messages"][0]["content"]
    assert (body["model"], body["max_tokens"], body["stream"]) == ("tiny", 9, True)
    assert upstream.headers[0]["Authorization"] == f"Bearer {KEY}"


async def test_request_without_a_name_takes_the_servers_first(connect, upstream):
    """A prompt that names no model is the server's first one's."""
    upstream.answers = [GOOD]
    await collect(connect(models=()), prompt_of("hi", model=UNNAMED))
    assert upstream.bodies[0]["model"] == "tiny"


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
    assert await outcome(connect(ENDS_NOT)) == ("Hello", Finish("stop"))


STALLS = {
    "a stall before the first piece": BEGINS_NOT,
    "a role and then a stall": BEGINS_NOT,
    "a stall after the first piece": GOES_ON_NOT,
    "400 that stalls": ERROR_ENDS_NOT,
}
"""The limits of those faults that are nothing but silence."""

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
    "401": (error_answer(401, f"bad key {KEY}"), "", "upstream_error", "(401)"),
    "404": (error_answer(404, "model 'm' not found"), "", "upstream_error", "model 'm' not found"),
    "307": (Answer([], 307, {"Location": "http://127.0.0.1:1/"}), "", "upstream_error", "elsewhere (307)"),
    "a key in an error": (error_answer(400, f"key {KEY} is odd"), "", "upstream_error", "key … is odd"),
    "an endless error": (error_answer(400, "long " * 1_000), "", "upstream_error", " …"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_fault_is_a_failure_with_the_text_so_far(connect, upstream, name):
    """Each fault ends the answer with its code and a sentence that names no key, and is not tried again."""
    answer, text, code, says = FAULTS[name]
    upstream.answers = [answer]
    got, failure = await outcome(connect(STALLS.get(name)))
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
    text, failure = await outcome(connect(GOES_ON_NOT))
    assert text == ""
    assert "silent" in failure.message


async def test_comments_do_not_keep_a_stall_alive(connect, upstream):
    """Comments that only keep the connection open do not count as an answer."""

    class Pings(list):
        def __iter__(self):
            while True:
                yield b": ping\n\n"

    upstream.answers = [Answer(Pings())]
    text, failure = await outcome(connect(BEGINS_NOT))
    assert (text, failure.code) == ("", "upstream_timeout")


async def test_chatter_behind_the_finish_reason_does_not_keep_the_answer_open(connect, upstream):
    """The usage is waited for as long as it may take, whatever else the server goes on to send."""

    class Chatter(list):
        def __iter__(self):
            yield from (delta("Hello"), stop())
            while True:
                yield USAGE

    upstream.answers = [Answer(Chatter())]
    async with asyncio.timeout(60):
        found = await outcome(connect(ENDS_NOT))
    assert found == ("Hello", Finish("stop", Usage(5, 7, 3, 2)))


async def test_model_that_never_ends_is_cut_off(connect, upstream):
    """However fast it goes on, its answer ends with what there is, and the connection is closed."""

    class Endless(list):
        def __iter__(self):
            while True:
                yield delta("again ")

    upstream.answers = [Answer(Endless())]
    async with asyncio.timeout(60):
        text, failure = await outcome(connect(UpstreamLimits(max_answer_chars=30_000)))
    assert (text, failure.code) == ("again " * 5001, "upstream_error")
    assert "after 30,000 characters" in failure.message
