"""The bytes of `sessions.json`. Pure.

Rule: `{session_id: record, …}`, one session a line; derived from the session files and disposable.
Source: FORMAT.md, "The index".
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

from persistence.errors import Damaged
from persistence.json_bytes import decode_json, encode_json
from persistence.model import Record, is_session_id
from persistence.record_json import decode_record


def encode_index(records: Iterable[Record], *, per_chunk: int = 500) -> Iterator[bytes]:
    """The file in chunks, each small enough not to hold the event loop."""
    lines = (_encode_line(record) for record in records)
    ahead = b"{\n"
    while chunk := b",\n".join(islice(lines, per_chunk)):
        yield ahead + chunk
        ahead = b",\n"
    yield b"{}\n" if ahead == b"{\n" else b"\n}\n"


def decode_index(data: bytes, changed_at: Mapping[str, float] | None = None) -> tuple[dict[str, Record], list[str]]:
    """The records by session id, from our file or a plain old one, and the keys whose values are none.

    Args:
        changed_at: By session id, when its file was changed (seconds since the epoch): for records without a time.

    Raises:
        Damaged: It is no JSON object.
    """
    value = decode_json(data, "an index")
    if not isinstance(value, dict):
        raise Damaged("an index", "expected an object of records by session id")
    bad = [key for key, record in value.items() if not (is_session_id(key) and isinstance(record, dict))]
    for key in bad:
        del value[key]
    times = changed_at or {}
    return {key: decode_record(record, key, None, times.get(key)) for key, record in value.items()}, bad


def _encode_line(record: Record) -> bytes:
    return encode_json(record.session_id, "a session id") + b":" + encode_json(record, "a record")
