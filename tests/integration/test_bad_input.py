"""Input that is not understood: the documented error, and connection, session and files as they were."""

import json

import pytest
from yarl import URL

from tests.server.frames import Frame, check_frame, check_whole

LIMIT = 4096
BAD_IDS = [
    "nobody",
    "../sessions",
    "..",
    "a/b",
    "/etc/passwd",
    "a\0b",
    "%2e%2e%2fsessions",
    "é",
    "x" * 256,
    "-" * 129,
    "\n",
]
JSON, TYPE, VALUE = "invalid_json", "invalid_type", "invalid_value"
MISSING, UNKNOWN = "missing_required_parameter", "unknown_event_type"

FRAMES = [
    (b"", JSON, None),
    (b"{", JSON, None),
    (b"hello", JSON, None),
    (b"{'type':'response.create'}", JSON, None),
    (b'{"type":"response.create","input":"\xff\xfe"}', JSON, None),
    (b'{"type":"response.create","input":"\xed\xa0\x80"}', JSON, None),
    (rb'{"type":"response.create","input":"\ud800"}', JSON, None),
    (rb'{"type":"response.create","input":"a","stream_id":"\udfff"}', JSON, None),
    (b'{"type":"response.create","input":' + b"[" * 2000 + b"]" * 2000 + b"}", JSON, None),
    (b'{"type":"response.create","input":NaN}', JSON, None),
    (b'{"type":"response.create","input":"a","temperature":1e999}', JSON, None),
    (b"null", TYPE, None),
    (b"[]", TYPE, None),
    (b'"response.create"', TYPE, None),
    (b"17", TYPE, None),
    (b"{}", MISSING, "type"),
    (b'{"type":null}', MISSING, "type"),
    (b'{"type":{}}', UNKNOWN, "type"),
    (b'{"type":"response.delete"}', UNKNOWN, "type"),
    (b'{"type":"response.created"}', UNKNOWN, "type"),
    (b'{"type":"response.create"}', MISSING, "input"),
    (b'{"type":"response.create","input":{}}', TYPE, "input"),
    (b'{"type":"response.create","input":""}', VALUE, "input"),
    (b'{"type":"response.create","input":[]}', VALUE, "input"),
    (b'{"type":"response.create","input":"a","temperature":1e30}', VALUE, "temperature"),
    (b'{"type":"response.create","input":"a","max_output_tokens":18446744073709551615}', VALUE, "max_output_tokens"),
    (b'{"type":"response.create","input":"a","max_output_tokens":' + b"9" * 60 + b"}", TYPE, "max_output_tokens"),
    (b'{"type":"response.create","input":"a","stream_id":7}', VALUE, "stream_id"),
    (b'{"type":"response.create","input":"a","model":"nobody"}', "model_not_found", "model"),
    (b'{"type":"response.cancel","response_id":"r","stream_id":[]}', VALUE, "stream_id"),
    (b'{"type":"response.cancel","response_id":17}', TYPE, "response_id"),
    (b'{"type":"verbatim:response.attach","response_id":"r","starting_after":1e400}', JSON, None),
    (b'{"type":"verbatim:response.attach","response_id":"r","starting_after":1.5}', TYPE, "starting_after"),
    (b'{"type":"verbatim:response.attach","response_id":"r","starting_after":-2}', VALUE, "starting_after"),
]
METADATA = [
    {"k": 1},
    {"k": "v" * 513},
    {"k" * 65: "v"},
    {str(number): "v" for number in range(17)},
    ["k"],
    "k",
]


@pytest.fixture
async def place(site):
    """Anna with a session of one turn, and a socket."""
    await site.start(delta_window_s=0.0, max_frame_bytes=LIMIT)
    anna = site.caller()
    conversation, line = await anna.conversation(metadata={"title": "t"}), await anna.line()
    check_whole(await line.turn("hi", conversation=conversation))
    return anna, conversation, line


async def nothing_changed(site, place, before):
    """The files are what they were, byte for byte, and session and socket go on."""
    anna, conversation, line = place
    assert await site.sessions() == before
    check_whole(await line.turn("still there?", conversation=conversation))
    assert len(await anna.items(conversation)) == 4


@pytest.mark.parametrize(("data", "code", "param"), FRAMES, ids=lambda value: str(value)[:60])
async def test_frame_that_is_not_understood(site, place, data, code, param):
    """It gets its error event, and nothing else happens."""
    *_, line = place
    before = await site.sessions()
    await line.ws._writer.send_frame(data, 1)
    frame = await line.next()
    assert frame["type"] == "error"
    assert (frame["error"]["code"], frame["error"]["param"]) == (code, param)
    assert frame["status"] == (404 if code == "model_not_found" else 400)
    await nothing_changed(site, place, before)


@pytest.mark.parametrize("id", BAD_IDS)
async def test_id_that_names_nothing_on_the_socket(site, place, id):
    """Ids that are nobody's, or would leave the data directory, are not found."""
    *_, line = place
    before = await site.sessions()
    for kind, fields in (
        ("response.create", {"input": "a", "conversation": id}),
        ("response.create", {"input": "a", "conversation": {"id": id}}),
        ("response.create", {"input": "a", "previous_response_id": id}),
        ("response.create", {"input": "a", "previous_response_id": f"resp_{id}_1"[:256]}),
        ("response.cancel", {"response_id": id}),
        ("verbatim:response.attach", {"response_id": id}),
        ("verbatim:conversation.attach", {"conversation": id}),
        ("verbatim:conversation.detach", {"conversation": id}),
    ):
        await line.send(kind, **fields)
        frame = await line.next()
        assert (frame["status"], frame["error"]["code"]) in (
            (404, "conversation_not_found"),
            (404, "response_not_found"),
        )
    await nothing_changed(site, place, before)


@pytest.mark.parametrize("id", [*BAD_IDS, "%2e%2e", "%ff%fe", "x" * 257, "a%0d%0ab"])
async def test_id_that_names_nothing_over_http(site, place, id):
    """The same in addresses and bodies; what the address makes of it is no file either."""
    anna, *_ = place
    before = await site.sessions()
    encoded = id if id.startswith("%") or "%0" in id else URL.build(path="/" + id, encoded=False).raw_path[1:]
    encoded = encoded.replace("/", "%2F")
    for method, path in (
        ("GET", "/v1/conversations/{}"),
        ("POST", "/v1/conversations/{}"),
        ("DELETE", "/v1/conversations/{}"),
        ("GET", "/v1/conversations/{}/items"),
        ("GET", "/v1/conversations?after={}"),
        ("GET", "/v1/responses/{}"),
        ("POST", "/v1/responses/{}/cancel"),
        ("DELETE", "/v1/responses/{}"),
        ("DELETE", "/v1/memory/{}"),
    ):
        body: object = {"metadata": {}} if (method, path) == ("POST", "/v1/conversations/{}") else None
        status, code, _ = await anna.refused(method, path.format(encoded), body)
        assert (status, code.endswith("not_found")) in ((404, True), (405, False)), (method, path)
    status, code, _ = await anna.refused("POST", "/v1/memory", {"text": "a", "conversation": id})
    assert (status, code) in ((404, "conversation_not_found"), (400, "invalid_value"))
    await nothing_changed(site, place, before)


@pytest.mark.parametrize("metadata", METADATA, ids=lambda value: str(value)[:20])
async def test_metadata_beyond_its_limits(site, place, metadata):
    """It is refused wherever it may be given."""
    anna, conversation, line = place
    before = await site.sessions()
    for path, rest in (
        ("/v1/conversations", {}),
        (f"/v1/conversations/{conversation}", {}),
        ("/v1/responses", {"input": "a", "conversation": conversation}),
    ):
        status, code, param = await anna.refused("POST", path, {"metadata": metadata, **rest})
        assert (status, code in (TYPE, VALUE), (param or "").startswith("metadata")) == (400, True, True)
    await line.create("a", metadata=metadata, conversation=conversation)
    assert (await line.next())["error"]["param"].startswith("metadata")
    await nothing_changed(site, place, before)


BODIES = [
    (b"{", JSON, None),
    (b"[]", TYPE, None),
    (b"17", TYPE, None),
    (rb'{"metadata":{"k":"\ud800"}}', JSON, None),
    (b'{"text":"\xff"}', JSON, None),
    (b'{"text":' + b"[" * 1500 + b"]" * 1500 + b"}", JSON, None),
]


@pytest.mark.parametrize(("data", "code", "param"), BODIES, ids=lambda value: str(value)[:30])
async def test_body_that_is_not_understood(site, place, data, code, param):
    """Every address that takes a body refuses one that is no JSON object."""
    anna, conversation, _ = place
    before = await site.sessions()
    for path in ("conversations", f"conversations/{conversation}", "responses", "memory", "login"):
        assert await anna.refused("POST", f"/v1/{path}", data=data) == (400, code, param)
    await nothing_changed(site, place, before)


@pytest.mark.parametrize(
    ("path", "param"),
    [
        ("conversations?limit=0", "limit"),
        ("conversations?limit=101", "limit"),
        ("conversations?limit=x", "limit"),
        ("conversations?limit=", "limit"),
        ("conversations/{}/items?limit=-1", "limit"),
        ("conversations/{}/items?limit=99999999999999999999999", "limit"),
        ("conversations/{}/items?order=up", "order"),
    ],
)
async def test_query_that_is_not_understood(site, place, path, param):
    """A query is refused like a body."""
    anna, conversation, _ = place
    status, code, named = await anna.refused("GET", "/v1/" + path.format(conversation))
    assert (status, code in (TYPE, VALUE), named) == (400, True, param)
    await nothing_changed(site, place, await site.sessions())


async def test_binary_frame(site, place):
    """The one bad frame that ends a connection: an error first, then 1003; the session is untouched."""
    anna, conversation, line = place
    before = await site.sessions()
    await line.ws.send_bytes(b'{"type":"response.create","input":"a"}')
    error = await line.next()
    assert (error["type"], error["error"]["code"]) == ("error", TYPE)
    assert await line.closed() == 1003
    await nothing_changed(site, (anna, conversation, await anna.line()), before)


@pytest.mark.parametrize("head", [b"\x83\x80", b"\x80\x80", b"\x89\xfe\x00\x7e"], ids=["kind", "part", "long ping"])
async def test_frame_that_is_none(site, place, head):
    """Bytes that are no frame close with 1002; the session is untouched."""
    anna, conversation, line = place
    before = await site.sessions()
    line.ws._writer.transport.write(head + bytes(4))
    assert await line.closed() == 1002
    await nothing_changed(site, (anna, conversation, await anna.line()), before)


@pytest.mark.parametrize("parts", [1, 4])
async def test_frame_over_the_limit(site, place, parts):
    """A frame over the limit closes with 1009, in one piece or in several; the largest one that fits is taken."""
    anna, conversation, line = place
    before = await site.sessions()
    frame = json.dumps({"type": "response.create", "input": "a", "conversation": conversation, "tools": []}).encode()
    await line.ws._writer.send_frame(b"[" + b" " * (LIMIT - 3) + b"]", 1)
    assert (await line.next())["error"]["code"] == TYPE
    padded = frame + b" " * (LIMIT + 1 - len(frame))
    if parts == 1:
        await line.ws._writer.send_frame(padded, 1)
    else:
        transport = line.ws._writer.transport
        size = len(padded) // parts + 1
        for start in range(0, len(padded), size):
            piece = padded[start : start + size]
            final = 0x80 if start + size >= len(padded) else 0
            head = bytes([final | (1 if start == 0 else 0), 0x80 | 126]) + len(piece).to_bytes(2, "big") + bytes(4)
            transport.write(head + piece)
    assert await line.closed() == 1009
    await nothing_changed(site, (anna, conversation, await anna.line()), before)


async def test_many_bad_frames_in_the_middle_of_an_answer(place):
    """A turn that runs is not disturbed by what else its socket sends."""
    *_, line = place
    await line.create("50@500", model="metronome", stream_id="s")
    for data, *_rest in FRAMES:
        await line.ws._writer.send_frame(data, 1)
    errors: list[Frame] = []
    frames: list[Frame] = []
    while not frames or frames[-1]["type"] != "response.completed":
        frame = check_frame(await line.next())
        (errors if frame["type"] == "error" else frames).append(frame)
    assert len(errors) == len(FRAMES)
    check_whole(frames)
