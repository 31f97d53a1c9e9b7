"""Bodies, queries and replies of the HTTP side.

Rule: JSON goes out through orjson, and comes in through `wire_requests`.
"""

import asyncio
from typing import Any, TypeVar

import orjson
from aiohttp import web

from server.errors import ApiError
from server.keys import CONFIG
from server.wire_requests import Page, decode_body, decode_object

T = TypeVar("T")
P = TypeVar("P", bound=Page)


def json_reply(value: Any, status: int = 200) -> web.Response:
    """A JSON body."""
    return web.Response(body=orjson.dumps(value), status=status, content_type="application/json")


async def read_body(request: web.Request, kind: type[T], max_bytes: int | None = None) -> T:
    """The request's JSON body; an empty one counts as an empty object.

    Args:
        max_bytes: How large it may be; None: as large as a frame.

    Raises:
        ApiError: It is none, or a field is wrong.
    """
    limit_s = request.app[CONFIG].http_idle_s
    if max_bytes is not None:
        request = request.clone(client_max_size=max_bytes)
    try:
        async with asyncio.timeout(limit_s):
            data = await request.read()
    except TimeoutError as error:
        raise ApiError(408, "request_timeout", f"expected the whole body within {limit_s:g} s") from error
    except web.RequestPayloadError as error:
        raise ApiError(400, "invalid_json", f"the body cannot be read: {error}") from error
    return decode_body(decode_object(data or b"{}"), kind)


def read_page(request: web.Request) -> Page:
    """The query of a list.

    Raises:
        ApiError: A value is wrong.
    """
    return read_query(request, Page)


def read_query(request: web.Request, kind: type[P]) -> P:
    """The query of a list of this kind.

    Raises:
        ApiError: A value is wrong.
    """
    page = decode_body(dict(request.query), kind, from_text=True)
    if page.order not in ("asc", "desc"):
        raise ApiError(400, "invalid_value", "expected asc or desc", "order")
    return page
