"""Our words to the wire's: the objects that stand in events and bodies. Pure.

Rule: in the `wire_…` modules, and nowhere else, are both vocabularies known.
Source: PROTOCOL.md, "Objects".
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

import orjson

from persistence.answer import reasoning_of
from persistence.model import Message, Receipt, Record, UserReceipt, message_id
from server.assistants.base import JsonFormat
from server.assistants.tool_calls import OUTPUT_ROLE, ToolUse, calls_of
from server.errors import ApiError
from server.stored_usage import usage_of
from server.turn import Reason, State, Turn
from server.wire_images import image_parts
from server.wire_recall import recall_fields
from server.wire_settings import chosen_object
from server.wire_usage import beside_object, item_usage, response_usage, spent_object

Json = dict[str, Any]

_ITEM_STATUS = {State.COMPLETED: "completed", State.IN_PROGRESS: "in_progress", State.QUEUED: "in_progress"}


def seconds(at: object) -> int | None:
    """A time on the wire: whole seconds since the epoch; None where a file from elsewhere has none that can be read."""
    return _read_seconds(at) if isinstance(at, str) else None


@lru_cache(maxsize=1024)
def _read_seconds(at: str) -> int | None:
    try:
        return int(datetime.fromisoformat(at).timestamp())
    except (ValueError, OverflowError):
        return None


def conversation_object(record: Record, running: str | None = None) -> Json:
    shown: Json = {}
    if summary := record.summary:
        shown["verbatim:summary"] = {"text": summary.text, "through": summary.through}
    if record.is_pinned:
        shown["verbatim:pinned"] = True
    if not record.is_active:
        shown["verbatim:archived"] = True
    if chosen := chosen_object(record.settings):
        shown["verbatim:settings"] = chosen
    if record.spent.responses:
        shown["verbatim:usage"] = spent_object(record.spent)
    if record.spent_beside.responses:
        shown["verbatim:usage_beside"] = beside_object(record.spent_beside)
    return {
        "id": record.session_id,
        "object": "conversation",
        "created_at": seconds(record.created_at) or 0,
        "metadata": record.metadata,
        "verbatim:last_activity": seconds(record.last_activity) or 0,
        "verbatim:running_response": running,
        **shown,
    }


def model_object(name: str, parameters: Sequence[str], owner: str = "verbatim", *, takes_images: bool = False) -> Json:
    """A model on offer, what a turn may ask of it, and the model server that has it."""
    known = {"id": name, "object": "model", "created": 0, "owned_by": owner}
    return {**known, "verbatim:parameters": list(parameters), "verbatim:images": takes_images}


def item_object(message: Message, position: int, session_id: str, alternatives: Sequence[str] = ()) -> Json:
    """A session's message as an item; the `position` names one that has no id.

    Args:
        alternatives: The messages at its place, where it is not the only one.
    """
    if message["role"] == OUTPUT_ROLE:
        return _output_object(message, position, alternatives)
    item: Json = {
        "id": message_id(message, position),
        "type": "message",
        "role": message["role"],
        "status": "completed",
        "content": [_part(message["role"], message["content"]), *image_parts(message, session_id)],
        "verbatim:created_at": seconds(message.get("created_at")),
    }
    if message["role"] == "assistant" or message.get("response_id"):
        item["verbatim:response_id"] = message.get("response_id")
    if message["role"] == "assistant":
        item["verbatim:model"] = message.get("model")
        status = message.get("status", "completed")
        if status != "completed":
            item["status"] = "incomplete"
            item["verbatim:reason"] = message.get("reason", status)
        if usage := usage_of(message):
            item["verbatim:usage"] = item_usage(usage)
        if calls := calls_of(message):
            item["verbatim:tool_calls"] = [call.fields() for call in calls]
        if reasoning := reasoning_of(message):
            item["verbatim:reasoning"] = reasoning
        if error := message.get("error"):
            item["verbatim:error"] = error
        item |= recall_fields(message)
    if alternatives:
        item["verbatim:alternatives"] = list(alternatives)
    return item


def _output_object(message: Message, position: int, alternatives: Sequence[str]) -> Json:
    """What a call gave, as an item."""
    item: Json = {
        "id": message_id(message, position),
        "type": "function_call_output",
        "status": "completed",
        "call_id": message.get("call_id", ""),
        "output": message["content"],
        "verbatim:created_at": seconds(message.get("created_at")),
    }
    if message.get("response_id"):
        item["verbatim:response_id"] = message["response_id"]
    return {**item, "verbatim:alternatives": list(alternatives)} if alternatives else item


def response_object(turn: Turn) -> Json:
    """A response with every key that a strict client wants."""
    end = _end(turn, output_item(turn)) if turn.ended else {**_BEGUN, "status": turn.state.value}
    return {**_asked(turn), **end, **_NOT_ON_OFFER}


def response_json(turn: Turn, item: orjson.Fragment | None = None) -> bytes:
    """The same, encoded.

    Args:
        item: Its item, encoded; None: it is shown as it was in progress.
    """
    end = _BEGUN if item is None else _end(turn, item)
    return b"%b,%b" % (orjson.dumps({**_asked(turn), **end})[:-1], _NOT_ON_OFFER_JSON)


_BEGUN: Json = {
    "status": "in_progress",
    "completed_at": None,
    "incomplete_details": None,
    "output": [],
    "error": None,
    "usage": None,
}
_NOT_ON_OFFER: Json = {
    "presence_penalty": 0.0,
    "frequency_penalty": 0.0,
    "top_logprobs": 0,
    "max_tool_calls": None,
    "background": False,
    "service_tier": "default",
    "safety_identifier": None,
    "prompt_cache_key": None,
}
"""What is the same in all responses: encoded once."""
_NOT_ON_OFFER_JSON = orjson.dumps(_NOT_ON_OFFER)[1:]


def _asked(turn: Turn) -> Json:
    """What a response says of what was asked for."""
    request = turn.request
    return {
        "id": turn.response_id,
        "object": "response",
        "created_at": seconds(turn.draft.get("created_at")) or 0,
        "model": turn.model,
        "previous_response_id": request.previous_response_id,
        "conversation": {"id": turn.session_id} if request.kept else None,
        "instructions": request.instructions,
        **_tools(request.tool_use),
        "text": {"format": _format(request.output_format)},
        "top_p": 1.0 if request.top_p is None else request.top_p,
        "temperature": 1.0 if request.temperature is None else request.temperature,
        "reasoning": {"effort": request.effort, "summary": None} if request.effort else None,
        "max_output_tokens": request.max_output_tokens,
        "truncation": "auto" if request.may_leave_out else "disabled",
        "store": request.kept,
        "metadata": request.metadata,
    }


def _end(turn: Turn, item: Json | orjson.Fragment) -> Json:
    """What a response says of how it ended, and what it was made from."""
    return {
        **recall_fields(turn.draft),
        "status": "cancelled" if turn.reason is Reason.CANCELLED else turn.state.value,
        "completed_at": seconds(turn.completed_at) if turn.state is State.COMPLETED else None,
        "incomplete_details": {"reason": turn.reason.value} if turn.reason else None,
        "output": _output(turn, item),
        "error": {"code": turn.error.code, "message": turn.error.message} if turn.error else None,
        **({"verbatim:left_out": turn.left_out} if turn.left_out else {}),
        **response_usage(turn.usage),
    }


def output_item(turn: Turn, part: orjson.Fragment | None = None) -> Json:
    """The response's one item: the assistant's message, empty of parts until it has ended.

    Args:
        part: Its part, where that is encoded already.
    """
    return {
        "id": turn.draft.get("id", ""),
        "type": "message",
        "role": "assistant",
        "status": _ITEM_STATUS.get(turn.state, "incomplete"),
        "content": [part or text_part(turn.text)] if turn.ended else [],
    }


def reasoning_item(turn: Turn) -> Json:
    """What was thought, as an item behind the message; empty of parts until the response has ended."""
    summary = [summary_part(turn.reasoning)] if turn.ended else []
    return {"id": "rs_" + turn.response_id.rpartition("_")[2], "type": "reasoning", "summary": summary}


def call_item(turn: Turn, place: int) -> Json:
    """A call of a tool, as an item behind the message and what was thought."""
    item_id = f"fc_{turn.response_id.rpartition('_')[2]}_{place}"
    return {"id": item_id, "type": "function_call", **turn.calls[place].fields(), "status": "completed"}


def summary_part(text: str) -> Json:
    return {"type": "summary_text", "text": text}


def text_part(text: str | orjson.Fragment) -> Json:
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def receipt_object(receipt: Receipt) -> Json:
    return {
        "id": receipt.session_id,
        "object": "conversation.deleted",
        "deleted": True,
        "verbatim:removed": list(receipt.removed),
        "verbatim:facts_removed": receipt.facts_removed,
    }


def user_receipt_object(receipt: UserReceipt) -> Json:
    return {
        "id": receipt.user_id,
        "object": "user.deleted",
        "deleted": True,
        "verbatim:conversations": [receipt_object(one) for one in receipt.sessions],
        "verbatim:removed": list(receipt.removed),
        "verbatim:facts_removed": receipt.facts_removed,
    }


def list_object(data: Sequence[Json], *, has_more: bool = False) -> Json:
    return {
        "object": "list",
        "data": list(data),
        "first_id": data[0]["id"] if data else None,
        "last_id": data[-1]["id"] if data else None,
        "has_more": has_more,
    }


def error_object(error: ApiError) -> Json:
    return {"type": error.type, "code": error.code, "message": error.message, "param": error.param}


def _part(role: str, text: str) -> Json:
    return text_part(text) if role == "assistant" else {"type": "input_text", "text": text}


def _output(turn: Turn, item: Json | orjson.Fragment) -> list[Json | orjson.Fragment]:
    reasoning = [reasoning_item(turn)] if turn.reasoning else []
    return [item, *reasoning, *(call_item(turn, place) for place in range(len(turn.calls)))]


def _tools(use: ToolUse | None) -> Json:
    if use is None:
        return {"tools": [], "tool_choice": "auto", "parallel_tool_calls": True}
    shown = ("name", "description", "parameters", "strict")
    return {
        "tools": [{"type": "function", **{name: getattr(tool, name) for name in shown}} for tool in use.tools],
        "tool_choice": {"type": "function", "name": use.choice} if use.is_named else use.choice,
        "parallel_tool_calls": use.parallel is not False,
    }


def _format(wanted: JsonFormat | None) -> Json:
    if wanted is None:
        return {"type": "text"}
    if wanted.schema is None:
        return {"type": "json_object"}
    names = {"name": wanted.name, "description": wanted.description, "schema": wanted.schema}
    return {"type": "json_schema", **names, "strict": bool(wanted.strict)}
