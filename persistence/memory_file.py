"""The bytes and the name of a memory file. Pure.

Rule: `{"user_id":…,"facts":[…]}`, one fact a line. A user id that may not name a file is encoded, injectively.
Source: FORMAT.md, "A memory file".
"""

from collections.abc import Sequence
from typing import Any

from persistence.errors import Damaged
from persistence.json_bytes import decode_json, encode_json
from persistence.model import Fact, file_name_of, now


def memory_file_name(user_id: str) -> str:
    """The name of a user's memory file; no two users share one."""
    return f"memory_{file_name_of(user_id)}.json"


def encode_memory(user_id: str, facts: Sequence[Fact]) -> bytes:
    """The whole file."""
    lines = b",\n".join(encode_json(fact, "a fact") for fact in facts)
    return b'{"user_id":' + encode_json(user_id, "a user id") + b',"facts":[\n' + lines + b"\n]}\n"


def decode_memory(data: bytes) -> tuple[tuple[Fact, ...], bool]:
    """The facts, in the order in which they were learned, and whether each entry was one.

    A plain list is taken as well, and a plain text as a fact.

    Raises:
        Damaged: It is no memory file.
    """
    value = decode_json(data, "a memory file")
    entries = value.get("facts") if isinstance(value, dict) else value
    if not isinstance(entries, list):
        raise Damaged("a memory file", "expected a list named facts")
    return decode_facts(entries)


def decode_facts(entries: Sequence[Any]) -> tuple[tuple[Fact, ...], bool]:
    """The facts among the entries, and whether each was one."""
    facts = [_decode_fact(entry, position) for position, entry in enumerate(entries)]
    return tuple(fact for fact in facts if fact), None not in facts


def _decode_fact(entry: Any, position: int) -> Fact | None:
    if isinstance(entry, str):
        entry = {"text": entry}
    if not isinstance(entry, dict) or not isinstance(entry.get("text"), str):
        return None
    learned_at, session_id = entry.get("learned_at"), entry.get("session_id")
    return Fact(
        id=str(entry.get("id") or f"fact_{position}"),
        text=entry["text"],
        learned_at=learned_at if isinstance(learned_at, str) else now(),
        session_id=session_id if isinstance(session_id, str) else None,
    )
