"""The cookie that tells who a browser is: signed, HttpOnly, SameSite.

Rule: it holds a user's id and the digest of the key that named the user (none without keys). Its name holds the
secret's digest: cookies ignore ports, and two servers on one machine must not overwrite each other's.
"""

import hashlib
from dataclasses import dataclass
from http.cookies import SimpleCookie

from aiohttp import hdrs, web
from itsdangerous import BadSignature, Signer

_AGE_S = 400 * 24 * 3600
"""As long as browsers keep any cookie; it is renewed with each document."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a browser says it is.

    Attributes:
        key_digest: Of the key that it logged in with; empty without keys.
    """

    user_id: str
    key_digest: str = ""


class UserCookie:
    """Writes and reads the cookie.

    Args:
        secret: Signs it.
    """

    def __init__(self, secret: bytes) -> None:
        self.name = "verbatim_" + hashlib.sha256(secret).hexdigest()[:8]
        self._signer = Signer(secret, salt="verbatim.user", digest_method=hashlib.sha256)

    def read(self, request: web.Request) -> Claim | None:
        """The claim of a cookie that we signed."""
        try:
            # latin-1 on both ways: a header is bytes, and a user's id may be any text.
            value = self._signer.unsign(request.cookies.get(self.name, "").encode("latin-1")).decode()
        except (BadSignature, UnicodeError):
            return None
        key_digest, _, user_id = value.partition(".")
        return Claim(user_id, key_digest) if user_id else None

    def write(self, request: web.Request, response: web.StreamResponse, claim: Claim | None) -> None:
        """Tells the browser who it is; None makes it forget."""
        value = self._signer.sign(f"{claim.key_digest}.{claim.user_id}".encode()).decode("latin-1") if claim else ""
        morsel = SimpleCookie({self.name: value})[self.name]
        morsel["path"], morsel["samesite"], morsel["max-age"] = "/", "Lax", str(_AGE_S if claim else 0)
        morsel["httponly"], morsel["secure"] = True, request.secure
        response.headers.add(hdrs.SET_COOKIE, morsel.OutputString())
