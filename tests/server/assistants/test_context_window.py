"""What of a conversation goes to a model: tables, and rules that hold for any conversation."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence import Fact
from persistence.messages import Messages
from server.assistants.base import JsonFormat, Prompt
from server.assistants.context_window import (
    context_with_room,
    count_leading,
    first_kept,
    fit,
    message_tokens,
    prompt_tokens,
    room_for_input,
    text_tokens,
)
from server.assistants.tool_calls import Tool, ToolUse

ROLES = {"s": "system", "d": "developer", "u": "user", "a": "assistant", "t": "tool"}
EACH = message_tokens({"role": "user", "content": "x" * 30})
"""What each message of `history` takes."""


def history(letters):
    return [{"role": ROLES[letter], "content": f"{at:05}" + "x" * 25} for at, letter in enumerate(letters)]


@pytest.mark.parametrize(
    ("text", "tokens"), [("", 0), ("a", 1), ("abc", 1), ("abcd", 2), ("日本", 2), ("é", 1), ("😀", 2), ("\ud800", 1)]
)
def test_token_for_each_three_bytes(text, tokens):
    """Letters of ASCII are a third of a token each, a Chinese character is one, and nothing is rounded down."""
    assert text_tokens(text) == tokens


def test_calls_of_tools_take_their_tokens():
    """A message without text takes what its calls take."""
    calls = [{"call_id": "c", "name": "weather", "arguments": "x" * 300}]
    assert message_tokens({"role": "assistant", "content": "", "tool_calls": calls}) > 100


@pytest.mark.parametrize(
    ("context", "most", "room"), [(8192, None, 6144), (8192, 1000, 7192), (8192, 9000, 0), (1, None, 1)]
)
def test_answer_has_room_of_its_own(context, most, room):
    """What was asked for, else a quarter."""
    assert room_for_input(context, most) == room


@pytest.mark.parametrize("most", [None, 100])
@pytest.mark.parametrize("room", [0, 1, 2, 1000, 6144])
def test_context_of_a_room_has_that_room(room, most):
    """The way back loses no more than rounding does."""
    assert abs(room_for_input(context_with_room(room, most), most) - room) <= 1


KEPT = {
    "all have room": ("uaua", 4, 0),
    "one turn less": ("uaua", 3, 2),
    "the latest turn only": ("uaua", 2, 2),
    "the latest turn whatever it takes": ("uaua", 0, 2),
    "a single turn": ("ua", 0, 0),
    "questions without answers are turns": ("uuu", 2, 1),
    "what a tool gave stays with its call": ("uauatatu", 4, 7),
    "a turn of tools goes whole": ("uauatat", 1, 2),
    "what leads is no turn": ("sduaua", 2, 4),
    "system messages ahead of a question are its turn's": ("uasdu", 3, 2),
    "and go with it": ("uasdua", 3, 2),
    "what stands ahead of the first question is a turn": ("auaua", 4, 1),
    "an answer ahead of all questions has room": ("aua", 3, 0),
    "no question at all": ("aa", 0, 0),
    "nothing but what leads": ("ss", 0, 2),
}


@pytest.mark.parametrize(("letters", "room", "first"), KEPT.values(), ids=KEPT)
def test_first_message_that_is_kept(letters, room, first):
    """Room is counted in messages of one size."""
    messages = history(letters)
    assert first_kept(messages, count_leading(messages), room * EACH) == first


def turns_of(letters, leading):
    """Where turns begin, told by regular expression; what stands ahead of the first is one too."""
    begins = [leading + match.start() for match in re.finditer("(?<![sd])[sd]*u|(?<=^)[sd]*u", letters[leading:])]
    return sorted({leading, *begins})


@given(st.text("sduat", max_size=24), st.integers(0, 30), st.integers(0, 24))
def test_any_history_is_cut_between_turns(letters, room, seen):
    """What is kept is the end of the history, from where a turn begins; it has room, unless it is the latest turn,
    and with one turn more it would have none; it is the same however the history is held."""
    letters += "u"
    messages, leading = history(letters), len(letters) - len(letters.lstrip("sd"))
    first = first_kept(Messages(messages[:seen], messages[seen:]), leading, room * EACH)
    starts = turns_of(letters, leading)
    assert first in starts
    assert len(messages) - first <= room or first == starts[-1]
    assert first == leading or len(messages) - starts[starts.index(first) - 1] > room


@given(st.text("sduat", max_size=24), st.integers(0, 1000))
def test_prompt_that_was_cut_has_room(letters, room):
    """With all that is told around the turns; and what leads is always there."""
    messages = history(letters + "u")
    prompt = Prompt("m", "s", messages, instructions="Be brief.", prefix="He")
    fitted = fit(prompt, room)
    leading = count_leading(messages)
    assert list(fitted.prompt.history[:leading]) == messages[:leading]
    assert list(fitted.prompt.history[leading:]) == messages[leading + fitted.left_out :]
    questions = sum(message["role"] == "user" for message in fitted.prompt.history)
    assert prompt_tokens(fitted.prompt) <= room or questions == 1
    assert (fitted.prompt is prompt) == (fitted.left_out == 0)


AROUND = {
    "instructions": {"instructions": "x" * 300},
    "the beginning of the answer": {"prefix": "x" * 300},
    "what is remembered": {"facts": [Fact("f", "x" * 300, "2026-01-01T00:00:00Z")]},
    "tools": {"tool_use": ToolUse((Tool("t", "x" * 300),))},
    "a schema": {"output_format": JsonFormat({"description": "x" * 300}, "n")},
}


@pytest.mark.parametrize("around", AROUND.values(), ids=AROUND)
def test_what_stands_around_the_turns_takes_room(around):
    """Two turns have room by themselves; with more to tell, one has."""
    messages = history("uaua")
    room = prompt_tokens(Prompt("m", "s", messages))
    assert fit(Prompt("m", "s", messages), room).left_out == 0
    assert fit(Prompt("m", "s", messages, **around), room).left_out == 2
    assert fit(Prompt("m", "s", messages, **around), room + 160).left_out == 0


def test_without_a_limit_nothing_is_looked_at():
    """Where nobody knows what the model takes in, the prompt goes as it is."""
    prompt = Prompt("m", "s", None)  # type: ignore[arg-type]
    assert fit(prompt, None).prompt is prompt


class Counted(Messages):
    """Messages that count who is looked at."""

    def __init__(self, grown):
        super().__init__(grown)
        self.looked_at = set()

    def __getitem__(self, at):
        assert isinstance(at, int)
        self.looked_at.add(at)
        return super().__getitem__(at)


def test_long_history_is_looked_at_where_it_is_kept():
    """Of 10,000 messages a few behind those that go are looked at."""
    messages = Counted(history("ua" * 5000))
    fitted = fit(Prompt("m", "s", messages), 101 * EACH)
    assert fitted.left_out == 9900
    assert min(messages.looked_at) >= 9897


def test_summary_goes_where_something_is_left_out():
    """It takes room of its own then, and none where all is told."""
    messages = history("uauaua")
    prompt = Prompt("m", "s", messages, summary="x" * 60)
    assert fit(prompt, 6 * EACH).prompt == Prompt("m", "s", messages)
    assert fit(prompt, None).prompt == Prompt("m", "s", messages)
    assert fit(prompt, 5 * EACH).left_out == 4
    assert fit(prompt, 6 * EACH - 1).prompt.summary == prompt.summary
    assert fit(Prompt("m", "s", messages), 5 * EACH).left_out == 2
