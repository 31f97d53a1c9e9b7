"""The turn's table, walked whole; turns to messages and back."""

import copy
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.answer import new_draft
from persistence.model import Message
from server.assistants.base import Cost, Usage
from server.turn import (
    TRANSITIONS,
    Broke,
    Cut,
    Finished,
    IllegalTransition,
    Reason,
    Reasoned,
    Started,
    State,
    Turn,
    Wrote,
)
from server.turn_request import TurnRequest

USAGE = Usage(3, 5, 1, 2)
EVENTS = [
    Started(),
    Wrote("a"),
    Reasoned("b"),
    Finished(USAGE),
    Cut(Reason.CANCELLED, USAGE),
    Broke("upstream_cut", "It broke."),
]
ENDS = [state for state, following in TRANSITIONS.items() if not following]
LEGAL = {
    (State.QUEUED, Started): State.IN_PROGRESS,
    (State.QUEUED, Cut): State.INCOMPLETE,
    (State.QUEUED, Broke): State.FAILED,
    (State.IN_PROGRESS, Wrote): State.IN_PROGRESS,
    (State.IN_PROGRESS, Reasoned): State.IN_PROGRESS,
    (State.IN_PROGRESS, Finished): State.COMPLETED,
    (State.IN_PROGRESS, Cut): State.INCOMPLETE,
    (State.IN_PROGRESS, Broke): State.FAILED,
}


def new_turn(state=State.QUEUED, request=None):
    draft: Message = {**new_draft("resp_abc_0123456789abcdef"), "model": "m"}
    return Turn("abc", "user", "m", request or TurnRequest(()), draft, state=state)


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: type(event).__name__)
@pytest.mark.parametrize("state", State)
def test_turn_in_each_state_with_each_event(state, event):
    """An event of the table leads to its state; any other is refused and changes nothing."""
    turn = new_turn(state)
    before = copy.deepcopy(turn)
    if following := LEGAL.get((state, type(event))):
        turn.apply(event, "2024-01-01T00:00:00Z")
        assert turn.state is following
    else:
        with pytest.raises(IllegalTransition) as caught:
            turn.apply(event, "2024-01-01T00:00:00Z")
        assert turn == before
        assert str(caught.value) == f"{type(event).__name__} in state {state}"


def test_table_has_no_other_row():
    """The table says what is legal, all of it."""
    assert {(state, kind): end for state, row in TRANSITIONS.items() for kind, end in row.items()} == LEGAL


def test_turn_keeps_what_its_events_say():
    """Text, reason, usage, error and time of the end come from the events."""
    turn = new_turn()
    for event in (Started(), Wrote("a"), Wrote("b")):
        turn.apply(event, "2024-01-01T00:00:00Z")
    assert (turn.text, turn.ended, turn.completed_at) == ("ab", False, None)
    failed = copy.deepcopy(turn)
    turn.apply(Cut(Reason.MAX_OUTPUT_TOKENS, USAGE), "2024-01-01T00:00:01Z")
    assert (turn.reason, turn.usage, turn.completed_at) == (Reason.MAX_OUTPUT_TOKENS, USAGE, "2024-01-01T00:00:01Z")
    failed.apply(Broke("c", "m"))
    assert (failed.error, failed.text, failed.ended) == (Broke("c", "m"), "ab", True)


costs = st.none() | st.builds(Cost, st.integers(0, 10**9), st.sampled_from(["USD", "EUR"]))
usages = st.none() | st.builds(Usage, *[st.integers(0, 10**9)] * 4, estimated=st.booleans(), cost=costs)
ends = st.one_of(
    st.builds(Finished, usages), st.builds(Cut, st.sampled_from(Reason), usages), st.builds(Broke, st.text(), st.text())
)


@given(pieces=st.lists(st.text()), end=ends, left_out=st.integers(0, 9))
def test_turn_from_its_message(pieces, end, left_out):
    """An ended turn becomes a message, and the message that turn again."""
    turn = new_turn()
    turn.left_out = left_out
    turn.apply(Started())
    for piece in pieces:
        turn.apply(Wrote(piece))
    turn.apply(end, "2024-01-01T00:00:00Z")
    message = turn.message()
    again = Turn.from_message(message, "abc", "user")
    assert again.message() == message
    for name in ("state", "reason", "error", "usage", "completed_at", "text", "response_id", "model", "left_out"):
        assert getattr(again, name) == getattr(turn, name), name


writings = st.builds(Wrote, st.text())
events = st.one_of(writings, writings, st.builds(Started), ends)
sequences = st.lists(events, max_size=12) | st.lists(events, max_size=12).map(lambda rest: [Started(), *rest])


@given(sequence=sequences)
def test_turn_with_any_events(sequence):
    """Any sequence follows the table: what is legal happened, in order; what is not was refused and changed nothing."""
    turn, state, written, last = new_turn(), State.QUEUED, "", None
    for number, event in enumerate(sequence):
        before, at = copy.deepcopy(turn), str(number)
        if following := LEGAL.get((state, type(event))):
            turn.apply(event, at)
            state, last = following, (event, at)
            written += event.text if isinstance(event, Wrote) else ""
        else:
            with pytest.raises(IllegalTransition):
                turn.apply(event, at)
            assert turn == before
        assert (turn.state, turn.text, turn.ended) == (state, written, state in ENDS)
    if last and state in ENDS:
        end, at = last
        assert turn.completed_at == at
        assert turn.error == (end if isinstance(end, Broke) else None)
        assert turn.reason == (end.reason if isinstance(end, Cut) else None)
        assert turn.usage == (None if isinstance(end, Broke) else end.usage)
    else:
        assert (turn.completed_at, turn.error, turn.reason, turn.usage) == (None,) * 4


FOREIGN = [
    {"status": "in_progress"},
    {"status": "done"},
    {"status": 7},
    {"status": "incomplete", "reason": "tired"},
    {"status": "failed", "error": "broken"},
    {"usage": {"prompt_tokens": 3}},
    {"usage": {"input_tokens": "3", "output_tokens": 1}},
    {"usage": {"input_tokens": 3, "output_tokens": 1, "more": 1}},
    {"usage": 3},
    {"left_out": -1},
    {"left_out": True},
]


@pytest.mark.parametrize("fields", FOREIGN, ids=str)
def test_turn_from_a_foreign_message(fields):
    """A message of a file from elsewhere gives a turn that has ended, whatever else it says."""
    turn = Turn.from_message(
        cast(Message, {"role": "assistant", "content": "hi", "response_id": "r"} | fields), "abc", "user"
    )
    assert turn.ended
    assert (turn.text, turn.left_out) == ("hi", 0)
    assert turn.message()["content"] == "hi"
