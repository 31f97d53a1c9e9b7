"""The HTTP side: conversations, models, who one is.

Rule: a handler reads its request, asks one part of the server, and replies; what is a rule stands elsewhere.
"""

from dataclasses import replace

from aiohttp import web

from persistence import Record, SessionExists, SessionNotFound, Settings, message_id
from server.chosen_id import check_chosen_id, id_prefix
from server.detection_routes import may_detect
from server.errors import ApiError, api_error
from server.keys import AUTH, CONDUCTOR, CONFIG, LIVE, MODELS, PATHS, REMOVAL, SESSIONS, STORE, USER
from server.large_input import read_items
from server.parameters import parameters_of
from server.replies import json_reply, read_body, read_page, read_query
from server.wire_conversations import (
    ConversationPage,
    DeleteConversations,
    deletions_object,
    has_name,
    record_fields,
)
from server.wire_images import Attachments
from server.wire_objects import (
    conversation_object,
    item_object,
    list_object,
    model_object,
    receipt_object,
    user_receipt_object,
)
from server.wire_requests import CreateConversation, Login, ShowPath, UpdateConversation

routes = web.RouteTableDef()


@routes.post("/v1/conversations")
async def create_conversation(request: web.Request) -> web.Response:
    config = request.app[CONFIG]
    body = await read_body(request, CreateConversation, config.largest_body_bytes)
    attachments = Attachments(config.image_limits)
    messages = await read_items(body.items or (), attachments)
    sessions, user_id, metadata = request.app[SESSIONS], request[USER], dict(body.metadata or {})
    settings = body.settings.of(Settings()) if body.settings else Settings()
    if body.id is not None:
        check_chosen_id(user_id, body.id)
    try:
        record = await sessions.create(
            user_id,
            metadata,
            session_id=body.id,
            messages=messages,
            images=attachments.data,
            settings=settings,
        )
    except SessionExists as error:
        # The same request again, since its answer was lost.
        return _conversation(request, await sessions.retrieve(error.session_id, user_id=user_id))
    await request.app[CONDUCTOR].tell_changed(record.session_id)
    return _conversation(request, record)


@routes.get("/v1/conversations")
async def list_conversations(request: web.Request) -> web.Response:
    page = read_query(request, ConversationPage)
    try:
        records = await request.app[SESSIONS].list(
            request[USER],
            limit=page.limit + 1,
            after=page.after,
            is_active=not page.archived,
            wanted=has_name(page.named),
        )
    except SessionNotFound as error:
        raise replace(api_error(error), param="after") from error
    shown = [_object(request, record) for record in records[: page.limit]]
    return json_reply(list_object(shown, has_more=len(records) > page.limit))


@routes.get("/v1/conversations/{id}")
async def retrieve_conversation(request: web.Request) -> web.Response:
    return _conversation(request, await _mine(request))


@routes.post("/v1/conversations/{id}")
async def update_conversation(request: web.Request) -> web.Response:
    fields = record_fields(await read_body(request, UpdateConversation))
    session_id = request.match_info["id"]
    await request.app[SESSIONS].update(session_id, user_id=request[USER], **fields)
    return _conversation(request, await request.app[CONDUCTOR].tell_changed(session_id))


@routes.delete("/v1/conversations/{id}")
async def delete_conversation(request: web.Request) -> web.Response:
    receipt = await request.app[REMOVAL].session(request[USER], request.match_info["id"])
    return json_reply(receipt_object(receipt))


@routes.post("/v1/deletions")
async def delete_conversations(request: web.Request) -> web.Response:
    asked = list(dict.fromkeys((await read_body(request, DeleteConversations)).conversations))
    return json_reply(deletions_object(asked, await request.app[REMOVAL].sessions(request[USER], asked)))


@routes.get("/v1/conversations/{id}/items")
async def list_items(request: web.Request) -> web.Response:
    page, record = read_page(request), await _mine(request)
    found = await request.app[STORE].page(
        record.session_id, limit=page.limit, after=page.after, newest_first=page.order == "desc"
    )
    others = found.alternatives
    shown = [
        item_object(message, at, record.session_id, others.get(message_id(message, at), ()))
        for at, message in found.messages
    ]
    return json_reply(list_object(shown, has_more=found.has_more))


@routes.post("/v1/conversations/{id}/path")
async def show_path(request: web.Request) -> web.Response:
    body, record = await read_body(request, ShowPath), await _mine(request)
    return _conversation(request, await request.app[PATHS].show(record.session_id, body.message))


@routes.get("/v1/models")
async def list_models(request: web.Request) -> web.Response:
    models = request.app[MODELS]
    offered = [
        model_object(
            name,
            parameters_of(one),
            one.name if one.is_model else "verbatim",
            takes_images=models.takes_images(name),
        )
        for name, one in await models.offered()
    ]
    return json_reply({**list_object(offered), "verbatim:silent": models.silent()})


@routes.get("/v1/me")
async def who_am_i(request: web.Request) -> web.Response:
    config = request.app[CONFIG]
    facts = {
        "verbatim:id_prefix": id_prefix(request[USER]),
        "verbatim:max_frame_bytes": config.max_frame_bytes,
        "verbatim:max_body_bytes": config.largest_body_bytes,
        "verbatim:max_image_bytes": config.max_image_bytes,
        "verbatim:max_images": config.max_images,
        "verbatim:keepalive_s": config.keepalive_s,
        "verbatim:keys": bool(config.api_keys),
        "verbatim:search": config.search,
        "verbatim:detection": may_detect(config, request.remote),
    }
    return json_reply({"object": "user", "id": request[USER], **facts})


@routes.delete("/v1/me")
async def delete_me(request: web.Request) -> web.Response:
    return json_reply(user_receipt_object(await request.app[REMOVAL].user(request[USER])))


@routes.post("/v1/login")
async def log_in(request: web.Request) -> web.Response:
    auth = request.app[AUTH]
    key = (await read_body(request, Login)).key
    user_id = auth.user_of_key(key)
    reply = json_reply({"object": "user", "id": user_id})
    auth.tell_browser(request, reply, user_id, key)
    return reply


@routes.post("/v1/logout")
async def log_out(request: web.Request) -> web.Response:
    reply = json_reply({"object": "user", "id": None})
    request.app[AUTH].tell_browser(request, reply, None)
    return reply


@routes.get("/healthz")
async def live(_: web.Request) -> web.Response:
    return json_reply({"status": "ok"})


@routes.get("/readyz")
async def ready(request: web.Request) -> web.Response:
    if request.app[CONDUCTOR].closing:
        raise ApiError(503, "shutting_down", "the server is about to restart")
    if fault := request.app[STORE].fault:
        raise api_error(fault)
    return json_reply({"status": "ok"})


async def _mine(request: web.Request) -> Record:
    return await request.app[SESSIONS].retrieve(request.match_info["id"], user_id=request[USER])


def _object(request: web.Request, record: Record) -> dict[str, object]:
    running = request.app[LIVE].running(record.session_id)
    return conversation_object(record, running.turn.response_id if running else None)


def _conversation(request: web.Request, record: Record) -> web.Response:
    return json_reply(_object(request, record))
