"""Every event that goes out, validated by the specification's own models."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persistence.model import Message, Record
from server.assistants.base import Usage
from server.errors import ApiError
from server.turn import Broke, Cut, Finished, Reason, Started, Wrote
from server.turn_request import TurnRequest
from server.wire_events import (
    attached_event,
    closing_events,
    deleted_event,
    delta_event,
    detached_event,
    error_event,
    item_event,
    keepalive_event,
    opening_events,
    path_event,
    snapshot_event,
    sse_event,
    updated_event,
    with_stream_id,
)
from tests.server.frames import check_frame, check_whole, decode
from tests.server.test_turn import new_turn

AT = "2024-01-01T00:00:10.000000Z"
ENDS = [
    (Finished(), "completed", None),
    (Finished(Usage(3, 4, 1, 2)), "completed", None),
    (Cut(Reason.CANCELLED), "cancelled", "cancelled"),
    (Cut(Reason.INTERRUPTED), "incomplete", "interrupted"),
    (Cut(Reason.MAX_OUTPUT_TOKENS, Usage(1, 1)), "incomplete", "max_output_tokens"),
    (Broke("upstream_cut", "The answer broke off."), "failed", None),
]
FINAL = {"completed": "response.completed", "failed": "response.failed"}
REQUEST = TurnRequest(
    ({"role": "user", "content": "hi"},),
    previous_response_id="resp_abc_0000000000000000",
    metadata={"k": "v"},
    instructions="be brief",
    temperature=0.5,
    top_p=0.25,
    max_output_tokens=7,
)


def play(end, *pieces, request=None):
    """All events of a turn."""
    turn = new_turn(request=request)
    turn.apply(Started())
    events = opening_events(turn)
    for piece in pieces:
        turn.apply(Wrote(piece))
        events.append(delta_event(turn, len(events), piece))
    turn.apply(end, AT)
    return turn, events + closing_events(turn, len(events))


@pytest.mark.parametrize("pieces", [(), ("He", "llo")])
@pytest.mark.parametrize(("end", "status", "reason"), ENDS)
def test_turn_is_valid_to_strict_clients(end, status, reason, pieces):
    """Each event of a whole turn is valid, for each end, and numbered without a gap."""
    turn, events = play(end, *pieces)
    frames = decode(*events)
    response = check_whole(frames)
    assert frames[-1]["type"] == FINAL.get(status, "response.incomplete")
    assert response["status"] == status
    assert (response["incomplete_details"] or {}).get("reason") == reason
    assert (response["completed_at"] is not None) == (status == "completed")
    assert response["error"] == ({"code": end.code, "message": end.message} if isinstance(end, Broke) else None)
    total = turn.usage and turn.usage.input_tokens + turn.usage.output_tokens
    assert (response["usage"] or {}).get("total_tokens") == total
    item = frames[-2]["item"]
    assert item["status"] == ("completed" if status == "completed" else "incomplete")
    assert item["id"] == frames[2]["item"]["id"] == "msg_0123456789abcdef"


def test_opening_shows_nothing_of_the_end():
    """The first events speak of a running response, even when they are made from an ended one."""
    turn, _ = play(Broke("c", "m"), "a")
    for frame in decode(*opening_events(turn))[:2]:
        response = frame["response"]
        assert response["status"] == "in_progress"
        assert [response[name] for name in ("completed_at", "error", "usage", "incomplete_details")] == [None] * 4
        assert response["output"] == []


def test_response_repeats_what_was_asked_for():
    """What a client set comes back in the response."""
    _, events = play(Finished(), request=REQUEST)
    response = decode(*events)[0]["response"]
    for name in ("previous_response_id", "instructions", "temperature", "top_p", "max_output_tokens", "metadata"):
        assert response[name] == getattr(REQUEST, name), name
    assert response["store"] is True
    assert response["conversation"] == {"id": "abc"}


def test_unkept_response_names_no_conversation():
    """A turn that is not stored has no conversation to go on in."""
    _, events = play(Finished(), request=TurnRequest((), kept=False))
    response = decode(*events)[-1]["response"]
    assert (response["conversation"], response["store"]) == (None, False)


def test_events_of_ours_are_valid():
    """Each event that is ours alone has the fields that the protocol lists."""
    turn, _ = play(Finished(), "hi")
    record = Record("abc", "user", AT, AT, metadata={"title": "t"})
    question: Message = {"role": "user", "content": "hi", "id": "msg_1", "created_at": AT}
    frames = decode(
        snapshot_event(turn, 5),
        item_event("abc", question, 3, None, "resp_1", 1),
        updated_event(record, None, 2),
        updated_event(record, "resp_1", 2),
        deleted_event("abc", 3),
        attached_event("abc", None, 4),
        attached_event("abc", "resp_1", 4),
        detached_event("abc", 5),
        keepalive_event(6),
        item_event("abc", question, 3, "msg_0", "resp_1", 7),
        path_event("abc", "msg_0", 8),
    )
    assert [frame["sequence_number"] for frame in frames] == [5, 1, 2, 2, 3, 4, 4, 5, 6, 7, 8]
    assert frames[3]["conversation"]["verbatim:running_response"] == "resp_1"
    assert [frames[at]["verbatim:after"] for at in (1, -2)] == [None, "msg_0"]


def test_turn_that_goes_on_in_a_message():
    """Its part begins with the text that is there; deltas carry what is new; each event says whose it is."""
    turn = new_turn()
    turn.go_on_from({**turn.draft, "id": "msg_of_another"}, "One, ")
    turn.apply(Started())
    events = opening_events(turn)
    turn.apply(Wrote("two."))
    events.append(delta_event(turn, len(events), "two."))
    turn.apply(Finished(), AT)
    frames = decode(*events, *closing_events(turn, len(events)))
    assert frames[3]["part"]["text"] == "One, "
    assert frames[4]["delta"] == "two."
    assert frames[5]["text"] == frames[-1]["response"]["output"][0]["content"][0]["text"] == "One, two."
    assert all(frame["verbatim:response_id"] == turn.response_id for frame in frames[2:8])
    assert {frame["item_id"] for frame in frames if "item_id" in frame} == {"msg_of_another"}
    assert "verbatim:response_id" not in decode(delta_event(new_turn(), 4, "x"))[0]
    assert decode(*opening_events(turn))[3]["part"]["text"] == ""


@pytest.mark.parametrize("odd", [["a", "list"], {}, 7, 'a "quoted" one', "%d %b"])
def test_delta_of_an_item_with_an_odd_id(odd):
    """As a person's file may have them."""
    turn = new_turn()
    turn.draft["id"] = odd
    event = json.loads(delta_event(turn, 4, "x"))
    assert (event["item_id"], event["sequence_number"], event["delta"]) == (odd, 4, "x")


@pytest.mark.parametrize("param", [None, "input[0].content"])
def test_error_event_is_valid(param):
    """An error on the socket is what the specification calls one."""
    event = error_event(ApiError(400, "invalid_type", "expected a string", param))
    [frame] = decode(event)
    assert frame["status"] == 400
    assert frame["error"] == {
        "type": "invalid_request_error",
        "code": "invalid_type",
        "message": "expected a string",
        "param": param,
    }


@given(stream_id=st.text(max_size=64), text=st.text())
def test_stream_id_is_spliced_in(stream_id, text):
    """An event with a `stream_id` is the same event with one field more."""
    event = delta_event(new_turn(), 4, text)
    assert with_stream_id(event, None) is event
    assert check_frame(json.loads(with_stream_id(event, stream_id))) == {**json.loads(event), "stream_id": stream_id}


@given(text=st.text())
def test_sse_event_is_one_event(text):
    """A server-sent event has its type and one line of data, whatever the text holds."""
    event = delta_event(new_turn(), 4, text + "\r\n\n\u2028data: x")
    head, data, *rest = sse_event(event).split(b"\n")
    assert (head, rest) == (b"event: response.output_text.delta", [b"", b""])
    assert b"\r" not in data
    assert data == b"data: " + event
