"""What is thought, and calls of tools, in a log beside the text: every reader has all of it once, from any cursor."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.assistants.tool_calls import ToolCall
from server.last_piece import LastPiece
from server.response_log import ResponseLog
from server.stored_response import StoredResponse
from server.turn import Broke, Cut, Finished, Reason, Started, Turn
from server.wire_events import closing_events, delta_event, opening_events, reasoning_event
from tests.server.frames import check_response, decode
from tests.server.test_turn import new_turn

AT = "2024-01-01T00:00:00Z"
TEXT, THOUGHT = "response.output_text.delta", "response.reasoning_summary_text.delta"
CALLS = (ToolCall("c1", "f", "{}"), ToolCall("c2", "g", '{"a":"é"}'))
ENDS = [Finished(), Finished(None, CALLS), Cut(Reason.CANCELLED), Broke("upstream_cut", "It broke off.")]


class Thinker:
    """Writes a log as a turn does that thinks.

    Args:
        before: What there is already of an answer that is gone on with: its text, and what was thought.
    """

    def __init__(self, before=None):
        self.turn = new_turn()
        if before is not None:
            text, reasoning = before
            draft = self.turn.draft.copy()
            draft["id"] = "msg_of_another"
            if reasoning:
                draft["reasoning"] = reasoning
            self.turn.go_on_from(draft, text)
        self.turn.apply(Started())
        self.log = ResponseLog(self.turn)
        self.log.append(*opening_events(self.turn))
        if self.turn.reasoning:
            self.log.open_reasoning()

    def say(self, text, thought):
        """A piece of the answer, or of what is thought, or of both at once."""
        number = self.log.number_of_thought() if thought else self.log.next_number
        thought_event = reasoning_event(self.turn, number, thought) if thought else b""
        event = delta_event(self.turn, number + bool(thought), text) if text else b""
        LastPiece(text, event, thought, thought_event).show_in(self.log)

    def end(self, end=None):
        self.turn.apply(end or Finished(), AT)
        self.log.append(*closing_events(self.turn, self.log.next_number))
        self.log.close()


def told(events, kind):
    """What deltas of a kind tell in all."""
    return "".join(event["delta"] for event in map(json.loads, events) if event["type"] == kind)


def others(events):
    return [event for event in events if json.loads(event)["type"] not in (TEXT, THOUGHT)]


def read_in_portions(log, cursor):
    reader, events = log.reader(cursor), []
    while portion := reader.take():
        events += portion
    return events


pieces = st.lists(st.tuples(st.text(max_size=4), st.text(max_size=4)).filter(any), max_size=12)


@given(
    before=st.none() | st.tuples(st.text(max_size=4), st.text(max_size=4)),
    pieces=pieces,
    end=st.sampled_from(ENDS),
)
def test_every_cursor_gets_the_rest_of_both(before, pieces, end):
    """From each cursor, while it runs and when its events have gone, what follows is told once and in order."""
    thinker = Thinker(before)
    log, staying = thinker.log, thinker.log.reader()
    staying.on_grown(lambda: None)
    for text, thought in pieces:
        thinker.say(text, thought)
        for cursor in range(-1, log.next_number):
            rest = read_in_portions(log, cursor)
            for kind in (TEXT, THOUGHT):
                assert told(rest, kind) == told(log._events[cursor + 1 :], kind)
    thinker.end(end)
    single = list(log._events)
    assert [json.loads(event)["sequence_number"] for event in single] == list(range(len(single)))
    staying.close()
    assert not log._events, "they have gone"
    assert [log._event(number) for number in range(log.next_number)] == single
    for cursor in range(-1, log.next_number):
        rest = read_in_portions(log, cursor)
        assert others(rest) == others(single[cursor + 1 :])
        for kind in (TEXT, THOUGHT):
            assert told(rest, kind) == told(single[cursor + 1 :], kind)
        numbers = [json.loads(event)["sequence_number"] for event in rest]
        assert numbers == sorted(set(numbers))
    check_ends(single, thinker.turn, before or ("", ""), pieces)


def check_ends(single, turn: Turn, before, pieces):
    """The events that close, and the message, have the whole of both, what was there before included."""
    text = before[0] + "".join(text for text, _ in pieces)
    thought = before[1] + "".join(thought for _, thought in pieces)
    frames = {frame["type"]: frame for frame in decode(*single)}
    assert frames["response.output_text.done"]["text"] == text
    response = check_response([*frames.values()][-1]["response"])
    assert response["output"][0]["content"][0]["text"] == text
    message = turn.message()
    assert (message["content"], message.get("reasoning", "")) == (text, thought)
    called = [(item["call_id"], item["arguments"]) for item in response["output"] if item["type"] == "function_call"]
    assert called == [(call.call_id, call.arguments) for call in turn.calls]
    assert len(response["output"]) == 1 + bool(thought) + len(called)
    if thought:
        assert frames["response.reasoning_summary_text.done"]["text"] == thought
        assert response["output"][1]["summary"] == [{"type": "summary_text", "text": thought}]
    else:
        assert not [kind for kind in frames if "reasoning" in kind]


def test_events_of_what_is_thought():
    """It opens when it begins, stands behind the message in the output, and ends ahead of the text's end."""
    thinker = Thinker()
    thinker.say("", "Hm. ")
    thinker.say("Yes", "Well.")
    thinker.end()
    frames = decode(*map(thinker.log._event, range(thinker.log.next_number)))
    assert [frame["type"].removeprefix("response.") for frame in frames[4:]] == [
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "output_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_text.done",
        "content_part.done",
        "output_item.done",
        "completed",
    ]
    item = frames[4]["item"]
    assert item == {"id": "rs_0123456789abcdef", "type": "reasoning", "summary": []}
    assert {frame["output_index"] for frame in frames if frame.get("item_id") == item["id"]} == {1}
    assert [item["type"] for item in frames[-1]["response"]["output"]] == ["message", "reasoning"]


def test_lagging_reader_gets_merged_thoughts():
    """What it has not had of them comes as one event with the last of the numbers, bounded like a text's."""
    thinker = Thinker()
    for _ in range(3):
        thinker.say("", "x" * 1000)
    thinker.say("a", "")
    for _ in range(40):
        thinker.say("", "y" * 1000)
    frames = decode(*read_in_portions(thinker.log, 5))
    assert [(frame["sequence_number"], len(frame["delta"])) for frame in frames] == [
        (8, 3000),
        (9, 1),
        (25, 16000),
        (41, 16000),
        (49, 8000),
    ]


@pytest.mark.parametrize("end", ENDS, ids=str)
@pytest.mark.parametrize("text", ["", "Yes"])
def test_stored_response_tells_what_was_thought(end, text):
    """When only the message is left, both are told anew; behind a cursor the snapshot's response has both."""
    thinker = Thinker()
    thinker.say(text, "Hm.")
    thinker.end(end)
    again = Turn.from_message(thinker.turn.message(), "abc", "user")
    whole = StoredResponse(again).reader().take()
    assert (told(whole, TEXT), told(whole, THOUGHT)) == (text, "Hm.")
    assert (
        decode(*whole)[-1]["response"]["output"]
        == decode(thinker.log._event(thinker.log.next_number - 1))[0]["response"]["output"]
    )
    snapshot, _ = decode(*StoredResponse(again).reader(7).take())
    assert snapshot["text"] == text
    assert snapshot["response"]["output"][1]["summary"][0]["text"] == "Hm."


@pytest.mark.parametrize("strange", [5, None, ["a"], {}])
def test_reasoning_of_another_kind_is_none(strange):
    """A file from elsewhere may say anything under that name."""
    turn = Turn.from_message({"role": "assistant", "content": "a", "reasoning": strange}, "abc", "user")
    assert turn.reasoning == ""
