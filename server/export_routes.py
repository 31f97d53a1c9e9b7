"""The HTTP side of taking things away: one session, or everything.

Rule: it is sent in portions, made one after the other while the client takes them, and the event loop does other things
in between. A download that cannot be finished breaks off; it never looks whole.
"""

import logging
from collections.abc import AsyncGenerator, AsyncIterator, Iterable
from contextlib import aclosing, suppress

import orjson
from aiohttp import hdrs, web

from persistence import ImageNotFound, PersistenceError, SessionNotFound, now
from persistence.images import image_names
from server.archive import Member, archive, one_by_one
from server.keys import SESSIONS, STORE, UNTAKEN, USER
from server.transcript import transcript
from server.wire_export import Export, archive_name, attachment, conversation_json, file_name, memory_object
from server.wire_requests import decode_body
from server.wire_settings import settings_object

routes = web.RouteTableDef()

_log = logging.getLogger(__name__)

_AT_ONCE = 1000
"""How many records are asked for at the same time."""


@routes.get("/v1/conversations/{id}/export")
async def export_conversation(request: web.Request) -> web.StreamResponse:
    wanted = decode_body(dict(request.query), Export, from_text=True)
    record = await request.app[SESSIONS].retrieve(request.match_info["id"], user_id=request[USER])
    tree = await request.app[STORE].tree(record.session_id)
    if wanted.format == "markdown":
        pieces: Iterable[bytes] = (piece.encode() for piece in transcript(record, tree))
        return await _send(request, file_name(record, "md"), "text/markdown", one_by_one(pieces))
    pieces = conversation_json(record, tree, now())
    return await _send(request, file_name(record, "json"), "application/json", one_by_one(pieces))


@routes.get("/v1/export")
async def export_everything(request: web.Request) -> web.StreamResponse:
    at = now()
    return await _send(request, f"verbatim {at[:10]}.zip", "application/zip", archive(_everything(request, at)))


async def _everything(request: web.Request, at: str) -> AsyncIterator[Member]:
    """Settings and memory, then each session as Markdown, as JSON and with its images; none that goes meanwhile."""
    store, user_id = request.app[STORE], request[USER]
    facts = await store.memory(user_id)
    yield _json_member("settings.json", at, settings_object(facts.settings))
    yield _json_member("memory.json", at, memory_object(facts, at))
    for session_id in await _ids(request):
        with suppress(SessionNotFound):
            record, tree = await store.record(session_id), await store.tree(session_id)
            changed_at = record.last_activity
            text = (piece.encode() for piece in transcript(record, tree))
            yield Member(archive_name(record, "md"), changed_at, text)
            yield Member(archive_name(record, "json"), changed_at, conversation_json(record, tree, at))
            for name in sorted(image_names(tree.messages())):
                with suppress(ImageNotFound):
                    data = await store.image(session_id, name)
                    yield Member(f"images/{session_id}/{name}", changed_at, [data])


async def _ids(request: web.Request) -> list[str]:
    """All of the user's sessions, the newest first, as they are at this moment."""
    found: list[str] = []
    after = None
    while some := await request.app[STORE].records(request[USER], limit=_AT_ONCE, after=after):
        found += [record.session_id for record in some]
        after = found[-1]
    return found


def _json_member(name: str, at: str, value: object) -> Member:
    return Member(name, at, [orjson.dumps(value, option=orjson.OPT_INDENT_2), b"\n"])


async def _send(
    request: web.Request, name: str, content_type: str, body: AsyncGenerator[bytes, None]
) -> web.StreamResponse:
    """The body as a file. A client that leaves, or takes nothing, is let go."""
    stream = web.StreamResponse(headers={"Cache-Control": "no-store", "Content-Disposition": attachment(name)})
    stream.content_type = content_type
    if content_type.startswith("text/"):
        stream.charset = "utf-8"
    await stream.prepare(request)
    untaken, transport = request.app[UNTAKEN], request.transport
    if transport is None or request.method == hdrs.METH_HEAD:
        return stream
    try:
        async with aclosing(body):
            async for portion in body:
                with untaken.looking_after(transport):
                    await stream.write(portion)
    except ConnectionError:
        return stream
    except PersistenceError as error:
        _log.error("%s: the download breaks off: %s", request.path, error)
        transport.abort()
        return stream
    except Exception:  # An error's body would stand in the middle of the file.
        _log.exception("%s: the download breaks off", request.path)
        transport.abort()
        return stream
    untaken.look_after(transport)
    return stream
