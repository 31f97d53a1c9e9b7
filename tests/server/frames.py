"""What a frame of the wire has to look like, by the models of others.

Rule: what the specification names is validated against its own models; what is ours has exactly the fields that
PROTOCOL.md lists.
"""

import json
from typing import Any

import openresponses_types
from openai.types.conversations import Conversation
from openai.types.conversations.conversation_item import ConversationItem
from openai.types.responses import Response
from pydantic import TypeAdapter

Frame = dict[str, Any]

STANDARD: dict[str, Any] = {
    "response.created": openresponses_types.ResponseCreatedStreamingEvent,
    "response.in_progress": openresponses_types.ResponseInProgressStreamingEvent,
    "response.output_item.added": openresponses_types.ResponseOutputItemAddedStreamingEvent,
    "response.content_part.added": openresponses_types.ResponseContentPartAddedStreamingEvent,
    "response.output_text.delta": openresponses_types.ResponseOutputTextDeltaStreamingEvent,
    "response.reasoning_summary_part.added": openresponses_types.ResponseReasoningSummaryPartAddedStreamingEvent,
    "response.reasoning_summary_text.delta": openresponses_types.ResponseReasoningSummaryDeltaStreamingEvent,
    "response.reasoning_summary_text.done": openresponses_types.ResponseReasoningSummaryDoneStreamingEvent,
    "response.reasoning_summary_part.done": openresponses_types.ResponseReasoningSummaryPartDoneStreamingEvent,
    "response.function_call_arguments.delta": openresponses_types.ResponseFunctionCallArgumentsDeltaStreamingEvent,
    "response.function_call_arguments.done": openresponses_types.ResponseFunctionCallArgumentsDoneStreamingEvent,
    "response.output_text.done": openresponses_types.ResponseOutputTextDoneStreamingEvent,
    "response.content_part.done": openresponses_types.ResponseContentPartDoneStreamingEvent,
    "response.output_item.done": openresponses_types.ResponseOutputItemDoneStreamingEvent,
    "response.completed": openresponses_types.ResponseCompletedStreamingEvent,
    "response.incomplete": openresponses_types.ResponseIncompleteStreamingEvent,
    "response.failed": openresponses_types.ResponseFailedStreamingEvent,
    "error": openresponses_types.WebSocketErrorEvent,
}
OURS = {
    "verbatim:response.snapshot": {"response_id", "text", "response"},
    "verbatim:conversation.attached": {"conversation", "response_id"},
    "verbatim:conversation.detached": {"conversation"},
    "verbatim:conversation.item": {"conversation", "item", "response_id", "verbatim:after"},
    "verbatim:conversation.path": {"conversation", "message"},
    "verbatim:conversation.item_deleted": {"conversation", "item_id", "response_id"},
    "verbatim:conversation.updated": {"conversation"},
    "verbatim:conversation.deleted": {"conversation"},
    "verbatim:settings.updated": {"settings"},
    "verbatim:keepalive": set(),
}
FINAL = ("response.completed", "response.incomplete", "response.failed")
KINDS = ["created", "in_progress", "output_item.added", "content_part.added"]
THOUGHT_DELTA = "reasoning_summary_text.delta"
THOUGHT_KINDS = ["output_item.added", "reasoning_summary_part.added"]
LAST_THOUGHT_KINDS = ["reasoning_summary_text.done", "reasoning_summary_part.done", "output_item.done"]
LAST_KINDS = ["output_text.done", "content_part.done", "output_item.done"]

_ITEMS: TypeAdapter[Any] = TypeAdapter(ConversationItem)


def check_frame(frame: Frame) -> Frame:
    """Fails where a frame is not as the protocol says; returns it."""
    kind = frame["type"]
    if kind in STANDARD:
        STANDARD[kind].model_validate(frame)
    else:
        assert frame.keys() - {"stream_id"} == OURS[kind] | {"type", "sequence_number"}
    if kind != "error":
        assert isinstance(frame["sequence_number"], int)
    if "response" in frame:
        check_response(frame["response"])
    if "item" in frame and kind.startswith("verbatim:"):
        check_item(frame["item"])
    if kind == "verbatim:conversation.updated":
        check_conversation(frame["conversation"])
    return frame


def check_response(response: Frame) -> Frame:
    """Fails where a response has not every key that strict clients want."""
    openresponses_types.ResponseResource.model_validate(response)
    if response["status"] in ("completed", "in_progress"):
        Response.model_validate(response)  # Its reasons and codes are those of one vendor.
    return response


def check_conversation(conversation: Frame) -> Frame:
    """Fails where it is no conversation to openai-python."""
    Conversation.model_validate(conversation)
    return conversation


def check_item(item: Frame) -> Frame:
    """Fails where it is no item to openai-python."""
    _ITEMS.validate_python(item)
    return item


def decode(*events: bytes) -> list[Frame]:
    """The events as frames, each one checked."""
    return [check_frame(json.loads(event)) for event in events]


def text_of(frames: list[Frame]) -> str:
    """The text that a client shows which has had these frames."""
    text = ""
    for frame in frames:
        if frame["type"] == "response.output_text.delta":
            text += frame["delta"]
        elif frame["type"] == "verbatim:response.snapshot":
            text = frame["text"]
    return text


def reasoning_of(frames: list[Frame]) -> str:
    """What was thought, as a client shows it which has had these frames."""
    return "".join(frame["delta"] for frame in frames if frame["type"] == f"response.{THOUGHT_DELTA}")


def check_rest(rest: list[Frame], frames: list[Frame], after: int | None) -> None:
    """Fails where these are not what follows a cursor, to the end; `frames` are all of them. Deltas may be merged."""
    behind = [frame for frame in frames if after is None or frame["sequence_number"] > after]
    assert text_of(rest) == text_of(behind)
    deltas = [[frame for frame in some if frame["type"] == "response.output_text.delta"] for some in (rest, behind)]
    assert [frame for frame in rest if frame not in deltas[0]] == [frame for frame in behind if frame not in deltas[1]]
    numbers = [frame["sequence_number"] for frame in rest]
    assert numbers == sorted(set(numbers))
    assert set(numbers) <= {frame["sequence_number"] for frame in behind}


def check_whole(frames: list[Frame]) -> Frame:
    """Fails where these are not all frames of one response, in order; returns its final state.

    A merged delta stands for several numbers and carries the last of them; any other frame follows the one before it.
    """
    kinds = [frame["type"].removeprefix("response.") for frame in frames]
    for number, frame in enumerate(frames):
        before = frames[number - 1]["sequence_number"] if number else -1
        skipped = frame["sequence_number"] - before - 1
        assert skipped == 0 or (skipped > 0 and frame["type"].endswith("_text.delta"))
    assert kinds[:4] == KINDS
    told = kinds[4:-4]
    if thought := reasoning_of(frames):
        at = told.index(THOUGHT_KINDS[0])
        assert (told[at : at + 2], told[-3:]) == (THOUGHT_KINDS, LAST_THOUGHT_KINDS)
        assert THOUGHT_DELTA not in told[:at]
        told = [kind for kind in told[:at] + told[at + 2 : -3] if kind != THOUGHT_DELTA]
        [summary] = frames[-1]["response"]["output"][1]["summary"]
        assert thought == frames[-7]["text"] == frames[-6]["part"]["text"] == summary["text"]
    assert set(told) <= {"output_text.delta"}
    assert kinds[-4:-1] == LAST_KINDS
    assert frames[-1]["type"] in FINAL
    response = frames[-1]["response"]
    [part] = response["output"][0]["content"]
    assert text_of(frames) == frames[-4]["text"] == frames[-3]["part"]["text"] == part["text"]
    return dict(response)
