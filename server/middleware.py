"""What every request passes: origin, user, errors as bodies, headers.

Rule: a handler behind it has a user, and may raise `ApiError` or the store's errors.
"""

import contextlib
import logging
from collections.abc import Awaitable

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from persistence import PersistenceError
from server.errors import ApiError, api_error
from server.keys import AUTH, TELL_BROWSER, USER
from server.replies import json_reply
from server.wire_objects import error_object

_log = logging.getLogger(__name__)

_PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; manifest-src 'self'; "
    "worker-src 'self'; object-src 'none'"
)
_UNUSED_POWERS = ("camera", "microphone", "geolocation", "payment", "usb", "serial", "midi", "display-capture")
_HEADERS = {
    "Content-Security-Policy": _PAGE_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": ", ".join(f"{power}=()" for power in _UNUSED_POWERS),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OPEN = ("/healthz", "/readyz", "/v1/login", "/v1/logout")
"""Paths that need no user."""


@web.middleware
async def errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turns what a handler raises into an error's body."""
    try:
        return await handler(request)
    except ApiError as error:
        return _error_reply(error)
    except PersistenceError as error:
        return _error_reply(api_error(error))
    except web.HTTPRequestEntityTooLarge as error:
        return _error_reply(ApiError(413, "request_too_large", error.text or "the body is too large"))
    except web.HTTPMethodNotAllowed as error:
        allowed = ", ".join(sorted(error.allowed_methods))
        return _error_reply(ApiError(405, "method_not_allowed", f"got {error.method}, expected {allowed}"))
    except web.HTTPNotFound:
        return _error_reply(ApiError(404, "not_found", f"no such address: {request.path!r:.200}"))
    except web.HTTPException:
        raise
    except ConnectionError:
        raise
    except Exception:
        _log.exception("%s %s failed", request.method, request.path)
        return _error_reply(ApiError(500, "internal_error", "a fault of the server; it is in its log"))


@web.middleware
def callers(request: web.Request, handler: Handler) -> Awaitable[web.StreamResponse]:
    """Names the user; tells a new browser who it is. It is done then: a socket keeps no frame of it.

    The document tells it already: the page's first requests go out at once, and would each be a user of their own.
    Each document tells it again, so that the cookie of who comes back never ages.
    """
    auth = request.app[AUTH]
    auth.check_origin(request)
    if request.method == hdrs.METH_OPTIONS:
        return _allowed()
    if request.path.startswith("/v1/") and request.path not in _OPEN:
        request[USER], request[TELL_BROWSER] = auth.user(request)
    elif request.path == "/" or request.path.startswith("/chat/"):
        if home := auth.home(request):
            raise web.HTTPFound(home)
        with contextlib.suppress(ApiError):
            request[USER], request[TELL_BROWSER] = auth.user(request)[0], True
    return handler(request)


async def _allowed() -> web.Response:
    return web.Response(status=204)


async def add_headers(request: web.Request, response: web.StreamResponse) -> None:
    """Called for each response before its head goes out, streams and sockets too."""
    auth = request.app[AUTH]
    for name, value in {**_HEADERS, **auth.cors_headers(request)}.items():
        response.headers.setdefault(name, value)
    if request.get(TELL_BROWSER):
        auth.tell_browser(request, response, request[USER])


def _error_reply(error: ApiError) -> web.Response:
    return json_reply({"error": error_object(error)}, status=error.status)
