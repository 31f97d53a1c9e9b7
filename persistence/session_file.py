"""The bytes of a session file. Pure.

Rule: one JSON object, one message a line, the record last, so that an append overwrites only the tail:

    {"session_id":"abc123","history":[
    {"role":"user","content":"Hello"},
    {"role":"assistant","content":"Hi!"}
    ],"session":{…}}

Source: FORMAT.md, "A session file".
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from persistence.errors import Damaged
from persistence.model import NOBODY, Message, Record, is_message, now

_HEAD = b'{"session_id":'
TAIL = b'\n],"session":'
_KEYS = ("session_id", "user_id", "created_at", "last_activity", "is_active", "metadata")


@dataclass(frozen=True, slots=True)
class Scan:
    """What a session file holds.

    Attributes:
        messages: The history, oldest first.
        record: The record, None where the file has none (the plain old form).
        tail: The byte at which the next append begins; None where the file is not in our layout (the plain old form,
            or a person's edit) and has to be rewritten before it can be appended to.
        whole: False where lines had to be left out, or the end was missing.
    """

    messages: list[Message]
    record: Record | None
    tail: int | None
    whole: bool = True


def encode_file(record: Record, messages: Sequence[Message]) -> tuple[bytes, int]:
    """The whole file, and the byte at which the next append begins."""
    head = _HEAD + orjson.dumps(record.session_id) + b',"history":['
    body = b",".join(b"\n" + orjson.dumps(message) for message in messages)
    return head + body + encode_tail(record), len(head) + len(body)


def encode_append(record: Record, messages: Sequence[Message], *, first: bool) -> tuple[bytes, int]:
    """What overwrites the tail: new messages and the record; and how many of its bytes come before the new tail.

    Args:
        first: Whether the history is empty so far (no comma goes ahead).
    """
    body = b",".join(b"\n" + orjson.dumps(message) for message in messages)
    if messages and not first:
        body = b"," + body
    return body + encode_tail(record), len(body)


def encode_tail(record: Record) -> bytes:
    """The end of the file: the history's bracket and the record."""
    return TAIL + orjson.dumps(record) + b"}\n"


def decode_record(value: Any, session_id: str) -> Record:
    """A record from its JSON object, in our form or a plain old one; what is missing gets a default.

    Raises:
        Damaged: It is no object, or a field has the wrong type.
    """
    if not isinstance(value, dict):
        raise Damaged("a record", f"expected an object, got {type(value).__name__}")
    created = value.get("created_at") or value.get("last_activity") or now()
    fields = {
        "user_id": value.get("user_id") or NOBODY,
        "created_at": created,
        "last_activity": value.get("last_activity") or created,
    }
    if wrong := [name for name, text in fields.items() if not isinstance(text, str)]:
        raise Damaged("a record", f"{wrong[0]} is no string")
    metadata = value.get("metadata", {})
    if not isinstance(metadata, dict):
        raise Damaged("a record", "metadata is no object")
    extra = {key: value[key] for key in value if key not in _KEYS}
    return Record(
        session_id=session_id,
        is_active=value.get("is_active", True) is not False,
        metadata={**extra, **metadata},
        **fields,
    )


def scan_file(data: bytes, session_id: str) -> Scan:
    """Reads a session file, as far as it can be read.

    Raises:
        Damaged: Nothing of a session can be found in it.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        return _salvage(data, session_id, error)
    if not isinstance(value, dict) or not isinstance(value.get("history"), list):
        raise Damaged("a session file", "expected an object with a list named history")
    messages = [entry for entry in value["history"] if is_message(entry)]
    whole = len(messages) == len(value["history"])
    if "session" in value:
        record = decode_record(value["session"], session_id)
        return Scan(messages, record, _find_tail(data) if whole else None, whole)
    beside = {key: value[key] for key in value if key not in ("session_id", "history")}
    return Scan(messages, decode_record(beside, session_id) if beside else None, None, whole)


def _find_tail(data: bytes) -> int | None:
    """Where the tail begins in a file of our layout. No JSON string holds a raw line break, so only ours matches."""
    at = data.rfind(TAIL)
    return at if data.startswith(_HEAD) and at > 0 else None


def _salvage(data: bytes, session_id: str, error: Exception) -> Scan:
    """Every line that is a message, from a file that is no JSON: a torn append, or a damaged line."""
    if not data.startswith(_HEAD):
        raise Damaged("a session file", str(error)) from error
    messages: list[Message] = []
    record = None
    for line in data.split(b"\n")[1:]:
        if line.startswith(b'],"session":'):
            record = _loads_record(line[len(b'],"session":') :].rstrip(b" \x00"), session_id) or record
        elif is_message(value := _loads(line.rstrip(b","))):
            messages.append(value)
    return Scan(messages, record, None, whole=False)


def _loads(line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        return None


def _loads_record(text: bytes, session_id: str) -> Record | None:
    value = _loads(text.removesuffix(b"}"))
    return decode_record(value, session_id) if isinstance(value, dict) else None
