"""The bytes and the name of a memory file. Pure.

Rule: `{"user_id":…,"facts":[…]}`, one fact a line; names that are not ours are kept. A user id that may not name a file
is encoded, injectively.
Source: FORMAT.md, "A memory file".
"""

from collections.abc import Sequence
from typing import Any

from persistence.errors import Damaged
from persistence.fact_json import decode_facts, fact_value
from persistence.facts import Fact, Facts
from persistence.json_bytes import decode_json, encode_json
from persistence.model import file_name_of
from persistence.settings import decode_settings

_NAMES = {"user_id", "is_on", "settings", "facts"}


def memory_file_name(user_id: str) -> str:
    """The name of a user's memory file; no two users share one."""
    return f"memory_{file_name_of(user_id)}.json"


def encode_memory(user_id: str, facts: Sequence[Fact]) -> bytes:
    """The whole file."""
    lines = b",\n".join(encode_json(fact_value(fact), "a fact") for fact in facts)
    head = encode_json({"user_id": user_id, **memory_settings(facts)}, "a user id")
    return head[:-1] + b',"facts":[\n' + lines + b"\n]}\n"


def decode_memory(data: bytes) -> tuple[Facts, bool]:
    """The facts, in the order in which they were learned, and whether each entry was one.

    A plain list is taken as well, and a plain text as a fact.

    Raises:
        Damaged: It is no memory file.
    """
    value = decode_json(data, "a memory file")
    if not isinstance(value, dict):
        value = {"facts": value}
    if not isinstance(value.get("facts"), list):
        raise Damaged("a memory file", "expected a list named facts")
    facts, whole = decode_facts(value["facts"])
    other = {name: there for name, there in value.items() if name not in _NAMES}
    settings = decode_settings(value.get("settings"))
    return Facts.of(facts, is_on=value.get("is_on") is not False, settings=settings, other=other), whole


def memory_settings(facts: Sequence[Fact]) -> dict[str, Any]:
    """What a memory says beside its facts."""
    if not isinstance(facts, Facts):
        return {}
    switched, chosen = {} if facts.is_on else {"is_on": False}, facts.settings.value()
    return {**facts.other, **switched, **({"settings": chosen} if chosen else {})}


def is_empty(facts: Sequence[Fact]) -> bool:
    """Whether there is nothing to keep a file for."""
    return not facts and not memory_settings(facts)
