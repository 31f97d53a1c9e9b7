"""The body of an answer, without a connection."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.assistants.base import Finish, Usage
from server.assistants.completion_stream import CompletionStream
from server.assistants.tool_calls import ToolCall
from server.errors import AssistantFailed
from tests.server.assistants.completions import DONE, USAGE, delta, event, stop

WHOLE = json.dumps({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}).encode()
ERROR = {"error": {"message": "out of memory", "type": "server_error"}}


def read(*chunks: bytes, max_event_bytes: int = 10_000) -> tuple[str, Finish | str, str]:
    """The text, then the end or the failure's code, and its sentence."""
    stream = CompletionStream(max_event_bytes)
    text = "".join(stream.feed(chunk) for chunk in chunks) + stream.end()
    try:
        return text, stream.outcome(), ""
    except AssistantFailed as failure:
        return text, failure.code, failure.message


STOP, LENGTH = Finish("stop"), Finish("length")


@pytest.mark.parametrize(
    ("body", "text", "end"),
    [
        (delta("He") + delta("llo") + stop() + DONE, "Hello", STOP),
        (delta("He") + delta("llo", "stop") + DONE, "Hello", STOP),
        (delta("He") + stop("length") + DONE, "He", LENGTH),
        (delta("He") + stop("eos_token") + DONE, "He", STOP),
        (stop() + DONE, "", STOP),
        (delta("He") + stop() + USAGE + DONE, "He", Finish("stop", Usage(5, 7, 3, 2))),
        (delta("He") + stop() + USAGE, "He", Finish("stop", Usage(5, 7, 3, 2))),
        (USAGE + delta("He") + stop(), "He", Finish("stop", Usage(5, 7, 3, 2))),
        (delta(None, role="assistant") + delta("He") + stop(), "He", STOP),
        (delta("", reasoning_content="hm") + delta(None, reasoning="hm") + delta("He") + stop(), "He", STOP),
        (event({"choices": [{"delta": None}]}) + event({}) + delta("He") + stop(), "He", STOP),
        (delta("He", "") + stop(), "He", STOP),
        (b": ping\n\n" + (delta("é😀") + stop() + DONE).replace(b"\n", b"\r\n"), "é😀", STOP),
        ((delta("He") + stop()).rstrip(), "He", STOP),
        (delta("He") + stop() + b"data: {broken\n\n" + event(ERROR), "He", STOP),
        (delta("He") + stop() + b"x" * 20_000, "He", STOP),
        (delta("He") + event({"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": {"a": 1}}), "He", STOP),
        (WHOLE, "Hello", STOP),
        (b"\n " + WHOLE, "Hello", STOP),
    ],
)
def test_answer_with_a_finish_reason_is_whole(body, text, end):
    """A finish reason makes an answer whole, whatever is missing or wrong behind it."""
    assert read(body)[:2] == (text, end)


@pytest.mark.parametrize("name", ["prompt_tokens", "completion_tokens", "prompt_tokens_details"])
@pytest.mark.parametrize("odd", [-1, "-1", 1 << 53, "9" * 30, 1e300, "x", [5]])
def test_count_that_cannot_be_is_none(name, odd):
    """A number that no file could hold does not cost the answer, nor does any other odd one."""
    counts = {"prompt_tokens": 5, "completion_tokens": 7, name: odd}
    if name == "prompt_tokens_details":
        counts[name] = {"cached_tokens": odd}
    assert read(delta("He") + stop() + event({"choices": [], "usage": counts}))[:2] == ("He", STOP)


@pytest.mark.parametrize(
    ("body", "text", "code", "says"),
    [
        (b"", "", "upstream_cut", "middle of the answer"),
        (DONE, "", "upstream_cut", "middle of the answer"),
        (delta("He"), "He", "upstream_cut", "middle of the answer"),
        (delta("He") + DONE, "He", "upstream_cut", "middle of the answer"),
        (delta("He") + DONE + stop(), "He", "upstream_cut", "middle of the answer"),
        (delta("He") + delta("llo")[:-9], "He", "upstream_cut", "middle of the answer"),
        (delta("He") + b"data: {broken\n\n" + stop(), "He", "upstream_malformed", "not a chat completion"),
        (delta("He") + b"data: [1]\n\n", "He", "upstream_malformed", "not a chat completion"),
        (delta("He") + b'data: {"choices": [], "x": "\xff"}\n\n', "He", "upstream_malformed", "not a chat completion"),
        (event({"choices": "x"}), "", "upstream_malformed", "not a chat completion"),
        (event({"choices": [1]}), "", "upstream_malformed", "not a chat completion"),
        (event({"choices": [{"delta": [1]}]}), "", "upstream_malformed", "not a chat completion"),
        (event({"choices": [{"delta": {"content": 5}}]}), "", "upstream_malformed", "not a chat completion"),
        (event({"choices": [{"delta": {}, "finish_reason": 5}]}), "", "upstream_malformed", "not a chat completion"),
        (delta("He") + event(ERROR) + stop(), "He", "upstream_error", "out of memory"),
        (delta("He") + event({"error": "no memory"}), "He", "upstream_error", "no memory"),
        (event({"object": "error", "message": "no memory"}), "", "upstream_error", "no memory"),
        (event({"error": {"code": 7}}), "", "upstream_error", "reports an error."),
        (json.dumps(ERROR).encode(), "", "upstream_error", "out of memory"),
        (json.dumps(ERROR, indent=2).encode(), "", "upstream_error", "out of memory"),
        (WHOLE[:-5], "", "upstream_malformed", "not a chat completion"),
        (b"<!doctype html><p>Welcome", "", "upstream_malformed", "web page"),
        (b"data: " + b"x" * 20_000, "", "upstream_malformed", "too long"),
        (delta("He") + b"data: " + b"x" * 20_000, "He", "upstream_malformed", "too long"),
        (b"{" + b"x" * 20_000, "", "upstream_malformed", "too long"),
        (delta("He") + stop("content_filter"), "He", "upstream_error", "content filter"),
        (delta("He") + stop("tool_calls"), "He", "upstream_malformed", "did not come"),
        (delta("He") + stop("abort"), "He", "upstream_error", "abort"),
    ],
)
def test_answer_with_a_fault_is_a_failure(body, text, code, says):
    """Every fault is a failure with its code and a sentence, and the text before it is given first."""
    got_text, got_code, sentence = read(body)
    assert (got_text, got_code) == (text, code)
    assert says in sentence


BODIES = [
    b": ping\n\n" + delta("é😀") + delta("llo") + stop() + USAGE + DONE,
    (delta("é😀") + stop() + DONE).replace(b"\n", b"\r\n"),
    delta("é😀") + event(ERROR),
    delta("é😀") + b"data: {broken\n\n",
    delta("é😀") + delta("llo")[:-9],
    WHOLE,
    b"\r\n" + json.dumps(ERROR).encode(),
    b"<html>",
]


@given(st.sampled_from(BODIES), st.data())
def test_any_split_gives_the_same_answer(body, data):
    """How the bytes were cut into reads changes neither the text nor the end."""
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=12)))
    chunks = [body[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    assert read(*chunks) == read(body)
    assert read(*(bytes([byte]) for byte in body)) == read(body)


@pytest.mark.parametrize(
    "piece",
    [delta("abcd"), delta(None, reasoning="abcd"), delta("ab", reasoning="cd")],
    ids=["said", "thought", "both"],
)
def test_answer_without_end_is_cut_off(piece):
    """What is there when the limit is passed is given first; an end that comes in time is an end."""
    stream = CompletionStream(1_000, 10)
    text = stream.feed(piece * 9 + stop())
    said = text + stream.take_thought()
    assert (stream.done, len(said)) == (True, 12)
    with pytest.raises(AssistantFailed, match="cut off after 10 characters") as caught:
        stream.outcome()
    assert caught.value.code == "upstream_error"
    stream = CompletionStream(1_000, 10)
    stream.feed(piece * 2 + stop() + piece * 9)
    assert stream.outcome() == STOP


def test_signs_of_life_are_events_and_not_comments():
    """Comments are no events, a role alone is no beginning, and reasoning is one."""
    stream = CompletionStream(1_000)
    stream.feed(b": ping\n\n")
    assert (stream.events, stream.alive) == (0, False)
    stream.feed(delta("", role="assistant"))
    assert (stream.events, stream.alive) == (1, False)
    stream.feed(delta(None, reasoning_content="hm"))
    assert (stream.events, stream.alive) == (2, True)


def call(place=0, **piece):
    """A piece of a call of a tool."""
    names = {"name", "arguments"} & set(piece)
    function = {name: piece.pop(name) for name in names}
    return event({"choices": [{"delta": {"tool_calls": [{"index": place, "function": function, **piece}]}}]})


def calls_in(body, **options):
    stream = CompletionStream(1 << 20, with_tools=True, **options)
    stream.feed(body)
    stream.end()
    return stream.outcome()


CALLS = {
    "in pieces": (
        call(id="c1", name="f", arguments="") + call(arguments='{"a') + call(arguments='":1}'),
        [("c1", "f", '{"a":1}')],
    ),
    "two at once": (
        call(0, id="c1", name="f", arguments="{}") + call(1, id="c2", name="g") + call(1, arguments="{}"),
        [("c1", "f", "{}"), ("c2", "g", "{}")],
    ),
    "without arguments": (call(id="c1", name="f"), [("c1", "f", "{}")]),
    "with an object": (call(id="c1", name="f", arguments={"a": 1}), [("c1", "f", '{"a":1}')]),
}


@pytest.mark.parametrize(("body", "calls"), CALLS.values(), ids=CALLS)
@pytest.mark.parametrize("reason", ["tool_calls", "function_call", "stop"])
def test_calls_of_tools_are_put_together(body, calls, reason):
    """However they come, and whatever the server calls that end, they are handed out whole with it."""
    assert calls_in(body + stop(reason)) == Finish("stop", None, tuple(ToolCall(*one) for one in calls))


def test_call_without_an_id_gets_one():
    """Servers exist that give none; two calls are not the same."""
    one, other = calls_in(call(name="f") + call(1, name="f") + stop()).calls
    assert one.call_id.startswith("call_")
    assert one.call_id != other.call_id


def test_call_in_the_old_form():
    """One function, named once."""
    old = event({"choices": [{"delta": {"function_call": {"name": "f", "arguments": "{}"}}}]})
    [one] = calls_in(old + stop("function_call")).calls
    assert (one.name, one.arguments) == ("f", "{}")


@pytest.mark.parametrize(
    "body",
    [
        call(id="c1", name="f", arguments='{"a'),
        call(id="c1", name="f", arguments="[]"),
        call(id="c1", arguments="{}"),
        call(id=5, name="f"),
        call("x", id="c1", name="f"),
        event({"choices": [{"delta": {"tool_calls": [5]}}]}),
        event({"choices": [{"delta": {"tool_calls": 5}}]}),
    ],
)
def test_call_that_cannot_be_read_is_a_failure(body):
    """Half a call is none."""
    with pytest.raises(AssistantFailed) as caught:
        calls_in(body + stop("tool_calls"))
    assert caught.value.code == "upstream_malformed"


def test_call_without_end_is_cut_off():
    """What a tool is called with counts as what is said."""
    stream = CompletionStream(1_000, 10, with_tools=True)
    stream.feed(call(id="c1", name="f", arguments="{") + call(arguments=" " * 6) * 9)
    assert stream.done
    with pytest.raises(AssistantFailed, match="cut off after 10 characters"):
        stream.outcome()


def test_calls_at_the_limit_are_none():
    """What the limit of tokens cut may be half a call."""
    assert calls_in(call(id="c1", name="f", arguments="{}") + stop("length")) == Finish("length")
