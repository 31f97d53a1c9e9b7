"""The HTTP side of settings: what a user has chosen for answers, in one session or in all.

Rule: a change names what it changes, so that two tabs change two things without undoing each other; it is durable when
it is answered, and told to the user's sockets.
"""

from aiohttp import web

from persistence import Facts
from server.keys import CONDUCTOR, LIVE, SESSIONS, STORE, USER
from server.live import SettingsChanged
from server.replies import json_reply, read_body
from server.wire_objects import conversation_object
from server.wire_settings import ChangeSettings, settings_object

routes = web.RouteTableDef()


@routes.get("/v1/settings")
async def read_settings(request: web.Request) -> web.Response:
    return json_reply(settings_object((await request.app[STORE].memory(request[USER])).settings))


@routes.patch("/v1/settings")
async def change_settings(request: web.Request) -> web.Response:
    body, user_id = await read_body(request, ChangeSettings), request[USER]

    def change(facts: Facts) -> Facts:
        return facts.choosing(body.of(facts.settings))

    settings = (await request.app[STORE].update_memory(user_id, change)).settings
    request.app[LIVE].tell(user_id, SettingsChanged(settings))
    return json_reply(settings_object(settings))


@routes.patch("/v1/conversations/{id}/settings")
async def change_conversation(request: web.Request) -> web.Response:
    body, session_id = await read_body(request, ChangeSettings), request.match_info["id"]
    await request.app[SESSIONS].update(session_id, user_id=request[USER], settings=body.of)
    record, running = await request.app[CONDUCTOR].tell_changed(session_id), request.app[LIVE].running(session_id)
    return json_reply(conversation_object(record, running.turn.response_id if running else None))
