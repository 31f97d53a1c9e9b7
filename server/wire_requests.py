"""What comes in: JSON to frames, bodies and queries. Pure.

Rule: a request is understood whole or refused whole, with the code, the field and what was expected.
Source: PROTOCOL.md, "One turn", "What we add on the socket", "Errors".
"""

import re
from typing import Annotated, Any, Literal, TypeVar

import msgspec
import orjson
from msgspec import UNSET, Meta, Struct, UnsetType, field

from server.errors import ApiError
from server.wire_passed_over import PassedOver
from server.wire_settings import ChangeSettings

T = TypeVar("T")

_MAX_WHOLE = 2**53 - 1
"""The largest whole number that every JSON reader gets right."""

Name = Annotated[str, Meta(min_length=1, max_length=256)]
Metadata = Annotated[
    dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]], Meta(max_length=16)
]


FactText = Annotated[str, Meta(min_length=1, max_length=4096)]
Cursor = Annotated[int, Meta(ge=-1, le=_MAX_WHOLE)]


class Part(Struct):
    type: str
    text: str | None = None
    image_url: str | None = None
    detail: Literal["auto", "low", "high"] | None = None
    file_id: str | None = None


class InputItem(Struct):
    role: str | None = None
    content: str | list[Part] | None = None
    type: str = "message"
    call_id: Name | None = None
    name: Name | None = None
    arguments: str | None = None
    output: str | list[Part] | None = None


class ConversationReference(Struct):
    id: Name


class FunctionTool(Struct, forbid_unknown_fields=True):
    type: str
    name: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None


class ToolChoice(Struct, forbid_unknown_fields=True):
    type: str
    name: str | None = None


class OutputFormat(Struct, forbid_unknown_fields=True):
    type: str
    name: Annotated[str, Meta(pattern="^[A-Za-z0-9_-]{1,64}$")] | None = None
    schema: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class TextOptions(Struct, forbid_unknown_fields=True):
    format: OutputFormat | None = None
    verbosity: Any = None


class ReasoningOptions(Struct, forbid_unknown_fields=True):
    effort: Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"] | None = None
    summary: Any = None
    generate_summary: Any = None


class CreateResponse(PassedOver, forbid_unknown_fields=True):
    """`response.create`, and the body of `POST /v1/responses`. What is not named here is not on offer, and is refused.

    `after` and `continues` are `verbatim:after` and `verbatim:continue` on the wire.
    """

    input: str | list[InputItem]
    after: Name | UnsetType | None = field(default=UNSET, name="verbatim:after")
    continues: Name | None = field(default=None, name="verbatim:continue")
    model: Name | None = None
    conversation: Name | ConversationReference | None = None
    previous_response_id: Name | None = None
    metadata: Metadata | None = None
    store: bool | None = None
    stream: bool | None = None
    background: Any = None
    instructions: str | None = None
    temperature: Annotated[float, Meta(ge=0, le=2)] | None = None
    top_p: Annotated[float, Meta(ge=0, le=1)] | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=_MAX_WHOLE)] | None = None
    tools: Annotated[list[FunctionTool], Meta(max_length=128)] | None = None
    tool_choice: Literal["auto", "none", "required"] | ToolChoice | None = None
    parallel_tool_calls: bool | None = None
    text: TextOptions | None = None
    reasoning: ReasoningOptions | None = None
    include: Any = None
    prompt: Any = None
    truncation: Literal["auto", "disabled"] | None = None
    presence_penalty: Any = None
    frequency_penalty: Any = None
    top_logprobs: Any = None
    max_tool_calls: Any = None
    context_management: Any = None
    moderation: Any = None
    generate: Any = None


class CancelResponse(Struct):
    """`response.cancel`."""

    response_id: Name | None = None
    metadata: Metadata | None = None


class AttachResponse(Struct):
    """`verbatim:response.attach`."""

    response_id: Name
    starting_after: Cursor | None = None


class AttachConversation(Struct):
    """`verbatim:conversation.attach`."""

    conversation: Name


class DetachConversation(Struct):
    """`verbatim:conversation.detach`."""

    conversation: Name


class Ping(Struct):
    """`verbatim:ping`."""


class CreateConversation(Struct):
    """The body of `POST /v1/conversations`."""

    id: Name | None = None
    metadata: Metadata | None = None
    settings: ChangeSettings | None = field(default=None, name="verbatim:settings")
    items: Annotated[list[InputItem], Meta(max_length=20)] | None = None


class UpdateConversation(Struct):
    """The body of `POST /v1/conversations/{id}`; what is not there stays as it is.

    `is_pinned` and `is_archived` are `verbatim:pinned` and `verbatim:archived` on the wire.
    """

    metadata: Metadata | UnsetType = UNSET
    is_pinned: bool | UnsetType = field(default=UNSET, name="verbatim:pinned")
    is_archived: bool | UnsetType = field(default=UNSET, name="verbatim:archived")


class ShowPath(Struct):
    """The body of `POST /v1/conversations/{id}/path`."""

    message: Name


class RememberFact(Struct):
    """The body of `POST /v1/memory`."""

    text: FactText
    conversation: Name | None = None
    replaces: Name | None = None


class EditFact(Struct):
    """The body of `POST /v1/memory/{fact_id}`."""

    text: FactText


class SwitchMemory(Struct):
    """The body of `PATCH /v1/memory`."""

    enabled: bool


class Login(Struct):
    """The body of `POST /v1/login`."""

    key: str


class Replay(Struct):
    """The query of `GET /v1/responses/{id}`."""

    stream: bool = False
    starting_after: Cursor | None = None


class Page(Struct):
    """The query of a list."""

    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    after: str | None = None
    order: str = "desc"


Frame = CreateResponse | CancelResponse | AttachResponse | AttachConversation | DetachConversation | Ping

_FRAMES: dict[str, type[Frame]] = {
    "response.create": CreateResponse,
    "response.cancel": CancelResponse,
    "verbatim:response.attach": AttachResponse,
    "verbatim:conversation.attach": AttachConversation,
    "verbatim:conversation.detach": DetachConversation,
    "verbatim:ping": Ping,
}
_MAX_STREAM_ID = 64


def decode_object(data: bytes | str) -> dict[str, Any]:
    """A JSON object.

    Raises:
        ApiError: `invalid_json` (no JSON, no UTF-8, a lone surrogate, nested too deep), `invalid_type` (no object).
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ApiError(400, "invalid_json", f"expected a JSON object in UTF-8: {error}") from error
    if not isinstance(value, dict):
        raise ApiError(400, "invalid_type", f"expected a JSON object, got {type(value).__name__}")
    return value


def stream_id_of(value: dict[str, Any]) -> str | None:
    """The frame's `stream_id`.

    Raises:
        ApiError: It is no string of at most 64 characters.
    """
    stream_id = value.get("stream_id")
    if stream_id is None or (isinstance(stream_id, str) and len(stream_id) <= _MAX_STREAM_ID):
        return stream_id
    raise ApiError(400, "invalid_value", f"expected a string of at most {_MAX_STREAM_ID} characters", "stream_id")


def decode_frame(value: dict[str, Any]) -> Frame:
    """A frame from a client.

    Raises:
        ApiError: It is none of ours, or a field is wrong.
    """
    kind = value.get("type")
    if kind is None:
        raise ApiError(400, "missing_required_parameter", f"expected one of {', '.join(_FRAMES)}", "type")
    if not isinstance(kind, str) or kind not in _FRAMES:
        raise ApiError(400, "unknown_event_type", f"got {kind!r:.100}, expected one of {', '.join(_FRAMES)}", "type")
    return decode_body(value, _FRAMES[kind])


def decode_body(value: dict[str, Any], kind: type[T], *, from_text: bool = False) -> T:
    """A request's body, or its query (`from_text`: numbers come as text).

    Raises:
        ApiError: A field is missing or wrong.
    """
    try:
        return msgspec.convert(value, kind, strict=not from_text)
    except msgspec.ValidationError as error:
        raise _refusal(str(error)) from error


def _refusal(sentence: str) -> ApiError:
    """msgspec's sentence, such as "Expected `str`, got `int` - at `$.input[0].content`", as our error."""
    what, _, path = sentence.partition(" - at ")
    path = path.removeprefix("`key` in ")
    param = path.strip("`").removeprefix("$").removeprefix(".") or None
    if missing := re.fullmatch(r"Object missing required field `(.+)`", what):
        name = missing[1]
        param = f"{param}.{name}" if param else name
        return ApiError(400, "missing_required_parameter", f"expected {name}", param)
    if unknown := re.fullmatch(r"Object contains unknown field `(.+)`", what):
        name = f"{param}.{unknown[1]}" if param else unknown[1]
        return ApiError(400, "unsupported_parameter", "not on offer; leave it out", name)
    code = "invalid_type" if ", got " in what else "invalid_value"
    return ApiError(400, code, what[:1].lower() + what[1:], param)
