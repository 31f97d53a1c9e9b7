"""Values to JSON bytes and back. Pure.

Rule: what a file could not hold is refused before anything changes; what others wrote is read as generously as the
standard library reads it.
"""

import json
from collections.abc import Sequence
from typing import Any

import orjson

from persistence.errors import Damaged, NotStorable
from persistence.model import Message, Record, is_message
from persistence.settings import NO_SETTINGS

PINNED = "is_pinned"
"""The name in a record; it is there where it is true."""


def encode_json(value: Any, what: str) -> bytes:
    """The value on one line.

    Raises:
        NotStorable: A lone surrogate, an integer over 64 bits, nesting that is too deep, ….
    """
    try:
        return orjson.dumps(value)
    except orjson.JSONEncodeError as error:
        raise NotStorable(what, str(error)) from error


def encode_messages(messages: Sequence[Message]) -> list[bytes]:
    """Each message on a line of its own.

    Raises:
        NotStorable: One is no message, or not JSON.
    """
    for message in messages:
        if not is_message(message):
            raise NotStorable("a message", "expected an object with the strings role and content")
    try:
        return list(map(orjson.dumps, messages))
    except orjson.JSONEncodeError as error:
        raise NotStorable("a message", str(error)) from error


def encode_record(record: Record) -> bytes:
    """The record on one line.

    Raises:
        NotStorable: Its metadata is not JSON.
    """
    return encode_json(record_value(record), "a record")


def record_value(record: Record) -> dict[str, Any]:
    """The record as a JSON value. Of a summary, a pin, settings and what was spent it says only what there is."""
    value: dict[str, Any] = {
        "session_id": record.session_id,
        "user_id": record.user_id,
        "created_at": record.created_at,
        "last_activity": record.last_activity,
        "is_active": record.is_active,
        "metadata": record.metadata,
    }
    if summary := record.summary:
        value["summary"] = {"text": summary.text, "through": summary.through, "count": summary.count}
    if record.spent.responses:
        value["spent"] = record.spent.value()
    if record.spent_beside.responses:
        value["spent_beside"] = record.spent_beside.value()
    if record.is_pinned:
        value[PINNED] = True
    if record.settings is not NO_SETTINGS and (chosen := record.settings.value()):
        value["settings"] = chosen
    return value


def is_pin(value: Any) -> bool:
    """Whether a value under that name is ours: `true`, and nothing else."""
    return value is True


def decode_json(data: bytes, what: str) -> Any:
    """The value; a byte order mark is passed over, and half a surrogate pair is read as `?`.

    Raises:
        Damaged: It is no JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as error:
        try:
            return orjson.loads(json.dumps(json.loads(data), ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            raise Damaged(what, str(error)) from error


def can_be_kept(value: Any) -> bool:
    """Whether a file can hold it."""
    try:
        orjson.dumps(value)
    except orjson.JSONEncodeError:
        return False
    return True
