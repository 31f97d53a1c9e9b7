"""Ids of sessions that a client chooses. Pure.

Rule: each user has a prefix, and chooses ids only behind it. So nobody can take, or feel for, an id of another user.
"""

import hashlib
import re

from server.errors import ApiError

_PREFIX_DIGITS = 12
_ENDS = re.compile(r"[A-Za-z0-9_-]{8,64}")


def id_prefix(user_id: str) -> str:
    """What the ids begin with that this user may choose."""
    digest = hashlib.sha256(b"chosen id\0" + user_id.encode("utf-8", "surrogatepass"))
    return digest.hexdigest()[:_PREFIX_DIGITS] + "-"


def check_chosen_id(user_id: str, session_id: str) -> None:
    """Whether this user may choose this id.

    Raises:
        ApiError: `invalid_value`.
    """
    prefix = id_prefix(user_id)
    if not session_id.startswith(prefix) or not _ENDS.fullmatch(session_id, len(prefix)):
        expected = f"{prefix!r} (verbatim:id_prefix of /v1/me) and 8 to 64 letters, digits, _ or -"
        raise ApiError(400, "invalid_value", f"expected an id of {expected}", "id")
