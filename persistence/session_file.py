"""The bytes of a session file. Pure.

Rule: one JSON object, one message a line, the record last, so that an append overwrites only the tail:

    {"session_id":"abc123","history":[
    {"role":"user","content":"Hello"},
    {"role":"assistant","content":"Hi!"}
    ],"session":{…}}

Branches stand on the first line, ahead of the history, so that each message of the history is preceded by the only
kind of line break that there is.
Source: FORMAT.md, "A session file".
"""

import json
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from persistence.branch_json import decode_branches, encode_branches, salvage_branches
from persistence.branches import Branch
from persistence.errors import Damaged, NotStorable
from persistence.json_bytes import decode_json, encode_json, encode_messages, encode_record
from persistence.model import Message, Record
from persistence.record_json import decode_record

_HEAD = b'{"session_id":'
_BRANCHES = b',"branches":'
_HISTORY = b',"history":['
_TAIL = b'\n],"session":'
_SEPARATOR = b",\n"
_PORTION_BYTES = 512 << 10
_DECODER = json.JSONDecoder()
_NAMES = {"session_id", "branches", "history", "session"}


@dataclass(frozen=True, slots=True)
class Scan:
    """What a session file holds.

    Attributes:
        messages: The history, oldest first.
        tail: The byte at which the next append begins; None where the file is not in our layout (the plain old form,
            or a person's edit) and has to be rewritten before it can be appended to.
        has_record: Whether the record stands in the file (not so in the plain old form).
        whole: False where entries had to be left out, or the end was missing.
        branches: What is not shown.
    """

    record: Record
    messages: list[Message]
    tail: int | None
    has_record: bool = True
    whole: bool = True
    branches: Sequence[Branch] = ()


@dataclass(frozen=True, slots=True)
class Lines:
    """A session file in our layout, cut into its lines without looking into them.

    Attributes:
        lines: The messages, encoded, each but the last with its comma.
        tail: The byte at which the next append begins.
        branches: What is not shown, decoded.
    """

    record: Record
    lines: list[bytes]
    tail: int
    branches: Sequence[Branch] = ()


def encode_file(record: Record, messages: Sequence[Message], branches: Sequence[Branch] = ()) -> tuple[bytes, int]:
    """The whole file, and the byte at which the next append begins."""
    before_tail = file_head(record.session_id, branches_json(branches)) + append_body(encode_messages(messages), 0)
    return before_tail + file_tail(encode_record(record)), len(before_tail)


def branches_json(branches: Sequence[Branch]) -> bytes:
    """The branches, encoded; nothing where there are none."""
    return encode_branches(branches) if branches else b""


def file_head(session_id: str, branches: bytes = b"") -> bytes:
    """The first line, without its end.

    Args:
        branches: All of them, encoded; empty where there are none.
    """
    return _HEAD + encode_json(session_id, "a session id") + (branches and _BRANCHES + branches) + _HISTORY


def append_body(lines: Sequence[bytes], count: int) -> bytes:
    """What an append puts ahead of the new tail.

    Args:
        count: How many messages there are already.
    """
    return (_SEPARATOR if count else b"\n") + _SEPARATOR.join(lines) if lines else b""


def file_tail(record_json: bytes) -> bytes:
    """The end of the file: the history's bracket and the record."""
    return _TAIL + record_json + b"}\n"


def same_session(record: Record, session_id: str) -> Record:
    """The record, if it may stand in this session's file.

    Raises:
        NotStorable: It is another session's.
    """
    if record.session_id != session_id:
        raise NotStorable("a record", f"its session id is {record.session_id!r} instead of {session_id!r}")
    return record


def cut_file(data: bytes, session_id: str) -> Lines | None:
    """Cuts a session file into lines; None where it is not in our layout and has to be read whole."""
    steps = cutting(data, session_id)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            lines: Lines | None = end.value
            return lines


def cutting(data: bytes, session_id: str) -> Generator[None, None, Lines | None]:
    """`cut_file`, a portion at each step.

    Between the head and the tail each line break ends a message, since none stands raw in a JSON string. Whether each
    line is a message is seen when it is decoded.
    """
    head_ends, tail_at = data.find(b"\n"), data.rfind(b"\n", 0, -1)
    if tail_at < max(head_ends, 0) or not data.endswith(b"\n"):
        return None
    branches = _read_head(data[:head_ends], session_id)
    record = read_tail(data[tail_at:], session_id)
    if branches is None or record is None:
        return None
    lines: list[bytes] = []
    ends: list[bytes] = []
    for some in _line_portions(data, head_ends + 1, tail_at):
        if lines:
            yield
        lines += some
        ends += (line for line in some if not line.endswith(b","))
    return Lines(record, lines, tail_at, branches) if ends == lines[-1:] else None


def _read_head(line: bytes, session_id: str) -> Sequence[Branch] | None:
    """The branches on a file's first line; None where it is not in our layout."""
    start = _HEAD + encode_json(session_id, "a session id")
    if line == start + _HISTORY:
        return ()
    start += _BRANCHES
    if not line.startswith(start) or not line.endswith(_HISTORY):
        return None
    try:
        branches, whole = decode_branches(decode_json(line[len(start) : -len(_HISTORY)], "branches"))
    except Damaged:
        return None
    return branches if whole and branches else None


def _line_portions(data: bytes, at: int, end: int) -> Iterator[list[bytes]]:
    """The lines between two places of a file; none where the second is ahead of the first."""
    while at <= end:
        cut = data.find(b"\n", min(at + _PORTION_BYTES, end), end)
        cut = end if cut < 0 else cut
        yield data[at:cut].split(b"\n")
        at = cut + 1


def read_tail(data: bytes, session_id: str) -> Record | None:
    """The record at a file's end, from its last bytes; None where they do not hold it."""
    _, found, rest = data.rpartition(_TAIL)
    rest = rest.rstrip(b" \n")
    if not found or not rest.endswith(b"}"):
        return None
    try:
        return decode_record(decode_json(rest[:-1], "a record"), session_id)
    except Damaged:
        return None


def scan_file(data: bytes, session_id: str, known: Record | None = None) -> Scan:
    """Reads a session file, as far as it can be read.

    Args:
        known: The record, for what the file does not say of it.

    Raises:
        Damaged: Nothing of a session can be found in it.
    """
    try:
        value = decode_json(data, "a session file")
    except Damaged:
        if data.startswith(_HEAD) or _TAIL in data:
            return _salvage(data, session_id, known)
        raise
    if not isinstance(value, dict) or not isinstance(value.get("history"), list):
        if _TAIL in data and (left := _salvage(data, session_id, known)).messages:
            return left
        raise Damaged("a session file", "expected an object with a list named history")
    messages, lines = _storable(value["history"])
    branches, branches_whole = decode_branches(value.get("branches", []))
    whole = branches_whole and len(messages) == len(value["history"])
    in_file = value.get("session")
    beside = {key: value[key] for key in value if key not in _NAMES}
    record = decode_record({**beside, **(in_file if isinstance(in_file, dict) else {})}, session_id, known)
    before_tail = file_head(session_id, branches_json(branches)) + append_body(lines, 0)
    ours = whole and not beside and "session" in value and data.startswith(before_tail + _TAIL)
    return Scan(record, messages, len(before_tail) if ours else None, isinstance(in_file, dict), whole, branches)


def _storable(entries: Iterable[Any]) -> tuple[list[Message], list[bytes]]:
    """The entries that are messages, and how we write them."""
    messages: list[Message] = []
    lines: list[bytes] = []
    for entry in entries:
        try:
            lines += encode_messages([entry])
        except NotStorable:
            continue
        messages.append(entry)
    return messages, lines


def _salvage(data: bytes, session_id: str, known: Record | None) -> Scan:
    """Every line that begins with a message, from a file that is no JSON: a torn append, or a damaged line.

    Where a tear was, an old tail or its rest may follow on the same line; a brace there shows that the line itself was
    torn, and that what looks like a message is made of two pieces.
    """
    entries = []
    record = known or Record.unknown(session_id)
    first, *lines = data.decode("utf-8", "surrogateescape").split("\n")
    for line in lines:
        entry, rest = _first_value(line)
        rest = rest.strip(", \0")
        if rest.startswith('],"session":'):
            value, _ = _first_value(rest.removeprefix('],"session":'))
            record = decode_record(value, session_id, known) if isinstance(value, dict) else record
        if not rest.startswith("}"):
            entries.append(entry)
    return Scan(record, _storable(entries)[0], None, whole=False, branches=salvage_branches(first))


def _first_value(text: str) -> tuple[Any, str]:
    """The JSON value with which a text begins, and what follows it."""
    try:
        value, end = _DECODER.raw_decode(text)
    except (ValueError, RecursionError):
        return None, text
    return value, text[end:]
