"""Who is asking, and from where.

Rule: one function names the user of a request, one says whether its origin may ask at all; nothing else looks at keys,
cookies or origins. Source: PROTOCOL.md, "Who is asking".
"""

import hashlib
import hmac
import re
from urllib.parse import urlsplit

from aiohttp import hdrs, web

from persistence import new_id
from server.config import Config, is_loopback
from server.cookies import Claim, UserCookie
from server.errors import ApiError

SUBPROTOCOL = "verbatim"
_KEY_PROTOCOL = "verbatim-key."
_PORT = re.compile(r"(:\d+)?$")
_SAFE = ("GET", "HEAD", "OPTIONS")


class Auth:
    """Names users.

    Args:
        secret: Signs the cookies.
    """

    def __init__(self, config: Config, secret: bytes) -> None:
        self._keys = config.api_keys
        self._origins = config.allowed_origins
        self._hosts = {urlsplit(origin).netloc for origin in config.allowed_origins}
        self._host = config.host.lower()
        self._cookie = UserCookie(secret)

    def user(self, request: web.Request) -> tuple[str, bool]:
        """The user's id, and whether it is a new one that the browser has yet to be told of.

        Raises:
            ApiError: `invalid_api_key`.
        """
        if key := _bearer(request):
            return self.user_of_key(key), False
        if claim := self._claim(request):
            return claim.user_id, False
        if self._keys:
            raise ApiError(401, "invalid_api_key", "expected Authorization: Bearer with a key of this server")
        return new_id("user_"), True

    def user_of_key(self, key: str) -> str:
        """The user that a key names; without configured keys any key is a user of its own.

        Raises:
            ApiError: `invalid_api_key`.
        """
        if not self._keys:
            return "key_" + _digest(key)
        for known, user_id in self._keys.items():
            if hmac.compare_digest(known.encode(), key.encode("utf-8", "surrogatepass")):
                return user_id
        raise ApiError(401, "invalid_api_key", "expected a key of this server")

    def tell_browser(
        self, request: web.Request, response: web.StreamResponse, user_id: str | None, key: str | None = None
    ) -> None:
        """Tells the browser who it is; None makes it forget. Without a `key` it stays the one it logged in with."""
        known, key = self._claim(request), key or _bearer(request)
        digest = _digest(key) if key and self._keys else known.key_digest if known else ""
        self._cookie.write(request, response, Claim(user_id, digest) if user_id is not None else None)

    def home(self, request: web.Request) -> str | None:
        """Where a document is to be asked for, if not here: to a browser each loopback name is another place."""
        host = request.headers.get(hdrs.HOST, "")
        name = _host_name(host)
        if self._keys or not is_loopback(name) or name == self._host or host in self._hosts:
            return None
        own = f"[{self._host}]" if ":" in self._host else self._host
        return f"{request.scheme}://{own}{_PORT.search(host)[0]}{request.path_qs}"  # type: ignore[index]

    def check_origin(self, request: web.Request) -> None:
        """Refuses what a foreign page sends, and what reaches a server without keys under a foreign name.

        Raises:
            ApiError: `origin_not_allowed`, `host_not_allowed`.
        """
        host = request.headers.get(hdrs.HOST, "")
        if not self._keys and not is_loopback(_host_name(host)) and host not in self._hosts:
            message = f"got {host!r:.100}, expected a loopback name (without API keys nothing else is answered)"
            raise ApiError(403, "host_not_allowed", message)
        origin = request.headers.get(hdrs.ORIGIN)
        upgrade = request.headers.get(hdrs.UPGRADE, "").lower() == "websocket"
        if origin is None or (request.method in _SAFE and not upgrade):
            return
        if not _is_own(origin, host) and origin not in self._origins:
            message = f"pages of {origin!r:.100} may not ask; VERBATIM_ALLOWED_ORIGINS does not name it"
            raise ApiError(403, "origin_not_allowed", message)

    def cors_headers(self, request: web.Request) -> dict[str, str]:
        """What lets an allowed foreign page read the answer."""
        if not self._origins:
            return {}
        origin = request.headers.get(hdrs.ORIGIN)
        if origin not in self._origins:
            return {"Vary": "Origin"}
        return {
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Credentials": "true",
            "Access-Control-Allow-Headers": "Authorization, Content-Type",
            "Access-Control-Allow-Methods": "GET, POST, PATCH, DELETE",
            "Access-Control-Max-Age": "600",
            "Vary": "Origin",
        }

    def _claim(self, request: web.Request) -> Claim | None:
        """What the browser's cookie says, if its key is still one of ours."""
        claim = self._cookie.read(request)
        if claim and self._keys:
            named = (user_id for key, user_id in self._keys.items() if _digest(key) == claim.key_digest)
            return claim if claim.user_id in named else None
        return claim


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _bearer(request: web.Request) -> str | None:
    """The key that the request carries, in its header or among a WebSocket's subprotocols."""
    scheme, _, key = request.headers.get(hdrs.AUTHORIZATION, "").partition(" ")
    if scheme.lower() == "bearer" and key.strip():
        return key.strip()
    for protocol in request.headers.get(hdrs.SEC_WEBSOCKET_PROTOCOL, "").split(","):
        if protocol.strip().startswith(_KEY_PROTOCOL):
            return protocol.strip().removeprefix(_KEY_PROTOCOL)
    return None


def _is_own(origin: str, host: str) -> bool:
    """Whether an origin is the server's own; behind a proxy its scheme is not known here."""
    return host != "" and origin.lower().partition("://")[2] == host.lower()


def _host_name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""
