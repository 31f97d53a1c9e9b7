"""The images of conversations over HTTP.

Rule: an image is shown to its conversation's owner and nobody else, as what it is and as nothing else: whatever its
bytes would be to a browser that guesses, they run nothing. Its name is made of its bytes, so it never changes.
"""

from aiohttp import web

from persistence.images import media_type_of_name
from server.keys import SESSIONS, STORE, USER

routes = web.RouteTableDef()

_HEADERS = {
    "Cache-Control": "private, max-age=31536000, immutable",
    "Content-Disposition": "inline",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@routes.get("/v1/conversations/{id}/images/{name}")
async def read_image(request: web.Request) -> web.Response:
    record = await request.app[SESSIONS].retrieve(request.match_info["id"], user_id=request[USER])
    name = request.match_info["name"]
    data = await request.app[STORE].image(record.session_id, name)
    return web.Response(body=data, content_type=media_type_of_name(name), headers=_HEADERS)
