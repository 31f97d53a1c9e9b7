"""The request to a model server."""

from typing import Any

import pytest

from persistence import Fact
from server.assistants.base import JsonFormat, Prompt
from server.assistants.completion_request import encode_messages, encode_request
from server.assistants.tool_calls import Tool, ToolUse

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


@pytest.mark.parametrize(
    ("wanted", "sent"),
    [
        (JsonFormat(), {"type": "json_object"}),
        (JsonFormat({}, "n"), {"type": "json_schema", "json_schema": {"name": "n", "schema": {}}}),
        (
            JsonFormat({"type": "object"}, "n", "d", False),
            {
                "type": "json_schema",
                "json_schema": {"name": "n", "description": "d", "schema": {"type": "object"}, "strict": False},
            },
        ),
    ],
)
def test_request_carries_effort_and_format(wanted, sent):
    """How hard to think and what the answer is to look like go through under the names of chat completions."""
    prompt = Prompt("m", "s1", [{"role": USER, "content": "a"}], effort="low", output_format=wanted)
    body = encode_request(prompt)
    assert (body["reasoning_effort"], body["response_format"]) == ("low", sent)


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


def called(*names, text=""):
    calls = [{"call_id": name, "name": "f", "arguments": "{}"} for name in names]
    return {"role": ANSWER, "content": text, "tool_calls": calls}


def gave(name):
    return {"role": "tool", "content": name * 2, "call_id": name}


ASKED: Any = {"role": USER, "content": "a"}


@pytest.mark.parametrize(
    ("history", "sent"),
    [
        ([ASKED, called("c1", text="Hm."), gave("c1")], [USER, ("Hm.", ["c1"]), "c1"]),
        ([ASKED, called("c1", "c2"), gave("c2"), gave("c1")], [USER, (None, ["c1", "c2"]), "c2", "c1"]),
        ([ASKED, called("c1", "c2"), gave("c2")], [USER, (None, ["c2"]), "c2"]),
        ([ASKED, called("c1"), ASKED], [USER]),
        ([ASKED, called("c1", text="Hm."), ASKED], [USER, "Hm.", USER]),
        ([ASKED, gave("c1"), ASKED], [USER]),
        ([ASKED, called("c1"), gave("c1"), gave("c3"), ASKED], [USER, (None, ["c1"]), "c1", USER]),
        ([ASKED, {**called(), "tool_calls": 5}, ASKED], [USER]),
        ([ASKED, {**called(), "tool_calls": [5, {"name": "f"}]}, ASKED], [USER]),
    ],
)
def test_calls_go_with_what_they_gave(history, sent):
    """Servers refuse a call without its output and an output without its call: neither goes alone."""

    def shown(message):
        if calls := message.get("tool_calls"):
            return message["content"], [call["id"] for call in calls]
        if message["role"] == "tool":
            assert message["content"] == message["tool_call_id"] * 2
            return message["tool_call_id"]
        return USER if message["role"] == USER else message["content"]

    assert [shown(message) for message in encode_messages(Prompt("m", "s1", history))] == sent


@pytest.mark.parametrize(
    ("use", "choice"),
    [
        (ToolUse((Tool("f"),)), "auto"),
        (ToolUse((Tool("f"),), "required"), "required"),
        (ToolUse((Tool("f"),), "f", True), {"type": "function", "function": {"name": "f"}}),
    ],
)
def test_request_carries_the_tools(use, choice):
    """What is offered goes through under the names of chat completions, and nothing that was not said."""
    body = encode_request(Prompt("m", "s1", [ASKED], tool_use=use))
    assert (body["tools"], body["tool_choice"]) == ([{"type": "function", "function": {"name": "f"}}], choice)
    assert "parallel_tool_calls" not in body
    whole = ToolUse((Tool("f", "d", {"type": "object"}, False),), parallel=False)
    body = encode_request(Prompt("m", "s1", [ASKED], tool_use=whole))
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": False}
    assert body["tools"] == [{"type": "function", "function": function}]
    assert body["parallel_tool_calls"] is False
