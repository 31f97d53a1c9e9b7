"""The events that go out, encoded once for all readers. Pure.

Rule: an event is bytes from the moment it has its number; what differs between readers (`stream_id`) is spliced in.
Source: PROTOCOL.md, "One turn" and "What we add on the socket".
"""

from typing import Any

import orjson

from persistence.answer import answer_id
from persistence.model import Message, Record
from persistence.settings import Settings
from server.errors import ApiError
from server.turn import State, Turn
from server.wire_objects import (
    call_item,
    conversation_object,
    error_object,
    item_object,
    output_item,
    reasoning_item,
    response_json,
    response_object,
    summary_part,
    text_part,
)
from server.wire_settings import settings_object

_FINAL = {
    State.COMPLETED: b"response.completed",
    State.INCOMPLETE: b"response.incomplete",
    State.FAILED: b"response.failed",
}

_MESSAGE_CLOSING, _REASONING_CLOSING, _CALL = 4, 3, 4
"""How many events close a message, close what was thought, and tell of a call."""

_RESPONSE = b'{"type":"%b","sequence_number":%d,"response":%b}'
_ITEM = b'{"type":"%b","sequence_number":%d,"output_index":0,"item":%b%b}'
_AT = b'"item_id":%b,"output_index":0,"content_index":0%b'
_PART = b'{"type":"%b","sequence_number":%d,%b,"part":%b}'
_TEXT_DONE = b'{"type":"response.output_text.done","sequence_number":%d,%b,"text":%b,"logprobs":[]}'
_DELTA = b'{"type":"response.output_text.delta","sequence_number":%%d,%b,"delta":%%b,"logprobs":[]}'


def opening_events(turn: Turn) -> list[bytes]:
    """The events ahead of the text, numbered from 0; a part that is gone on with begins with its text."""
    response, at, whose = response_json(turn), _at(turn), _whose(turn)
    item = orjson.dumps({**output_item(turn), "status": "in_progress", "content": []})
    part = orjson.dumps(text_part("" if turn.ended else turn.text))
    return [
        _RESPONSE % (b"response.created", 0, response),
        _RESPONSE % (b"response.in_progress", 1, response),
        _ITEM % (b"response.output_item.added", 2, item, whose),
        _PART % (b"response.content_part.added", 3, at, part),
    ]


def delta_event(turn: Turn, number: int, text: str) -> bytes:
    """A piece of the answer."""
    return filled_delta(delta_form(turn), number, text)


def delta_form(turn: Turn) -> bytes:
    """What all deltas of a turn have in common: there are more of them than of all other events together."""
    return _DELTA % _at(turn).replace(b"%", b"%%")


def filled_delta(form: bytes, number: int, text: str) -> bytes:
    """A piece of the answer, from its turn's form."""
    return form % (number, orjson.dumps(text))


def reasoning_opening_events(turn: Turn, number: int, text: str) -> list[bytes]:
    """The events ahead of what is thought, numbered from `number`.

    Args:
        text: What there is of it already.
    """
    item = {**reasoning_item(turn), "summary": []}
    return [
        _event("response.output_item.added", number, output_index=1, item=item),
        _event("response.reasoning_summary_part.added", number + 1, **_at_reasoning(turn), part=summary_part(text)),
    ]


def reasoning_event(turn: Turn, number: int, text: str) -> bytes:
    """A piece of what is thought."""
    return _event("response.reasoning_summary_text.delta", number, **_at_reasoning(turn), delta=text)


def closing_events(turn: Turn, number: int) -> list[bytes]:
    """The events behind the text of a turn that has ended, numbered from `number`.

    What was thought ends first, then come the calls of tools, the end of the message, and how the turn has ended.
    """
    events: list[bytes] = []
    if reasoning := turn.reasoning:
        at = _at_reasoning(turn)
        events = [
            _event("response.reasoning_summary_text.done", number, **at, text=reasoning),
            _event("response.reasoning_summary_part.done", number + 1, **at, part=summary_part(reasoning)),
            _event("response.output_item.done", number + 2, output_index=1, item=reasoning_item(turn)),
        ]
    for place in range(len(turn.calls)):
        events += _call_events(turn, place, number + len(events))
    return events + _message_closing_events(turn, number + len(events))


def count_closing_events(turn: Turn) -> int:
    """How many they are."""
    return _MESSAGE_CLOSING + (_REASONING_CLOSING if turn.reasoning else 0) + _CALL * len(turn.calls)


def _call_events(turn: Turn, place: int, number: int) -> list[bytes]:
    item = call_item(turn, place)
    index = place + (2 if turn.reasoning else 1)
    at = {"item_id": item["id"], "output_index": index}
    begun = {**item, "arguments": "", "status": "in_progress"}
    return [
        _event("response.output_item.added", number, output_index=index, item=begun),
        _event("response.function_call_arguments.delta", number + 1, **at, delta=item["arguments"]),
        _event(
            "response.function_call_arguments.done", number + 2, **at, arguments=item["arguments"], name=item["name"]
        ),
        _event("response.output_item.done", number + 3, output_index=index, item=item),
    ]


def _message_closing_events(turn: Turn, number: int) -> list[bytes]:
    """The text is encoded once."""
    text = orjson.dumps(turn.text)
    part = orjson.dumps(text_part(orjson.Fragment(text)))
    item = orjson.dumps(output_item(turn, orjson.Fragment(part)))
    at = _at(turn)
    return [
        _TEXT_DONE % (number, at, text),
        _PART % (b"response.content_part.done", number + 1, at, part),
        _ITEM % (b"response.output_item.done", number + 2, item, _whose(turn)),
        _RESPONSE % (_FINAL[turn.state], number + 3, response_json(turn, orjson.Fragment(item))),
    ]


def final_event(turn: Turn, number: int) -> bytes:
    """How a turn has ended."""
    item = orjson.Fragment(orjson.dumps(output_item(turn)))
    return _RESPONSE % (_FINAL[turn.state], number, response_json(turn, item))


def snapshot_event(turn: Turn, number: int) -> bytes:
    """All the text so far, in the place of events that are gone."""
    return _event(
        "verbatim:response.snapshot",
        number,
        response_id=turn.response_id,
        text=turn.text,
        response=response_object(turn),
    )


def item_event(
    session_id: str, message: Message, position: int, after: str | None, response_id: str, number: int
) -> bytes:
    """A user's message was accepted in a conversation that the socket is attached to, or is answered once more."""
    place: dict[str, Any] = {"item": item_object(message, position, session_id), "verbatim:after": after}
    return _event("verbatim:conversation.item", number, conversation=session_id, response_id=response_id, **place)


def path_event(session_id: str, message_id: str, number: int) -> bytes:
    """Another path is shown in a conversation that the socket is attached to."""
    return _event("verbatim:conversation.path", number, conversation=session_id, message=message_id)


def removed_event(session_id: str, message_id: str, response_id: str, number: int) -> bytes:
    """An answer was removed from a conversation that the socket is attached to."""
    whose = {"conversation": session_id, "item_id": message_id, "response_id": response_id}
    return _event("verbatim:conversation.item_deleted", number, **whose)


def updated_event(record: Record, running: str | None, number: int) -> bytes:
    return _event("verbatim:conversation.updated", number, conversation=conversation_object(record, running))


def deleted_event(session_id: str, number: int) -> bytes:
    return _event("verbatim:conversation.deleted", number, conversation=session_id)


def settings_event(settings: Settings, number: int) -> bytes:
    return _event("verbatim:settings.updated", number, settings=settings_object(settings))


def attached_event(session_id: str, running: str | None, number: int) -> bytes:
    return _event("verbatim:conversation.attached", number, conversation=session_id, response_id=running)


def detached_event(session_id: str, number: int) -> bytes:
    return _event("verbatim:conversation.detached", number, conversation=session_id)


def keepalive_event(number: int) -> bytes:
    return _event("verbatim:keepalive", number)


def error_event(error: ApiError) -> bytes:
    """An error on the socket; it has no number."""
    return orjson.dumps({"type": "error", "status": error.status, "error": error_object(error)})


def with_stream_id(event: bytes, stream_id: str | None) -> bytes:
    """The event with the reader's `stream_id`, without encoding it again."""
    return event if stream_id is None else b'{"stream_id":' + orjson.dumps(stream_id) + b"," + event[1:]


def sse_event(event: bytes) -> bytes:
    """The event as a server-sent event; encoded JSON has no line break in it."""
    kind = event[len(b'{"type":"') :].partition(b'"')[0]
    return b"event: " + kind + b"\ndata: " + event + b"\n\n"


def _event(kind: str, number: int, **fields: Any) -> bytes:
    """Encoded, as a copy: what orjson returns lies in a buffer of 4 KiB or more for as long as it is kept."""
    return b"%b" % orjson.dumps({"type": kind, "sequence_number": number, **fields})


def _at(turn: Turn) -> bytes:
    """Where in the output an event belongs, encoded."""
    return _AT % (orjson.dumps(turn.draft.get("id", "")), _whose(turn))


def _at_reasoning(turn: Turn) -> dict[str, Any]:
    """Where in the output an event of what is thought belongs."""
    return {"item_id": reasoning_item(turn)["id"], "output_index": 1, "summary_index": 0}


def _whose(turn: Turn) -> bytes:
    """The response's id, where its item does not end like it; encoded, to follow other fields."""
    is_told = turn.draft.get("id", "") == answer_id(turn.response_id)
    return b"" if is_told else b',"verbatim:response_id":' + orjson.dumps(turn.response_id)
