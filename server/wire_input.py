"""What a caller says: `response.create` to a turn, input items to messages. Pure.

Rule: a request that is well-formed is understood whole or refused whole; what is not on offer is never passed over.
Source: PROTOCOL.md, "One turn".
"""

import json
import sys
from collections.abc import Sequence
from typing import Any

from msgspec import UnsetType

from persistence.images import NO_IMAGES, Image
from persistence.model import Message, new_id, now
from server.assistants.base import JsonFormat
from server.assistants.tool_calls import OUTPUT_ROLE
from server.errors import ApiError
from server.image_limits import ImageLimits
from server.turn_request import NO_METADATA, After, TurnRequest
from server.wire_images import Attachments
from server.wire_parts import read_parts, read_text
from server.wire_requests import CancelResponse, ConversationReference, CreateResponse, InputItem, OutputFormat
from server.wire_tools import add_call, check_depth, output_message, tool_use

_ROLES = ("user", "assistant", "system", "developer")

_NOT_ON_OFFER: dict[str, tuple[Any, ...]] = {
    "text.verbosity": ("medium",),
    "reasoning.summary": ("auto",),
    "reasoning.generate_summary": ("auto",),
    "include": ([],),
    "prompt": ({},),
    "presence_penalty": (0,),
    "frequency_penalty": (0,),
    "top_logprobs": (0,),
    "background": (False,),
    "max_tool_calls": (),
    "context_management": ([],),
    "moderation": (),
    "generate": (True,),
}
"""Parameters that would change the answer and that nobody here can honour, each with the values that change nothing."""


def turn_request(frame: CreateResponse, limits: ImageLimits | None = None) -> TurnRequest:
    """What `response.create` asks for, in our words.

    Args:
        limits: How much in images it may bring.

    Raises:
        ApiError: What it asks for is not on offer, or contradicts itself.
    """
    for name, harmless in _NOT_ON_OFFER.items():
        if (value := _value(frame, name)) is not None and value not in harmless:
            expected = " or ".join(json.dumps(choice) for choice in harmless)
            message = f"not on offer; leave it out, or say {expected}" if harmless else "not on offer; leave it out"
            raise ApiError(400, "unsupported_parameter", message, name)
    if frame.conversation is not None and frame.previous_response_id is not None:
        raise ApiError(
            400, "mutually_exclusive_parameters", "expected conversation or previous_response_id", "conversation"
        )
    if frame.store is False and (frame.conversation or frame.previous_response_id or frame.continues):
        raise ApiError(400, "mutually_exclusive_parameters", "what is not stored continues no conversation", "store")
    conversation = frame.conversation
    after = None if isinstance(frame.after, UnsetType) else After(frame.after)
    _check_place(frame, after)
    metadata = frame.metadata or NO_METADATA
    client_message_id = metadata.get("client_message_id") or None
    attachments = Attachments(limits or ImageLimits())
    return TurnRequest(
        messages=() if _asks_nothing(frame, after) else _question(frame.input, client_message_id, attachments),
        images=attachments.data or NO_IMAGES,
        image_field=attachments.first,
        model=frame.model and sys.intern(frame.model),  # The names are few, and the turns many.
        session_id=conversation.id if isinstance(conversation, ConversationReference) else conversation,
        previous_response_id=frame.previous_response_id,
        after=after,
        continues=frame.continues,
        kept=frame.store is not False,
        client_message_id=client_message_id,
        metadata=metadata,
        instructions=frame.instructions,
        temperature=frame.temperature,
        top_p=frame.top_p,
        may_leave_out=frame.truncation != "disabled",
        max_output_tokens=frame.max_output_tokens,
        effort=frame.reasoning.effort if frame.reasoning else None,
        tool_use=tool_use(frame),
        output_format=_output_format(frame.text.format if frame.text else None),
    )


def cancelled(frame: CancelResponse) -> tuple[str | None, str | None]:
    """What `response.cancel` names: a response, or what the client calls the message that starts it; one of the two.

    Raises:
        ApiError: It names none, or both.
    """
    client_message_id = (frame.metadata or {}).get("client_message_id") or None
    if frame.response_id is None and client_message_id is None:
        message = "expected response_id, or metadata.client_message_id of a turn that waits"
        raise ApiError(400, "missing_required_parameter", message, "response_id")
    if frame.response_id is not None and client_message_id is not None:
        message = "expected response_id or metadata.client_message_id"
        raise ApiError(400, "mutually_exclusive_parameters", message, "response_id")
    return frame.response_id, client_message_id


def _value(frame: CreateResponse, name: str) -> Any:
    """A parameter's, by its name on the wire; None where nothing is said."""
    value: Any = frame
    for part in name.split("."):
        value = getattr(value, part) if value is not None else None
    return value


def _output_format(wanted: OutputFormat | None) -> JsonFormat | None:
    if wanted is None or wanted.type == "text":
        return None
    if wanted.type == "json_object":
        return JsonFormat()
    if wanted.type != "json_schema":
        message = f"got {wanted.type!r:.100}, expected one of text, json_object, json_schema"
        raise ApiError(400, "unsupported_parameter", message, "text.format.type")
    for name in ("name", "schema"):
        if getattr(wanted, name) is None:
            raise ApiError(400, "missing_required_parameter", f"expected {name}", f"text.format.{name}")
    check_depth(wanted.schema, "text.format.schema")
    return JsonFormat(wanted.schema, wanted.name or "", wanted.description, wanted.strict)


def _check_place(frame: CreateResponse, after: After | None) -> None:
    """Whether a turn says in one way, and whole, where it is placed."""
    if frame.continues is not None and (after or frame.previous_response_id is not None):
        name = "verbatim:after" if after else "previous_response_id"
        raise ApiError(400, "mutually_exclusive_parameters", f"expected verbatim:continue or {name}", name)
    if frame.continues is not None and frame.input not in ("", []):
        message = "expected an empty input, since the response goes on in its own message"
        raise ApiError(400, "mutually_exclusive_parameters", message, "input")
    if after and frame.previous_response_id is not None:
        message = "expected verbatim:after or previous_response_id"
        raise ApiError(400, "mutually_exclusive_parameters", message, "verbatim:after")
    if after and frame.conversation is None:
        message = "expected the conversation that verbatim:after is in"
        raise ApiError(400, "missing_required_parameter", message, "conversation")
    if after and after.message_id is None and frame.input in ("", []):
        message = "expected the id of a user's message, since the input is empty"
        raise ApiError(400, "invalid_value", message, "verbatim:after")


def _asks_nothing(frame: CreateResponse, after: After | None) -> bool:
    """Whether there is no question: one that stands already is answered again, or an answer is gone on with."""
    return frame.continues is not None or (after is not None and frame.input in ("", []))


def input_messages(items: Sequence[InputItem], field: str, attachments: Attachments) -> tuple[Message, ...]:
    """Messages from input items.

    Args:
        attachments: Takes their images.

    Raises:
        ApiError: An item is no message.
    """
    messages: list[Message] = []
    for position, item in enumerate(items):
        where = f"{field}[{position}]"
        if item.type == "function_call":
            add_call(messages, item, where)
        elif item.type == "function_call_output":
            messages.append(output_message(item, where))
        elif item.type != "reasoning":  # What was thought is not passed on.
            messages.append(_message(item, where, attachments))
    return tuple(messages)


def _question(
    asked: str | list[InputItem], client_message_id: str | None, attachments: Attachments
) -> tuple[Message, ...]:
    items = [InputItem(role="user", content=asked)] if isinstance(asked, str) else asked
    messages = input_messages(items, "input", attachments)
    if not messages or messages[-1]["role"] not in ("user", OUTPUT_ROLE):
        raise ApiError(400, "invalid_value", "expected the last message to be the user's", "input")
    if messages[-1]["role"] == "user" and not (messages[-1]["content"].strip() or "images" in messages[-1]):
        raise ApiError(400, "invalid_value", "expected some text, or an image", "input")
    if client_message_id is not None:
        messages[-1]["client_message_id"] = client_message_id
    return messages


def _message(item: InputItem, field: str, attachments: Attachments) -> Message:
    if item.type != "message":
        raise ApiError(400, "unsupported_parameter", f"got {item.type!r:.100}, expected message", f"{field}.type")
    if item.role not in _ROLES:
        raise ApiError(
            400, "invalid_value", f"got {item.role!r:.100}, expected one of {', '.join(_ROLES)}", f"{field}.role"
        )
    if item.content is None:
        raise ApiError(400, "missing_required_parameter", "expected text or a list of parts", f"{field}.content")
    images: list[Image] = []
    if isinstance(item.content, str):
        text = item.content
    elif item.role == "user":
        text, images = read_parts(item.content, f"{field}.content", attachments)
    else:
        text = read_text(item.content, f"{field}.content")
    message: Message = {"role": item.role, "content": text, "id": new_id("msg_"), "created_at": now()}
    if images:
        message["images"] = [image.fields() for image in images]
    return message
