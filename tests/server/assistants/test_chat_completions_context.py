"""A conversation that is longer than the model takes in, against a real server on a real socket."""

import asyncio
import json
from dataclasses import replace

import pytest

from persistence import Message
from server.assistants.base import Delta, Finish, LeftOut
from server.assistants.context_overflow import CODE
from server.assistants.context_window import prompt_tokens
from server.errors import AssistantFailed
from tests.server.assistants.completions import DONE, delta, event, stop
from tests.server.assistants.fake_upstream import GOOD, Answer, Step, error_answer, outcome
from tests.server.assistants.prompts import prompt_of
from tests.server.doubles import until

TURN = ("x" * 3000, "y" * 3000)
"""About 2,000 tokens."""
LONG = (*TURN * 3, "and now?")
TOO_LONG = "the request exceeds the available context size"


def listed(**sizes):
    data = [{"id": name, "max_model_len": tokens} for name, tokens in sizes.items()]
    return Answer([json.dumps({"data": data}).encode()], content_type="application/json")


async def replied(assistant, *contents, **rest):
    """The pieces of an answer."""
    return [piece async for piece in assistant.reply(prompt_of(*(contents or LONG), **rest))]


def asked(upstream):
    """How many messages each request had."""
    return [len(body["messages"]) for body in upstream.bodies]


async def test_what_fits_goes_whole(connect, upstream):
    """All of it, and nothing is said of that."""
    upstream.answers = [GOOD]
    pieces = await replied(connect(context_tokens={"m": 9000}))
    assert asked(upstream) == [7]
    assert not [piece for piece in pieces if isinstance(piece, LeftOut)]


async def test_oldest_turns_are_left_out(connect, upstream):
    """Of the configured size a quarter is the answer's; what is left out is told ahead of the answer."""
    upstream.answers = [GOOD]
    pieces = await replied(connect(context_tokens={"m": 6000}))
    assert pieces[0] == LeftOut(2)
    assert isinstance(pieces[1], Delta)
    assert asked(upstream) == [5]
    assert upstream.bodies[0]["messages"][-1]["content"] == "and now?"


@pytest.mark.parametrize(("most", "left_out"), [(100, 0), (2000, 2), (4800, 4), (7000, 6)])
async def test_answer_that_may_be_long_leaves_less_room(connect, upstream, most, left_out):
    """What was asked for as the answer's length is kept free."""
    upstream.answers = [GOOD]
    await replied(connect(context_tokens={"*": 7000}), max_output_tokens=most)
    assert asked(upstream) == [7 - left_out]


async def test_server_says_what_its_models_take_in(connect, upstream):
    """Where it lists them, and where it is smaller than what is configured."""
    upstream.answers, upstream.models = [GOOD], listed(m=6000, n=60_000)
    assistant = connect(models=(), context_tokens={"*": 9000})
    await assistant.models()
    await replied(assistant)
    await replied(assistant, model="n")
    assert asked(upstream) == [5, 7]


async def test_server_is_asked_for_the_size_of_a_configured_name(connect, upstream):
    """Nobody waits for that."""
    upstream.answers, upstream.models = [GOOD], listed(m=6000)
    assistant = connect(models=("m",))
    assert await assistant.models() == ("m",)
    await until(lambda: assistant._sizes.of("m"))
    await replied(assistant)
    assert asked(upstream) == [5]


@pytest.mark.parametrize("models", [error_answer(404), Answer([b"no list"]), Answer([b'{"data": [5]}'])], ids=str)
async def test_server_without_a_list_is_no_fault(connect, upstream, models):
    """A configured name needs none."""
    upstream.answers, upstream.models = [GOOD], models
    assistant = connect(models=("m",))
    await assistant.models()
    await assistant._list._asking
    assert (await outcome(assistant))[0] == "Hello"


async def test_close_waits_for_no_list(connect, upstream):
    """A server that does not answer is let go."""
    upstream.models = Answer([Step.STALL])
    assistant = connect(models=("m",))
    await assistant.models()
    await until(lambda: upstream.models_asked)
    await assistant.close()
    assert assistant._list._asking.cancelled()


REFUSED = {
    "as a status": error_answer(400, TOO_LONG),
    "as the server's own fault": error_answer(500, TOO_LONG),
    "within the stream": Answer([event({"error": {"message": TOO_LONG}}), DONE]),
    "as the only body": Answer([json.dumps({"error": TOO_LONG}).encode()], content_type="application/json"),
}


@pytest.mark.parametrize("refusal", REFUSED.values(), ids=REFUSED)
async def test_request_that_is_too_long_is_made_with_half(connect, upstream, waits, refusal):
    """Once, at once; and the next one is cut to what had room."""
    upstream.answers = [refusal, GOOD]
    assistant = connect()
    pieces = await replied(assistant)
    assert pieces[0] == LeftOut(4)
    assert pieces[-1] == Finish("stop")
    assert asked(upstream) == [7, 3]
    assert waits == []
    assert assistant._sizes.of("m") == pytest.approx(prompt_tokens(prompt_of(*LONG)) * 2 / 3, abs=2)
    await replied(assistant)
    assert asked(upstream) == [7, 3, 3]


async def test_refusal_that_says_the_size_is_believed(connect, upstream):
    """Half is not enough where the server says less, and the next request needs no refusal."""
    upstream.answers = [error_answer(400, "This model's maximum context length is 2000 tokens."), GOOD]
    assistant = connect()
    assert (await replied(assistant))[0] == LeftOut(6)
    await replied(assistant)
    assert asked(upstream) == [7, 1, 1]
    assert assistant._sizes.of("m") == 2000


async def test_what_may_not_be_left_out_is_told(connect, upstream):
    """Whatever is known of the model; and the refusal is the last word."""
    upstream.answers = [GOOD, error_answer(400, TOO_LONG)]
    assistant, prompt = connect(context_tokens={"m": 2000}), prompt_of(*LONG, may_leave_out=False)
    assert await outcome(assistant, prompt) == ("Hello", Finish("stop"))
    _, failure = await outcome(assistant, prompt)
    assert (failure.code, asked(upstream)) == (CODE, [7, 7])
    assert failure.message == f"The conversation is longer than the model can take in: {TOO_LONG}"


async def test_refusal_of_what_should_have_had_room(connect, upstream):
    """More is left out, which is told too; and an estimate that was too small for this model is not made again."""
    said = "This model's maximum context length is 9000 tokens."
    upstream.answers = [error_answer(400, said), GOOD]
    assistant = connect(context_tokens={"m": 6000})
    pieces = await replied(assistant)
    assert pieces[:2] == [LeftOut(2), LeftOut(6)]
    await replied(assistant)
    assert asked(upstream) == [5, 1, 1]


async def test_second_refusal_is_the_last(connect, upstream):
    """The person is told what to do about it, and nothing is learned of it."""
    upstream.answers = [error_answer(400, TOO_LONG)]
    assistant = connect()
    text, failure = await outcome(assistant, prompt_of(*LONG))
    assert isinstance(failure, AssistantFailed)
    assert (text, failure.code) == ("", CODE)
    assert "even without its older messages. Shorten the message" in failure.message
    assert asked(upstream) == [7, 3]
    assert assistant._sizes.of("m") is None


async def test_single_turn_is_not_sent_twice(connect, upstream):
    """Where nothing can be left out, the same request would have the same answer."""
    upstream.answers = [error_answer(400, TOO_LONG), GOOD]
    _, failure = await outcome(connect(), prompt_of("x" * 9000))
    assert failure.code == CODE
    assert len(upstream.bodies) == 1


@pytest.mark.parametrize("begun", [delta("He"), delta(None, reasoning="Hm.")], ids=["text", "thought"])
async def test_nothing_is_repeated_once_the_answer_has_begun(connect, upstream, begun):
    """The text is kept, and the answer has failed."""
    upstream.answers = [Answer([begun, event({"error": {"message": "Context size has been exceeded."}})]), GOOD]
    text, failure = await outcome(connect(), prompt_of(*LONG))
    assert failure.code == CODE
    assert "Shorten" not in failure.message
    assert text in ("He", "")
    assert len(upstream.bodies) == 1


async def test_refusals_say_nothing_of_the_servers_health(connect, upstream):
    """A server that refuses long requests is not taken for down."""
    upstream.answers = [error_answer(500, TOO_LONG)] * 20 + [GOOD]
    assistant = connect()
    for _ in range(10):
        await outcome(assistant, prompt_of(*LONG))
    assert await outcome(assistant) == ("Hello", Finish("stop"))


async def test_cancelled_repetition_closes_its_connection(connect, upstream):
    """The second request is let go like the first."""
    upstream.answers = [error_answer(400, TOO_LONG), Answer([delta("He"), Step.STALL])]
    task = asyncio.create_task(replied(connect()))
    await until(lambda: len(upstream.bodies) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await upstream.left.wait()


async def test_calls_of_tools_go_with_what_they_gave(connect, upstream):
    """A turn of tools is left out, or goes, as one."""
    upstream.answers = [Answer([delta("Rain."), stop(), DONE])]
    prompt = prompt_of(*LONG)
    calls = [{"call_id": "c1", "name": "weather", "arguments": "{}"}]
    turn: list[Message] = [
        {"role": "assistant", "content": "", "tool_calls": calls},
        {"role": "tool", "content": "Rain", "call_id": "c1"},
    ]
    prompt = replace(prompt, history=[*prompt.history, *turn])
    await outcome(connect(context_tokens={"m": 100}), prompt)
    assert [message["role"] for message in upstream.bodies[0]["messages"]] == ["user", "assistant", "tool"]
