"""Values to JSON bytes and back. Pure.

Rule: what a file could not hold is refused before anything changes; what others wrote is read as generously as the
standard library reads it.
"""

import json
from collections.abc import Sequence
from typing import Any

import orjson

from persistence.errors import Damaged, NotStorable
from persistence.model import Message, is_message


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
    return [encode_json(message, "a message") for message in messages]


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
