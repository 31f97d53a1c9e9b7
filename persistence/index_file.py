"""The bytes of `sessions.json`. Pure.

Rule: `{session_id: record, …}`, one session a line; derived from the session files and disposable.
Source: FORMAT.md, "The index".
"""

from collections.abc import Iterable, Iterator
from itertools import islice

import orjson

from persistence.errors import Damaged
from persistence.model import Record, is_session_id
from persistence.session_file import decode_record


def encode_index(records: Iterable[Record], *, per_chunk: int = 500) -> Iterator[bytes]:
    """The file in chunks, each small enough not to hold the event loop."""
    lines = (orjson.dumps(record.session_id) + b":" + orjson.dumps(record) for record in records)
    ahead = b"{\n"
    while chunk := b",\n".join(islice(lines, per_chunk)):
        yield ahead + chunk
        ahead = b",\n"
    yield b"{}\n" if ahead == b"{\n" else b"\n}\n"


def decode_index(data: bytes) -> dict[str, Record]:
    """The records by session id, from our file or a plain old one.

    Raises:
        Damaged: It is not an object of records by session id.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise Damaged("an index", str(error)) from error
    if not isinstance(value, dict) or not all(map(is_session_id, value)):
        raise Damaged("an index", "expected an object of records by session id")
    return {session_id: decode_record(record, session_id) for session_id, record in value.items()}
