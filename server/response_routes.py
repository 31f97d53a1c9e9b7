"""Responses over HTTP and the door to the WebSocket.

Rule: a stream is a reader with a cursor, like a socket; when its client leaves, the turn goes on.
"""

from contextlib import aclosing, suppress

from aiohttp import hdrs, web

from server.errors import ApiError
from server.keys import CONDUCTOR, CONFIG, LIVE, REMOVAL, SESSIONS, UNTAKEN, USER
from server.large_input import read_turn
from server.replies import json_reply, read_body
from server.response_log import Reader, portions
from server.socket import Socket
from server.socket_response import SocketResponse
from server.sockets import Sockets
from server.wire_events import sse_event
from server.wire_objects import response_object
from server.wire_requests import CreateResponse, Replay, decode_body

routes = web.RouteTableDef()

SOCKETS: web.AppKey[Sockets] = web.AppKey("sockets")


@routes.get("/v1/responses")
async def open_socket(request: web.Request) -> web.StreamResponse:
    app, user_id = request.app, request[USER]
    config, sockets = app[CONFIG], app[SOCKETS]
    ws = SocketResponse(config)
    if not ws.can_prepare(request):
        raise ApiError(400, "invalid_value", "expected a WebSocket upgrade; POST starts a turn over HTTP")
    if app[CONDUCTOR].closing:
        raise ApiError(503, "shutting_down", "the server is about to restart; try again in a moment")
    sockets.take_place(user_id)
    try:
        await ws.prepare(request)
        ws.let_go_of_http(request)
        if request.transport:
            socket = Socket(ws, request.transport, user_id, app[CONDUCTOR], app[SESSIONS], app[LIVE], config)
            ws.serving = sockets.serve(socket)
    finally:
        if not ws.serving:
            sockets.give_back(user_id)
    return ws


@routes.post("/v1/responses")
async def create_response(request: web.Request) -> web.StreamResponse:
    config = request.app[CONFIG]
    body = await read_body(request, CreateResponse, config.largest_body_bytes)
    asked, is_stream = await read_turn(body, config.image_limits), body.stream
    del body  # A turn may take long, and its images are kept by then.
    lined_up = request.app[CONDUCTOR].lined_up
    place = lined_up.join(request[USER], asked.client_message_id)
    try:
        response = await request.app[CONDUCTOR].start(request[USER], asked, place=place)
    finally:
        lined_up.leave(place)
    if is_stream:
        return await _stream(request, response.reader())
    async for _ in portions(response.reader()):
        pass
    return json_reply(response_object(response.turn))


@routes.get("/v1/responses/{id}")
async def retrieve_response(request: web.Request) -> web.StreamResponse:
    replay = decode_body(dict(request.query), Replay, from_text=True)
    response = await request.app[CONDUCTOR].find(request[USER], request.match_info["id"])
    if not replay.stream or request.method == hdrs.METH_HEAD:
        return json_reply(response_object(response.turn))
    return await _stream(request, response.reader(replay.starting_after))


@routes.post("/v1/responses/{id}/cancel")
async def cancel_response(request: web.Request) -> web.Response:
    response = await request.app[CONDUCTOR].stop(request[USER], request.match_info["id"])
    return json_reply(response_object(response.turn))


@routes.delete("/v1/responses/{id}")
async def delete_response(request: web.Request) -> web.Response:
    response_id = request.match_info["id"]
    await request.app[REMOVAL].response(request[USER], response_id)
    return json_reply({"id": response_id, "object": "response.deleted", "deleted": True})


async def _stream(request: web.Request, reader: Reader) -> web.StreamResponse:
    """The events as server-sent events. A client that leaves, or takes nothing, is let go."""
    stream = web.StreamResponse(headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})
    stream.content_type = "text/event-stream"
    stream.charset = "utf-8"
    await stream.prepare(request)
    untaken, transport = request.app[UNTAKEN], request.transport
    if transport is None:
        return stream
    with suppress(ConnectionError):
        async with aclosing(portions(reader, request.app[CONFIG].keepalive_s)) as read:
            async for events in read:
                with untaken.looking_after(transport):
                    await stream.write(b"".join(map(sse_event, events)) or b": keepalive\n\n")
        untaken.look_after(transport)
        await stream.write(b"data: [DONE]\n\n")
    return stream
