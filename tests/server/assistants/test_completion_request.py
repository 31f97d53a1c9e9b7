"""The request to a model server."""

import pytest

from persistence import Fact
from server.assistants.base import Prompt
from server.assistants.completion_request import encode_messages, encode_request

SYSTEM, DEVELOPER, USER, ANSWER = "system", "developer", "user", "assistant"


def messages_of(*history, **rest):
    prompt = Prompt("m", "s1", [{"role": role, "content": content} for role, content in history], **rest)
    return [(message["role"], message["content"]) for message in encode_messages(prompt)]


@pytest.mark.parametrize(
    ("history", "messages"),
    [
        ([(USER, "hi")], [(USER, "hi")]),
        ([(USER, "a"), (ANSWER, "b"), (USER, "c")], [(USER, "a"), (ANSWER, "b"), (USER, "c")]),
        ([(USER, "a"), (ANSWER, ""), (USER, "c")], [(USER, "a\n\nc")]),
        ([(SYSTEM, "s"), (DEVELOPER, "d"), (USER, "a")], [(SYSTEM, "s\n\nd"), (USER, "a")]),
        ([(USER, "a"), (DEVELOPER, "d"), (USER, "b")], [(USER, "a"), (SYSTEM, "d"), (USER, "b")]),
        ([(USER, "")], [(USER, "")]),
    ],
)
def test_messages_of_a_history(history, messages):
    """The history goes whole, in roles that every server knows and in an order that it takes."""
    assert messages_of(*history) == messages


def test_messages_begin_with_instructions_then_facts():
    """Instructions come first, then the session's own system messages, then what is remembered, as one message."""
    facts = [Fact("f1", "likes\ntea", "2026-01-01T00:00:00Z"), Fact("f2", "is Ada", "2026-01-01T00:00:00Z")]
    (role, system), user = messages_of((SYSTEM, "s"), (USER, "a"), facts=facts, instructions="Be brief.")
    assert role == SYSTEM
    assert system.startswith("Be brief.\n\ns\n\nWhat is remembered of the user")
    assert system.endswith(":\n- likes tea\n- is Ada")
    assert user == (USER, "a")


def test_request_carries_what_was_asked_for():
    """Sampling options and the limit of tokens go through under the names of chat completions."""
    prompt = Prompt("m", "s1", [{"role": USER, "content": "a"}], temperature=0.0, top_p=0.5, max_output_tokens=7)
    body = encode_request(prompt)
    assert body["messages"] == [{"role": "user", "content": "a"}]
    del body["messages"]
    assert body == {
        "model": "m",
        "stream": True,
        "stream_options": {"include_usage": True},
        "temperature": 0.0,
        "top_p": 0.5,
        "max_tokens": 7,
    }


def test_request_leaves_out_what_was_not_asked_for():
    """What the caller did not set is the server's to choose."""
    body = encode_request(Prompt("m", "s1", [{"role": USER, "content": "a"}]))
    assert set(body) == {"model", "messages", "stream", "stream_options"}


def test_request_leaves_the_history_alone():
    """Joining messages joins copies."""
    history = [{"role": USER, "content": "a"}, {"role": ANSWER, "content": ""}, {"role": USER, "content": "c"}]
    encode_request(Prompt("m", "s1", history))  # type: ignore[arg-type]
    assert [message["content"] for message in history] == ["a", "", "c"]


def test_request_goes_on_with_an_answer():
    """What was said comes last, and the server is told to go on with it rather than to begin a message."""
    body = encode_request(Prompt("m", "s1", [{"role": USER, "content": "a"}], prefix="One, "))
    assert body["messages"] == [{"role": "user", "content": "a"}, {"role": "assistant", "content": "One, "}]
    assert (body["continue_final_message"], body["add_generation_prompt"]) == (True, False)
