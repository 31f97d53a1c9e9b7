"""The bytes of `sessions.json`. Pure.

Rule: `{session_id: record, …}`, one session a line; derived from the session files and disposable. It is written and
read in portions, each small enough not to hold the event loop.

Source: FORMAT.md, "The index".
"""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from itertools import islice

import msgspec

from persistence.errors import Damaged
from persistence.json_bytes import PINNED, can_be_kept, decode_json, encode_json, encode_record, is_pin
from persistence.model import Record, is_session_id
from persistence.record_json import decode_record
from persistence.spending import NOTHING_SPENT, is_spent

_PORTION_BYTES = 32 << 10
_PORTION = 500
_HEAD, _BETWEEN, _END = b"{\n", b",\n", b"\n}\n"
_SPENT = ("spent", "spent_beside")
"""Where an older program has put what was spent in the metadata, under these names."""
_MOVED = frozenset((*_SPENT, PINNED))
_DECODER = msgspec.json.Decoder(dict[str, Record])


def encode_index(records: Iterable[Record], *, per_chunk: int = _PORTION) -> Iterator[bytes]:
    """The file in portions."""
    lines = (_encode_line(record) for record in records)
    ahead = _HEAD
    while chunk := _BETWEEN.join(islice(lines, per_chunk)):
        yield ahead + chunk
        ahead = _BETWEEN
    yield b"{}\n" if ahead == _HEAD else _END


def index_portions(data: bytes) -> Iterator[bytes]:
    """Our file in portions, each a JSON object.

    Raises:
        Damaged: It is not in our layout.
    """
    if not data.startswith(_HEAD) or not data.endswith(_END):
        raise Damaged("an index of ours", "expected a session a line")
    at, last = len(_HEAD), len(data) - len(_END)
    while at < last:
        end = data.find(_BETWEEN, at + _PORTION_BYTES, last)
        end = last if end < 0 else end
        yield b"{" + data[at:end] + b"}"
        at = end + len(_BETWEEN)


def decode_portion(portion: bytes) -> list[Record]:
    """The records in a portion of our file.

    Raises:
        Damaged: They are not as this program writes them.
    """
    try:
        records = _DECODER.decode(portion)
        for key, record in records.items():
            if key != record.session_id:
                raise Damaged("an index", f"the record of {key!r} is another one's")
            datetime.fromisoformat(record.created_at), datetime.fromisoformat(record.last_activity)
            if record.spent is not NOTHING_SPENT or record.spent_beside is not NOTHING_SPENT:
                _check_spent(record)
            if record.metadata:
                _check_metadata(record)
    except (msgspec.MsgspecError, ValueError) as error:
        raise Damaged("an index", str(error)) from error
    return list(records.values())


def _check_spent(record: Record) -> None:
    if not all(one is NOTHING_SPENT or one.is_sound for one in (record.spent, record.spent_beside)):
        raise Damaged("an index", f"the record of {record.session_id!r} does not say as we do what was spent")


def _check_metadata(record: Record) -> None:
    metadata = record.metadata
    if not can_be_kept(metadata):
        raise Damaged("an index", f"the record of {record.session_id!r} holds what JSON cannot")
    if _MOVED.isdisjoint(metadata):
        return
    if any(is_spent(metadata.get(name)) for name in _SPENT):
        raise Damaged("an index", f"the record of {record.session_id!r} does not say as we do what was spent")
    if is_pin(metadata.get(PINNED)):
        raise Damaged("an index", f"the record of {record.session_id!r} has its pin where an older program has put it")


def decode_index(
    data: bytes, changed_at: Mapping[str, float | None] | None = None
) -> tuple[dict[str, Record], list[str]]:
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
    return encode_json(record.session_id, "a session id") + b":" + encode_record(record)
