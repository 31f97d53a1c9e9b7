"""The bytes and the name of a memory file. Pure.

Rule: `{"user_id":…,"facts":[…]}`, one fact a line. A user id that may not name a file is encoded, injectively.
Source: FORMAT.md, "A memory file".
"""

import base64
import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

from persistence.errors import Damaged
from persistence.model import Fact, is_session_id, now

_LONGEST_ENCODED = 180
"""File names end at 255 bytes; what is longer is named by its SHA-256."""


def memory_file_name(user_id: str) -> str:
    """The name of a user's memory file. `=` and `%` stand in no plain name, so no two users share one."""
    if is_session_id(user_id):
        return f"memory_{user_id}.json"
    raw = user_id.encode("utf-8", "surrogatepass")
    encoded = base64.urlsafe_b64encode(raw).decode().rstrip("=")
    if len(encoded) <= _LONGEST_ENCODED:
        return f"memory_={encoded}.json"
    return f"memory_%{hashlib.sha256(raw).hexdigest()}.json"


def encode_memory(user_id: str, facts: Sequence[Fact]) -> bytes:
    """The whole file."""
    lines = b",\n".join(orjson.dumps(fact) for fact in facts)
    return b'{"user_id":' + orjson.dumps(user_id) + b',"facts":[\n' + lines + b"\n]}\n"


def decode_memory(data: bytes) -> tuple[Fact, ...]:
    """The facts, in the order in which they were learned. A plain list of texts is taken as well.

    Raises:
        Damaged: It is no memory file.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Damaged("a memory file", str(error)) from error
    entries = value.get("facts") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise Damaged("a memory file", "expected a list named facts")
    return tuple(_decode_fact(entry, position) for position, entry in enumerate(entries))


def _decode_fact(entry: Any, position: int) -> Fact:
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        raise Damaged("a memory file", f"facts[{position}]: expected an object with a string named text")
    learned_at, session_id = entry.get("learned_at"), entry.get("session_id")
    return Fact(
        id=str(entry.get("id") or f"fact_{position}"),
        text=entry["text"],
        learned_at=learned_at if isinstance(learned_at, str) else now(),
        session_id=session_id if isinstance(session_id, str) else None,
    )
