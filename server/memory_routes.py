"""The HTTP side of long-term memory: a user sees, edits, deletes, switches off and takes away all that is known.

Rule: every handler is about the caller's own memory; a fact of somebody else is one that does not exist.
"""

from aiohttp import web

from persistence import LongTermMemory, now
from server.errors import ApiError
from server.keys import SESSIONS, STORE, USER
from server.replies import json_reply, read_body
from server.wire_export import memory_object
from server.wire_facts import fact_object
from server.wire_objects import list_object
from server.wire_requests import EditFact, RememberFact, SwitchMemory

routes = web.RouteTableDef()


@routes.get("/v1/memory")
async def list_facts(request: web.Request) -> web.Response:
    facts = await _memory(request).facts()
    return json_reply({**list_object([fact_object(fact) for fact in facts]), "enabled": facts.is_on})


@routes.get("/v1/memory/export")
async def export_facts(request: web.Request) -> web.Response:
    reply = json_reply(memory_object(await _memory(request).facts(), now()))
    reply.headers["Content-Disposition"] = 'attachment; filename="memory.json"'
    return reply


@routes.post("/v1/memory")
async def remember_fact(request: web.Request) -> web.Response:
    body = await read_body(request, RememberFact)
    _check_words(body.text)
    if body.conversation is not None:
        await request.app[SESSIONS].retrieve(body.conversation, user_id=request[USER])
    learned = await _memory(request).learn(body.text, body.conversation, replaces=body.replaces)
    return json_reply(fact_object(learned.fact))


@routes.patch("/v1/memory")
async def switch_memory(request: web.Request) -> web.Response:
    body = await read_body(request, SwitchMemory)
    await _memory(request).switch(is_on=body.enabled)
    return json_reply({"object": "memory", "enabled": body.enabled})


@routes.delete("/v1/memory")
async def forget_all(request: web.Request) -> web.Response:
    gone = await _memory(request).forget_all()
    return json_reply({"object": "memory.deleted", "deleted": True, "verbatim:facts_removed": len(gone)})


@routes.post("/v1/memory/{fact_id}")
async def edit_fact(request: web.Request) -> web.Response:
    body = await read_body(request, EditFact)
    _check_words(body.text)
    return json_reply(fact_object(await _memory(request).edit(request.match_info["fact_id"], body.text)))


@routes.delete("/v1/memory/{fact_id}")
async def forget_fact(request: web.Request) -> web.Response:
    fact = await _memory(request).forget(request.match_info["fact_id"])
    return json_reply({"id": fact.id, "object": "memory.fact.deleted", "deleted": True})


def _check_words(text: str) -> None:
    if not text.strip():
        raise ApiError(400, "invalid_value", "expected some text", "text")


def _memory(request: web.Request) -> LongTermMemory:
    return LongTermMemory(request.app[STORE], request[USER])
