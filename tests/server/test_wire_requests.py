"""Requests: every field right, missing, of the wrong type and out of range."""

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.assistants.base import JsonFormat
from server.assistants.tool_calls import Tool, ToolUse
from server.errors import ApiError
from server.turn_request import After
from server.wire_images import Attachments
from server.wire_input import cancelled, input_messages, turn_request
from server.wire_requests import (
    AttachConversation,
    AttachResponse,
    CancelResponse,
    CreateConversation,
    CreateResponse,
    DetachConversation,
    EditFact,
    Login,
    Page,
    Ping,
    RememberFact,
    Replay,
    SwitchMemory,
    UpdateConversation,
    decode_body,
    decode_frame,
    decode_object,
    stream_id_of,
)

USER = {"role": "user", "content": "hi"}
CALL = {"type": "function_call", "id": "fc_1", "call_id": "c1", "name": "f", "arguments": "{}", "status": "completed"}
GAVE = {"type": "function_call_output", "call_id": "c1"}
TOOL = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
LARGEST = 2**53 - 1


def refusal(call, *arguments, **options):
    """The code and the field of what a call refuses."""
    with pytest.raises(ApiError) as caught:
        call(*arguments, **options)
    assert caught.value.message
    return caught.value.status, caught.value.code, caught.value.param


GOOD_CREATE = [
    ("input", "hi"),
    ("input", [USER]),
    ("input", [{"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}]}]),
    ("model", "scribe"),
    ("model", None),
    ("conversation", "abc"),
    ("conversation", {"id": "abc"}),
    ("previous_response_id", "resp_abc_1"),
    ("metadata", {}),
    ("metadata", {str(number) * 32: "v" * 512 for number in range(10, 26)}),
    ("store", False),
    ("stream", True),
    ("background", False),
    ("instructions", ""),
    ("temperature", 0),
    ("temperature", 2.0),
    ("top_p", 1),
    ("max_output_tokens", 1),
    ("max_output_tokens", LARGEST),
    ("tools", []),
    ("tools", [TOOL]),
    ("tool_choice", "none"),
    ("parallel_tool_calls", False),
    ("input", [USER, {"type": "reasoning", "id": "rs_1", "summary": []}, USER]),
    ("input", [USER, CALL, {**GAVE, "output": "hi"}]),
    ("input", [CALL, {**GAVE, "output": [{"type": "input_text", "text": "hi"}]}]),
    ("tool_choice", "auto"),
    ("text", {}),
    ("text", {"format": {"type": "text"}, "verbosity": "medium"}),
    ("text", {"format": {"type": "json_object"}}),
    ("text", {"format": {"type": "json_schema", "name": "n", "schema": {}}}),
    ("reasoning", {}),
    ("reasoning", {"effort": "xhigh", "summary": "auto"}),
    ("include", []),
    ("truncation", "disabled"),
    ("truncation", "auto"),
    ("presence_penalty", 0.0),
    ("top_logprobs", 0),
    ("generate", True),
    ("context_management", []),
    ("user", "anna"),
    ("event_id", "e1"),
    ("stream_options", {"include_obfuscation": False}),
    ("safety_identifier", "a"),
    ("prompt_cache_key", "a"),
    ("prompt_cache_retention", "24h"),
    ("service_tier", "flex"),
]
TYPE, VALUE, MISSING, UNSUPPORTED = (
    "invalid_type",
    "invalid_value",
    "missing_required_parameter",
    "unsupported_parameter",
)
DEEP: dict[str, object] = {}
for _ in range(250):
    DEEP = {"items": DEEP}
BAD_CREATE: list[tuple[str, object, str, str]] = [
    ("input", 5, TYPE, "input"),
    ("input", None, TYPE, "input"),
    ("input", {}, TYPE, "input"),
    ("input", [], VALUE, "input"),
    ("input", "", VALUE, "input"),
    ("input", " \n", VALUE, "input"),
    ("input", ["hi"], TYPE, "input[0]"),
    ("input", [{"role": "assistant", "content": "hi"}], VALUE, "input"),
    ("input", [{"content": "hi"}], VALUE, "input[0].role"),
    ("input", [{"role": 1, "content": "hi"}], TYPE, "input[0].role"),
    ("input", [{"role": "tool", "content": "hi"}], VALUE, "input[0].role"),
    ("input", [USER, {"role": "user"}], MISSING, "input[1].content"),
    ("input", [{"role": "user", "content": 1}], TYPE, "input[0].content"),
    ("input", [{"role": "user", "content": []}], VALUE, "input"),
    ("input", [{"role": "user", "content": [{"type": "input_text"}]}], MISSING, "input[0].content[0].text"),
    ("input", [{"role": "user", "content": [{"text": "a"}]}], MISSING, "input[0].content[0].type"),
    ("input", [{"role": "user", "content": [{"type": "input_file"}]}], UNSUPPORTED, "input[0].content[0].type"),
    ("input", [{"type": "web_search_call"}, USER], UNSUPPORTED, "input[0].type"),
    ("input", [{"type": "function_call_output"}, USER], MISSING, "input[0].call_id"),
    ("input", [{"type": "function_call_output", "call_id": "c"}, USER], MISSING, "input[0].output"),
    ("input", [{**CALL, "call_id": ""}, USER], VALUE, "input[0].call_id"),
    ("input", [{**CALL, "arguments": {}}, USER], TYPE, "input[0].arguments"),
    ("input", [{"type": "function_call", "call_id": "c", "name": "f"}, USER], MISSING, "input[0].arguments"),
    ("input", [USER, CALL], VALUE, "input"),
    (
        "input",
        [CALL, {**GAVE, "output": [{"type": "input_image"}]}],
        UNSUPPORTED,
        "input[1].output[0].type",
    ),
    ("model", 1, TYPE, "model"),
    ("model", "", VALUE, "model"),
    ("model", "m" * 257, VALUE, "model"),
    ("conversation", 1, TYPE, "conversation"),
    ("conversation", "", VALUE, "conversation"),
    ("conversation", {}, MISSING, "conversation.id"),
    ("conversation", {"id": 1}, TYPE, "conversation.id"),
    ("previous_response_id", [], TYPE, "previous_response_id"),
    ("previous_response_id", "", VALUE, "previous_response_id"),
    ("verbatim:after", 5, TYPE, "verbatim:after"),
    ("verbatim:after", "", VALUE, "verbatim:after"),
    ("verbatim:after", "msg_1", MISSING, "conversation"),
    ("verbatim:after", None, MISSING, "conversation"),
    ("verbatim:continue", 5, TYPE, "verbatim:continue"),
    ("verbatim:continue", "", VALUE, "verbatim:continue"),
    ("metadata", [], TYPE, "metadata"),
    ("metadata", {"k": 1}, TYPE, "metadata[...]"),
    ("metadata", {"k": {}}, TYPE, "metadata[...]"),
    ("metadata", {"k": "v" * 513}, VALUE, "metadata[...]"),
    ("metadata", {"k" * 65: "v"}, VALUE, "metadata"),
    ("metadata", {str(number): "v" for number in range(17)}, VALUE, "metadata"),
    ("store", "no", TYPE, "store"),
    ("stream", 1, TYPE, "stream"),
    ("background", True, UNSUPPORTED, "background"),
    ("background", "no", UNSUPPORTED, "background"),
    ("tool_choice", "required", VALUE, "tool_choice"),
    ("tool_choice", {"type": "function", "name": "f"}, VALUE, "tool_choice.name"),
    ("tool_choice", {"type": "file_search"}, UNSUPPORTED, "tool_choice.type"),
    ("text", "json", TYPE, "text"),
    ("text", {"format": "json"}, TYPE, "text.format"),
    ("text", {"format": {}}, MISSING, "text.format.type"),
    ("text", {"format": {"type": "xml"}}, UNSUPPORTED, "text.format.type"),
    ("text", {"format": {"type": "json_schema", "schema": {}}}, MISSING, "text.format.name"),
    ("text", {"format": {"type": "json_schema", "name": "n"}}, MISSING, "text.format.schema"),
    ("text", {"format": {"type": "json_schema", "name": "a b", "schema": {}}}, VALUE, "text.format.name"),
    ("text", {"format": {"type": "json_schema", "name": "n", "schema": []}}, TYPE, "text.format.schema"),
    ("text", {"format": {"type": "json_schema", "name": "n", "schema": DEEP}}, VALUE, "text.format.schema"),
    ("text", {"format": {"type": "json_object", "grammar": "x"}}, UNSUPPORTED, "text.format.grammar"),
    ("text", {"verbosity": "low"}, UNSUPPORTED, "text.verbosity"),
    ("reasoning", "low", TYPE, "reasoning"),
    ("reasoning", {"effort": "wild"}, VALUE, "reasoning.effort"),
    ("reasoning", {"summary": "detailed"}, UNSUPPORTED, "reasoning.summary"),
    ("reasoning", {"mode": "pro"}, UNSUPPORTED, "reasoning.mode"),
    ("include", ["message.output_text.logprobs"], UNSUPPORTED, "include"),
    ("prompt", {"id": "p"}, UNSUPPORTED, "prompt"),
    ("truncation", "middle", VALUE, "truncation"),
    ("truncation", True, TYPE, "truncation"),
    ("presence_penalty", 1, UNSUPPORTED, "presence_penalty"),
    ("frequency_penalty", -1, UNSUPPORTED, "frequency_penalty"),
    ("top_logprobs", 3, UNSUPPORTED, "top_logprobs"),
    ("max_tool_calls", 1, UNSUPPORTED, "max_tool_calls"),
    ("context_management", [{"type": "compaction"}], UNSUPPORTED, "context_management"),
    ("moderation", {"model": "m"}, UNSUPPORTED, "moderation"),
    ("generate", False, UNSUPPORTED, "generate"),
    ("seed", 7, UNSUPPORTED, "seed"),
    ("stop", ["\n"], UNSUPPORTED, "stop"),
    ("max_tokens", 5, UNSUPPORTED, "max_tokens"),
    ("messages", [USER], UNSUPPORTED, "messages"),
    ("verbatim:facts", [], UNSUPPORTED, "verbatim:facts"),
    ("instructions", 1, TYPE, "instructions"),
    ("temperature", "1", TYPE, "temperature"),
    ("temperature", 2.1, VALUE, "temperature"),
    ("temperature", -0.1, VALUE, "temperature"),
    ("top_p", 1.1, VALUE, "top_p"),
    ("top_p", True, TYPE, "top_p"),
    ("max_output_tokens", 0, VALUE, "max_output_tokens"),
    ("max_output_tokens", 1.5, TYPE, "max_output_tokens"),
    ("max_output_tokens", LARGEST + 1, VALUE, "max_output_tokens"),
    ("max_output_tokens", 2**64 - 1, VALUE, "max_output_tokens"),
    ("tools", [{"type": "function"}], MISSING, "tools[0].name"),
    ("tools", [{"type": "web_search"}], UNSUPPORTED, "tools[0].type"),
    ("tools", [{**TOOL, "name": "a b"}], VALUE, "tools[0].name"),
    ("tools", [{**TOOL, "colour": "red"}], UNSUPPORTED, "tools[0].colour"),
    ("tools", [TOOL, TOOL], VALUE, "tools"),
    ("tools", [TOOL] * 129, VALUE, "tools"),
    ("tools", {}, TYPE, "tools"),
]


@pytest.mark.parametrize(("field", "value"), GOOD_CREATE)
def test_create_field_is_taken(field, value):
    """A good value is understood; what only names, times or prices a request is passed over."""
    frame = {"type": "response.create", "input": "hi", field: value}
    assert turn_request(decode_body(frame, CreateResponse)).messages[-1]["content"] == "hi"


@pytest.mark.parametrize(("field", "value", "code", "param"), BAD_CREATE)
def test_create_field_is_refused(field, value, code, param):
    """A bad value is refused with its code and its field, and so is a field that nobody here knows."""
    frame = {"type": "response.create", "input": "hi", field: value}
    assert refusal(lambda: turn_request(decode_body(frame, CreateResponse))) == (400, code, param)


def test_create_without_input_is_refused():
    """The one field that is needed is named."""
    assert refusal(decode_frame, {"type": "response.create"}) == (400, MISSING, "input")


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"conversation": "a", "previous_response_id": "b"}, "conversation"),
        ({"conversation": "a", "store": False}, "store"),
        ({"previous_response_id": "a", "store": False}, "store"),
        ({"verbatim:continue": "a", "store": False}, "store"),
        ({"verbatim:continue": "a"}, "input"),
        ({"verbatim:continue": "a", "input": "", "previous_response_id": "b"}, "previous_response_id"),
        ({"verbatim:continue": "a", "input": "", "conversation": "c", "verbatim:after": None}, "verbatim:after"),
        ({"verbatim:after": "a", "previous_response_id": "b"}, "verbatim:after"),
    ],
)
def test_contradicting_fields_are_refused(fields, param):
    """Fields that exclude each other are refused together."""
    frame = decode_body({"input": "hi", **fields}, CreateResponse)
    assert refusal(turn_request, frame) == (400, "mutually_exclusive_parameters", param)


def test_turn_request_in_our_words():
    """Everything that was asked for arrives, in our words."""
    body = {
        "input": [
            {"role": "system", "content": "be brief"},
            {"role": "user", "content": [{"type": "text", "text": "a"}]},
        ],
        "model": "m",
        "conversation": {"id": "abc"},
        "metadata": {"client_message_id": "c1", "k": "v"},
        "instructions": "i",
        "temperature": 0.5,
        "top_p": 0.25,
        "max_output_tokens": 7,
    }
    request = turn_request(decode_body(body, CreateResponse))
    first, question = request.messages
    assert (first["role"], first["content"], "client_message_id" in first) == ("system", "be brief", False)
    assert (question["role"], question["content"], question["client_message_id"]) == ("user", "a", "c1")
    assert first["id"] != question["id"]
    assert (request.session_id, request.model, request.kept, request.client_message_id) == ("abc", "m", True, "c1")
    assert (request.instructions, request.temperature, request.top_p, request.max_output_tokens) == ("i", 0.5, 0.25, 7)
    assert request.metadata == {"client_message_id": "c1", "k": "v"}


def test_calls_and_outputs_are_messages():
    """Calls belong to the assistant's message ahead of them, or to one of their own; what was thought is left out."""
    said = {"role": "assistant", "content": [{"type": "output_text", "text": "Let me look."}]}
    given = [{"type": "function_call_output", "call_id": name, "output": name * 2} for name in ("c1", "c2")]
    body = {"input": [USER, said, {"type": "reasoning"}, CALL, {**CALL, "call_id": "c2"}, *given, USER, CALL, given[0]]}
    messages = turn_request(decode_body(body, CreateResponse)).messages
    assert [(message["role"], message["content"]) for message in messages] == [
        ("user", "hi"),
        ("assistant", "Let me look."),
        ("tool", "c1c1"),
        ("tool", "c2c2"),
        ("user", "hi"),
        ("assistant", ""),
        ("tool", "c1c1"),
    ]
    called = [[call["call_id"] for call in message.get("tool_calls", ())] for message in messages]
    assert called == [[], ["c1", "c2"], [], [], [], ["c1"], []]
    assert messages[1]["tool_calls"][0] == {"call_id": "c1", "name": "f", "arguments": "{}"}
    assert [message.get("call_id") for message in messages if message["role"] == "tool"] == ["c1", "c2", "c1"]


def test_tools_are_understood():
    """What is offered, which is to be called, and whether several may be."""
    body = {"input": "a", "tools": [TOOL, {"type": "function", "name": "g"}], "parallel_tool_calls": False}
    tools = (Tool("f", "d", {"type": "object"}, True), Tool("g"))
    assert turn_request(decode_body(body, CreateResponse)).tool_use == ToolUse(tools, "auto", False, False)
    chosen = {**body, "tool_choice": {"type": "function", "name": "g"}}
    assert turn_request(decode_body(chosen, CreateResponse)).tool_use == ToolUse(tools, "g", True, False)
    assert turn_request(decode_body({"input": "a", "tools": []}, CreateResponse)).tool_use is None


def test_effort_and_format_are_understood():
    """How hard to think, and what the answer is to look like."""
    schema = {"type": "object"}
    wanted = {"type": "json_schema", "name": "n", "schema": schema, "description": "d", "strict": True}
    body = {"input": "a", "reasoning": {"effort": "low"}, "text": {"format": wanted}}
    request = turn_request(decode_body(body, CreateResponse))
    assert (request.effort, request.output_format) == ("low", JsonFormat(schema, "n", "d", True))
    request = turn_request(decode_body({"input": "a", "text": {"format": {"type": "json_object"}}}, CreateResponse))
    assert (request.effort, request.output_format) == (None, JsonFormat())


@pytest.mark.parametrize("empty", ["", []])
def test_place_without_a_question(empty):
    """A user's message that is answered again, or a response that is gone on with."""
    place = {"conversation": "abc", "verbatim:after": "msg_1", "metadata": {"client_message_id": "c1"}}
    request = turn_request(decode_body({"input": empty, **place}, CreateResponse))
    assert (request.messages, request.after, request.client_message_id) == ((), After("msg_1"), "c1")
    request = turn_request(decode_body({"input": empty, "verbatim:continue": "resp_abc_1"}, CreateResponse))
    assert (request.messages, request.continues, request.after) == ((), "resp_abc_1", None)
    frame = decode_body({"input": empty, **place, "verbatim:after": None}, CreateResponse)
    assert refusal(turn_request, frame) == (400, VALUE, "verbatim:after")


@pytest.mark.parametrize("message_id", ["msg_1", None])
def test_place_of_a_question(message_id):
    """Behind a message, or at the beginning, which is not the same as saying nothing."""
    frame = {"input": "hi", "conversation": "abc", "verbatim:after": message_id}
    assert turn_request(decode_body(frame, CreateResponse)).after == After(message_id)
    assert turn_request(decode_body({"input": "hi", "conversation": "abc"}, CreateResponse)).after is None


def test_spaces_are_no_empty_input():
    """Who sends them has meant to ask something."""
    frame = decode_body({"input": " ", "conversation": "abc", "verbatim:after": "msg_1"}, CreateResponse)
    assert refusal(turn_request, frame) == (400, VALUE, "input")


def test_empty_client_message_id_is_none():
    """An empty id identifies nothing."""
    frame = decode_body({"input": "hi", "metadata": {"client_message_id": ""}}, CreateResponse)
    request = turn_request(frame)
    assert request.client_message_id is None
    assert "client_message_id" not in request.messages[0]


FRAMES = [
    ({"type": "response.cancel", "response_id": "r"}, CancelResponse("r")),
    (
        {"type": "response.cancel", "metadata": {"client_message_id": "c"}},
        CancelResponse(metadata={"client_message_id": "c"}),
    ),
    ({"type": "verbatim:response.attach", "response_id": "r"}, AttachResponse("r")),
    ({"type": "verbatim:response.attach", "response_id": "r", "starting_after": -1}, AttachResponse("r", -1)),
    ({"type": "verbatim:response.attach", "response_id": "r", "starting_after": LARGEST}, AttachResponse("r", LARGEST)),
    ({"type": "verbatim:conversation.attach", "conversation": "c"}, AttachConversation("c")),
    ({"type": "verbatim:conversation.detach", "conversation": "c"}, DetachConversation("c")),
    ({"type": "verbatim:ping"}, Ping()),
]
BAD_FRAMES = [
    ({}, MISSING, "type"),
    ({"type": None}, MISSING, "type"),
    ({"type": 1}, "unknown_event_type", "type"),
    ({"type": "response.delete"}, "unknown_event_type", "type"),
    ({"type": "response.cancel", "metadata": {"client_message_id": 1}}, TYPE, "metadata[...]"),
    ({"type": "response.cancel", "response_id": 1}, TYPE, "response_id"),
    ({"type": "response.cancel", "response_id": ""}, VALUE, "response_id"),
    ({"type": "response.cancel", "response_id": "r" * 257}, VALUE, "response_id"),
    ({"type": "verbatim:response.attach", "response_id": "r", "starting_after": "1"}, TYPE, "starting_after"),
    ({"type": "verbatim:response.attach", "response_id": "r", "starting_after": -2}, VALUE, "starting_after"),
    ({"type": "verbatim:response.attach", "response_id": "r", "starting_after": 2**64 - 1}, VALUE, "starting_after"),
    ({"type": "verbatim:conversation.attach"}, MISSING, "conversation"),
    ({"type": "verbatim:conversation.attach", "conversation": {}}, TYPE, "conversation"),
    ({"type": "verbatim:conversation.detach", "conversation": None}, TYPE, "conversation"),
]


@pytest.mark.parametrize(("value", "frame"), FRAMES)
def test_frame_is_decoded(value, frame):
    """Each frame of the protocol becomes its struct."""
    assert decode_frame(value) == frame


@pytest.mark.parametrize(("value", "code", "param"), BAD_FRAMES)
def test_frame_is_refused(value, code, param):
    """A frame that is not of the protocol is refused with its code and its field."""
    assert refusal(decode_frame, value) == (400, code, param)


def test_cancel_names_a_response_or_a_message():
    """One of the two, and no more."""
    sent = {"client_message_id": "c"}
    assert cancelled(CancelResponse("r", {"other": "x"})) == ("r", None)
    assert cancelled(CancelResponse(None, sent)) == (None, "c")
    for nothing in (None, {}, {"client_message_id": ""}):
        assert refusal(cancelled, CancelResponse(None, nothing)) == (400, MISSING, "response_id")
    assert refusal(cancelled, CancelResponse("r", sent)) == (400, "mutually_exclusive_parameters", "response_id")


BAD_BODIES = [
    (CreateConversation, {"metadata": 1}, TYPE, "metadata"),
    (CreateConversation, {"items": {}}, TYPE, "items"),
    (CreateConversation, {"items": [USER] * 21}, VALUE, "items"),
    (UpdateConversation, {"metadata": None}, TYPE, "metadata"),
    (UpdateConversation, {"verbatim:pinned": "yes"}, TYPE, "verbatim:pinned"),
    (UpdateConversation, {"verbatim:archived": None}, TYPE, "verbatim:archived"),
    (RememberFact, {}, MISSING, "text"),
    (RememberFact, {"text": ""}, VALUE, "text"),
    (RememberFact, {"text": "a" * 4097}, VALUE, "text"),
    (RememberFact, {"text": "a", "conversation": 1}, TYPE, "conversation"),
    (RememberFact, {"text": "a", "replaces": 1}, TYPE, "replaces"),
    (EditFact, {}, MISSING, "text"),
    (EditFact, {"text": "a" * 4097}, VALUE, "text"),
    (SwitchMemory, {}, MISSING, "enabled"),
    (SwitchMemory, {"enabled": "no"}, TYPE, "enabled"),
    (Login, {}, MISSING, "key"),
    (Login, {"key": 1}, TYPE, "key"),
]
BAD_QUERIES = [
    (Page, {"limit": "0"}, VALUE, "limit"),
    (Page, {"limit": "101"}, VALUE, "limit"),
    (Page, {"limit": "many"}, TYPE, "limit"),
    (Page, {"limit": "9" * 5000}, VALUE, "limit"),
    (Replay, {"stream": "yes"}, TYPE, "stream"),
    (Replay, {"starting_after": "x"}, TYPE, "starting_after"),
    (Replay, {"starting_after": "-2"}, VALUE, "starting_after"),
    (Replay, {"starting_after": str(2**53)}, VALUE, "starting_after"),
]


@pytest.mark.parametrize(("kind", "value", "code", "param"), BAD_BODIES)
def test_body_is_refused(kind, value, code, param):
    """A body that is not as it should be is refused with its code and its field."""
    assert refusal(decode_body, value, kind) == (400, code, param)


@pytest.mark.parametrize(("kind", "value", "code", "param"), BAD_QUERIES)
def test_query_is_refused(kind, value, code, param):
    """A query that is not as it should be is refused with its code and its field."""
    assert refusal(decode_body, value, kind, from_text=True) == (400, code, param)


def test_query_is_read_from_text():
    """Numbers and switches of a query come as text."""
    assert decode_body({"limit": "7", "after": "x"}, Page, from_text=True) == Page(limit=7, after="x")
    assert decode_body({"stream": "true", "starting_after": "41"}, Replay, from_text=True) == Replay(True, 41)


BAD_JSON = [
    b"",
    b"{",
    b"{'a':1}",
    b'{"a":NaN}',
    b'{"a":1e400}',
    b'{"a":"\xff"}',
    b'{"a":"\xed\xa0\x80"}',
    rb'{"a":"\ud800"}',
    rb'{"\udfff":1}',
    b'{"a":' + b"[" * 2000 + b"]" * 2000 + b"}",
    b'{"a":' + b"9" * 400 + b"}",
    b"\xef\xbb\xbf{}",
]


@pytest.mark.parametrize("data", BAD_JSON, ids=lambda data: repr(data[:20]))
def test_bytes_that_are_no_json(data):
    """Broken JSON, broken UTF-8, lone surrogates, numbers and depths beyond reason are all `invalid_json`."""
    assert refusal(decode_object, data) == (400, "invalid_json", None)


@pytest.mark.parametrize("data", [b"[]", b'"a"', b"1", b"null", b"true"])
def test_json_that_is_no_object(data):
    """JSON other than an object is refused as a wrong type."""
    assert refusal(decode_object, data) == (400, TYPE, None)


@pytest.mark.parametrize("stream_id", [None, "", "a" * 64, "é\n\0"])
def test_stream_id_is_taken(stream_id):
    """A text of at most 64 characters is a stream's id."""
    assert stream_id_of({"stream_id": stream_id}) == stream_id


@pytest.mark.parametrize("stream_id", [1, "a" * 65, [], {}, True])
def test_stream_id_is_refused(stream_id):
    """Anything else is refused."""
    assert refusal(stream_id_of, {"stream_id": stream_id}) == (400, VALUE, "stream_id")


def test_items_name_their_field():
    """An item of another list than `input` is refused under that list's name."""
    body = decode_body({"items": [{"role": "nobody", "content": "a"}]}, CreateConversation)
    assert refusal(input_messages, body.items, "items", Attachments()) == (400, VALUE, "items[0].role")


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=9,
)
field_names = st.sampled_from([*CreateResponse.__struct_fields__, "response_id", "starting_after", "type", "role"])
frame_types = st.sampled_from(["response.create", "response.cancel", "verbatim:response.attach", "x"])


@given(kind=frame_types, fields=st.dictionaries(field_names, json_values, max_size=5), data=st.binary(max_size=40))
def test_no_input_is_a_fault_of_ours(kind, fields, data):
    """Whatever comes in is understood or refused with a 400, and what is understood can be encoded again."""
    for attempt in (lambda: decode_object(data), lambda: decode_frame({**fields, "type": kind})):
        statuses = []
        try:
            frame = attempt()
            if isinstance(frame, CreateResponse):
                orjson.dumps(turn_request(frame))
        except ApiError as error:
            statuses.append(error.status)
            orjson.dumps(error.message)
        assert statuses in ([], [400])
