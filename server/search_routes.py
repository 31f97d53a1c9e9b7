"""The HTTP side of the search.

Rule: whose messages are searched is decided by who is asking, and by nothing that the query says.
"""

from contextlib import suppress

from aiohttp import web

from persistence import Record, SessionNotFound
from server.keys import SESSIONS, STORE, USER
from server.replies import json_reply
from server.wire_search import decode_search, hits_object

routes = web.RouteTableDef()


@routes.get("/v1/search")
async def search(request: web.Request) -> web.Response:
    wanted, user_id = decode_search(request.query), request[USER]
    if wanted.query.session_id is not None:
        await request.app[SESSIONS].retrieve(wanted.query.session_id, user_id=user_id)
    hits = await request.app[STORE].search(user_id, wanted.query, limit=wanted.limit, after=wanted.after)
    records: dict[str, Record] = {}
    for session_id in {hit.place.session_id for hit in hits.hits}:
        with suppress(SessionNotFound):
            records[session_id] = await request.app[STORE].record(session_id)
    return json_reply(hits_object(hits, records))
