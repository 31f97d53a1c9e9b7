"""Sockets that stall, vanish, idle, fail, and a server that says goodbye."""

import asyncio
import contextlib
import gc
import os
import socket
from types import CoroutineType

import pytest
from aiohttp.http_parser import HttpRequestParser

from server import socket as socket_module
from server import socket_sources
from server.assistants.base import Finish
from server.frame_rate import FrameRate
from server.keys import CONDUCTOR, LIVE
from server.response_routes import SOCKETS
from server.socket import Socket
from server.ws_frames import PING
from tests.fair_time import fair_time
from tests.server.doubles import PATIENCE_S, ScriptedAssistant
from tests.server.frames import check_whole, text_of

BIG = ["x" * 65536] * 64
BIG_CHARS = 65536 * 64
HANDSHAKE = (
    "GET /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer anna\r\nConnection: Upgrade\r\n"
    "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
STREAM = (
    "POST /v1/responses HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Bearer anna\r\n"
    'Content-Type: application/json\r\nContent-Length: 27\r\n\r\n{{"input":"a","stream":true}}'
)


async def until(condition):
    """Waits, without hurry, for what happens in the server."""
    async with asyncio.timeout(PATIENCE_S):
        while not condition():  # noqa: ASYNC110 - what it waits for tells nobody
            await asyncio.sleep(0.005)


@pytest.fixture
async def raw(site):
    """Makes clients that read their answer's head, send one frame, and then read nothing more."""
    writers = []

    async def connect(request, frame=b""):
        small = socket.socket()
        small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        small.setblocking(False)
        await asyncio.get_running_loop().sock_connect(small, ("127.0.0.1", site.url.port))
        reader, writer = await asyncio.open_connection(sock=small, limit=1024)
        writers.append(writer)
        writer.write(request.format(port=site.url.port).encode())
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(frame and bytes([0x81, 0x80 | len(frame)]) + bytes(4) + frame)
        await writer.drain()
        return head, reader, writer

    yield connect
    for writer in writers:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def rest_of(reader):
    """What is still to be read, up to the end or the break of the connection."""
    data = b""
    async with asyncio.timeout(PATIENCE_S):
        try:
            while chunk := await reader.read(1 << 16):
                data += chunk
        except ConnectionResetError:
            pass
    return data


async def test_stalled_socket_is_cut_off_and_nobody_notices(site, raw):
    """A socket that takes nothing is cut off in time; another reader of the same answer has all of it meanwhile."""
    start = asyncio.Event()
    await site.start(ScriptedAssistant(start, *BIG, Finish()), delta_window_s=0.0, send_timeout_s=1.0)
    anna = site.caller()
    conversation, quick = await anna.conversation(), await anna.line()
    attach = b'{"type":"verbatim:conversation.attach","conversation":"%s"}' % conversation.encode()
    _, reader, _ = await raw(HANDSHAKE, attach)
    await until(lambda: len(site.app[SOCKETS]) == 2)
    await quick.create("hi", conversation=conversation)
    await quick.until(lambda frames: frames[-1]["type"] == "response.content_part.added")
    began = fair_time()
    start.set()
    frames = await quick.response()
    assert len(text_of(frames)) == BIG_CHARS
    await until(lambda: len(site.app[SOCKETS]) == 1)
    assert fair_time() - began < 10
    assert len(await rest_of(reader)) < BIG_CHARS
    await quick.still_there()


async def test_client_that_is_behind_can_stop_what_it_does_not_take(site, raw):
    """It is heard all the same, behind other frames of its own too."""
    start = asyncio.Event()
    await site.start(ScriptedAssistant(start, *BIG, asyncio.Event()), delta_window_s=0.0, send_timeout_s=1000.0)
    anna = site.caller()
    conversation, quick = await anna.conversation(), await anna.line()
    attach = b'{"type":"verbatim:conversation.attach","conversation":"%s"}' % conversation.encode()
    _, reader, writer = await raw(HANDSHAKE, attach)
    await until(lambda: len(site.app[SOCKETS]) == 2)
    await quick.create("hi", conversation=conversation)
    [created] = await quick.until(lambda frames: frames[-1]["type"] == "response.created")
    start.set()
    frames = await quick.until(lambda frames: len(text_of(frames)) == BIG_CHARS)
    cancel = b'{"type":"response.cancel","response_id":"%s"}' % created["response"]["id"].encode()
    for frame in (attach, attach, cancel):
        writer.write(bytes([0x81, 0x80 | len(frame)]) + bytes(4) + frame)
    frames += await quick.response()
    assert frames[-1]["response"]["status"] == "cancelled"
    writer.close()
    await rest_of(reader)


async def test_stalled_stream_is_cut_off(site, raw):
    """The same for server-sent events; the turn goes on to its end."""
    start = asyncio.Event()
    await site.start(ScriptedAssistant(start, *BIG, Finish()), delta_window_s=0.0, send_timeout_s=1.0)
    anna = site.caller()
    head, reader, _ = await raw(STREAM)
    assert head.startswith(b"HTTP/1.1 200")
    [connection] = site._server.handler.connections
    start.set()
    await until(lambda: not list(site.app[CONDUCTOR]._running))
    await until(lambda: connection.transport is None)
    data = await rest_of(reader)
    assert b"[DONE]" not in data
    [record] = (await anna.ask("GET", "/v1/conversations"))["data"]
    assert [len(text) for _, text in await anna.items(record["id"])] == [1, BIG_CHARS]


@pytest.mark.parametrize("last", [0x88, 0x82], ids=["a goodbye", "a binary frame"])
async def test_client_whose_last_frame_is_sent_and_that_never_reads(site, raw, last):
    """A client that ends its socket with much still on its way to it, and takes none of it, loses its connection."""
    start = asyncio.Event()
    await site.start(ScriptedAssistant(start, *BIG, Finish()), delta_window_s=0.0, send_timeout_s=1.0)
    create = b'{"type":"response.create","input":"a"}'
    _, reader, writer = await raw(HANDSHAKE, create)
    await until(lambda: site.app[SOCKETS])
    [connection] = site._server.handler.connections
    start.set()
    await until(lambda: connection.transport.get_write_buffer_size() > 64 * 1024)
    writer.write(bytes([last, 0x80]) + bytes(4))
    await until(lambda: not site.app[SOCKETS])
    await until(lambda: not site._server.handler.connections)
    await rest_of(reader)


BAD_FRAME = bytes([0x81, 0x80 | 2]) + bytes(4) + b"{]"
PING_FRAME = bytes([0x89, 0x80 | 100]) + bytes(4 + 100)
PONG_FRAME = bytes([0x8A, 0x80]) + bytes(4)


@pytest.mark.parametrize(
    ("frame", "limits"),
    [
        (BAD_FRAME, {"send_timeout_s": 1.0}),
        (PING_FRAME, {"send_timeout_s": 1.0, "heartbeat_s": 0.0}),
        (PING_FRAME, {"send_timeout_s": 1000.0, "heartbeat_s": 0.2}),
    ],
    ids=["bad frames", "pings", "pings and no pong"],
)
async def test_client_that_sends_and_never_reads(site, raw, caplog, frame, limits):
    """A client that floods the server with bad frames or pings and reads nothing is cut off too; that is no fault."""
    await site.start(**limits)
    _, reader, writer = await raw(HANDSHAKE)
    await until(lambda: len(site.app[SOCKETS]) == 1)

    async def flood():
        while True:
            writer.write(frame * 1000)
            await writer.drain()

    with pytest.raises(ConnectionError):
        await asyncio.wait_for(flood(), PATIENCE_S)
    await until(lambda: not site.app[SOCKETS])
    await rest_of(reader)
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_idle_socket_hears_keepalives(site):
    """After a silence, and as long as it lasts, keepalives come, numbered with the news."""
    await site.start(keepalive_s=0.02)
    line = await site.caller().line()
    frames = [await line.receive() for _ in range(3)]
    assert [frame["type"] for frame in frames] == ["verbatim:keepalive"] * 3
    assert [frame["sequence_number"] for frame in frames] == [0, 1, 2]


async def test_client_that_answers_no_ping(site, raw):
    """A client that connects and says nothing, not even to a ping, is let go."""
    await site.start(heartbeat_s=0.05)
    _, reader, _ = await raw(HANDSHAKE)
    await until(lambda: site.app[SOCKETS])
    await until(lambda: not site.app[SOCKETS])
    await rest_of(reader)


@pytest.mark.parametrize("answers", [[PONG_FRAME] * 3, [b"\x81", b"\xfe", b"\x00"]], ids=["pongs", "parts of a frame"])
async def test_client_that_answers_pings(site, raw, answers):
    """A client that says nothing but pongs stays; so does one that sends a frame slowly, and no pong meanwhile."""
    await site.start(heartbeat_s=1000.0, idle_s=0.0, keepalive_s=0.0)
    _, reader, writer = await raw(HANDSHAKE)
    await until(lambda: site.app[SOCKETS])
    [socket], [connection] = site.app[SOCKETS], site._server.handler.connections
    now = socket.ws.heard_at
    for answer in [*answers, b""]:
        heard_at, now = socket.ws.heard_at, now + 1000
        socket.look_after(now)
        async with asyncio.timeout(PATIENCE_S):
            assert await reader.readexactly(2) == PING
        if answer:
            writer.write(answer)
            await until(lambda before=heard_at: socket.ws.heard_at != before)
            socket.ws.heard_at = now  # by the clock that it is looked after by
        socket.look_after(now + 501)
        assert connection.transport.is_closing() == (not answer)
    await until(lambda: not site.app[SOCKETS])


async def test_client_that_takes_something_while_its_pong_is_waited_for(site, raw):
    """One that has much to take before it sees the ping stays for as long as it takes something."""
    await site.start(heartbeat_s=1000.0, idle_s=0.0)
    await raw(HANDSHAKE)
    await until(lambda: site.app[SOCKETS])
    [socket], [connection] = site.app[SOCKETS], site._server.handler.connections
    began = socket.ws.heard_at
    for now, taken_at in ((1000, 0), (1501, 1200), (2201, 1200), (2702, 2300)):
        socket._outlet.taken_at = began + taken_at
        socket.look_after(began + now)
        assert not connection.transport.is_closing()
    socket.look_after(began + 3301)
    socket.look_after(began + 3802)
    assert connection.transport.is_closing()


async def test_socket_that_has_just_read_something_is_not_idle(site, monkeypatch):
    """Its hour begins when the answer has ended, however long ago that was asked for."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0, heartbeat_s=0.0, keepalive_s=0.0)
    look_after = Socket.look_after
    monkeypatch.setattr(Socket, "look_after", lambda *_: None)
    line = await site.caller().line()
    await line.create("hi")
    await line.text_shown("a")
    [socket], now = site.app[SOCKETS], asyncio.get_running_loop().time()
    look_after(socket, now + 4000)
    rest.set()
    await line.response()
    await until(lambda: not socket._tasks)
    look_after(socket, now + 7000)
    await line.still_there()
    look_after(socket, now + 8000)
    assert await line.closed() == 1001


async def test_socket_closed_while_turns_wait(site):
    """What a socket had asked for goes on without it, in order."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant(rest, "a", Finish()), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    for number in range(4):
        await line.create(str(number), conversation=conversation)
    await line.still_there()
    await line.close()
    await until(lambda: not site.app[SOCKETS])
    rest.set()
    await until(lambda: not list(site.app[CONDUCTOR]._running))
    expected = [pair for number in range(4) for pair in (("user", str(number)), ("assistant", "a"))]
    await until(lambda: site.store.fault is None)
    async with asyncio.timeout(PATIENCE_S):
        while await anna.items(conversation) != expected:  # noqa: ASYNC110 - files tell nobody
            await asyncio.sleep(0.005)


async def test_nothing_is_left_of_sockets_that_are_gone(site):
    """After many connections, some dropped in mid-answer, no object, listener or open file is left of them."""
    rest = asyncio.Event()
    await site.start(ScriptedAssistant("a", rest, Finish()), delta_window_s=0.0)
    anna = site.caller()
    conversation = await anna.conversation()
    await (await anna.line()).close()
    await until(lambda: not site.app[SOCKETS])
    gc.collect()
    files = len(os.listdir("/proc/self/fd"))
    for number in range(150):
        line = await anna.line()
        await line.send("verbatim:conversation.attach", conversation=conversation)
        if number % 5 == 0:
            await line.create("hi")
            await line.text_shown("a")
            line.ws._response.connection.transport.abort()
        else:
            await line.close()
    rest.set()
    await until(lambda: not site.app[SOCKETS] and not list(site.app[CONDUCTOR]._running))
    await until(lambda: gc.collect() >= 0 and not [one for one in gc.get_objects() if isinstance(one, Socket)])
    assert site.app[LIVE]._feeds == {}
    await until(lambda: len(os.listdir("/proc/self/fd")) <= files + 2)


async def test_open_socket_keeps_nothing_of_its_handshake(site, raw):
    """No frame waits of the handler or of what is around it, no parser of requests, and no timer for pings."""
    await site.start()
    await raw(HANDSHAKE)
    await until(lambda: site.app[SOCKETS])
    gc.collect()
    objects = gc.get_objects()
    waiting = {one.__name__ for one in objects if type(one) is CoroutineType and one.cr_frame}
    timers = [repr(one) for one in objects if type(one) is asyncio.TimerHandle and not one.cancelled()]
    assert "serve" in waiting
    assert waiting.isdisjoint({"open_socket", "errors", "_handle"})
    assert not [timer for timer in timers if "_send_heartbeat" in timer]
    assert not [one for one in objects if type(one) is HttpRequestParser]


async def test_fault_of_ours_closes_with_1011(site, monkeypatch):
    """A socket whose task fails is closed as such, not left hanging; the next one works."""
    await site.start()
    anna = site.caller()

    def broken(*_):
        raise ZeroDivisionError

    line = await anna.line()
    monkeypatch.setattr(socket_sources, "updated_event", broken)
    await anna.conversation()
    assert await line.closed() == 1011
    monkeypatch.undo()
    check_whole(await (await anna.line()).turn("hi"))


async def test_fault_of_ours_in_a_frame_closes_with_1011(site, monkeypatch):
    """The same where the fault shows while a frame is read."""
    await site.start()
    line = await site.caller().line()

    def broken(*_):
        raise ZeroDivisionError

    monkeypatch.setattr(socket_module, "decode_frame", broken)
    await line.create("hi")
    assert await line.closed() == 1011


async def test_listener_that_missed_news_is_cut_off(site, monkeypatch):
    """A socket that cannot be told everything is sent away with 1013, to begin anew."""
    await site.start()
    anna = site.caller()
    line = await anna.line()
    await anna.conversation()
    await line.receive()
    feed = site.app[LIVE]._feeds[(await anna.ask("GET", "/v1/me"))["id"]]
    feed.next += 5000
    await anna.conversation()
    assert await line.closed() == 1013


async def test_goodbye(site):
    """When the server stops, running turns end as interrupted, their frames come, and then 1012."""
    await site.start(ScriptedAssistant("a", asyncio.Event()), delta_window_s=0.0)
    anna = site.caller()
    lines = [await anna.line() for _ in range(3)]
    conversation = await anna.conversation()
    await lines[0].create("1", conversation=conversation, stream_id="1")
    await lines[0].create("2", conversation=conversation, stream_id="1")
    frames = await lines[0].text_shown("a")
    await lines[1].send("verbatim:response.attach", response_id=frames[0]["response"]["id"])
    await lines[1].text_shown("a")
    stopping = asyncio.create_task(site.stop())
    frames += await lines[0].response()
    response = check_whole(frames)
    assert response["incomplete_details"] == {"reason": "interrupted"}
    late = await lines[0].next()
    assert (late["error"]["code"], late["stream_id"]) == ("shutting_down", "1")
    assert [await line.closed() for line in lines] == [1012] * 3
    await asyncio.wait_for(stopping, PATIENCE_S)
    assert b'"reason":"interrupted"' in (await site.sessions())[f"session_{conversation}.json"]


async def test_goodbye_to_many_that_do_not_answer(site, raw):
    """Clients that are deaf to the goodbye, idle or with much on its way to them, are waited for together."""
    start = asyncio.Event()
    await site.start(ScriptedAssistant(start, *BIG, asyncio.Event()), delta_window_s=0.0)
    anna = site.caller()
    conversation, line = await anna.conversation(), await anna.line()
    attach = b'{"type":"verbatim:conversation.attach","conversation":"%s"}' % conversation.encode()
    deaf = [await raw(HANDSHAKE) for _ in range(10)] + [await raw(HANDSHAKE, attach) for _ in range(10)]
    await until(lambda: len(site.app[SOCKETS]) == 21)
    await line.create("hi", conversation=conversation)
    await line.until(lambda frames: frames[-1]["type"] == "response.created")
    start.set()
    await line.until(lambda frames: len(text_of(frames)) == BIG_CHARS)
    began = fair_time()
    await site.stop()
    assert fair_time() - began < 6
    for _, reader, _ in deaf:
        await rest_of(reader)


async def test_frames_beyond_the_rate_are_refused(site, monkeypatch):
    """Each says so, those that cannot be read too; the socket goes on."""
    admits = FrameRate.admits
    monkeypatch.setattr(FrameRate, "admits", lambda rate, _: admits(rate, rate._at))  # They all come at one moment.
    await site.start(max_frames_per_s=3)
    line = await site.caller().line()
    codes = []
    for _ in range(2):
        for frame in ("{", '{"type":"response.cancel","response_id":"resp_x_y"}'):
            await line.ws.send_str(frame)
            codes.append((await line.next())["error"]["code"])
    await line.ws.send_str('{"type":"response.cancel","response_id":"resp_x_y","stream_id":"tab"}')
    error = await line.next()
    assert codes == ["invalid_json", "response_not_found", "invalid_json", "too_many_frames"]
    assert (error["error"]["code"], error["stream_id"]) == ("too_many_frames", "tab")


async def test_socket_that_cannot_be_looked_after_takes_no_other_with_it(site, monkeypatch, caplog):
    """All others hear their keepalives."""
    await site.start(keepalive_s=0.05)
    real = Socket.look_after

    def look_after(self, now):
        if self.user_id == bad:
            raise ValueError("a bug")
        real(self, now)

    await site.caller("bad").line()
    (bad,) = [one.user_id for one in site.app[SOCKETS]]
    monkeypatch.setattr(Socket, "look_after", look_after)
    good = await site.caller("good").line()
    for _ in range(2):
        await good.next_of("verbatim:keepalive")
    assert "could not be looked after" in caplog.text
