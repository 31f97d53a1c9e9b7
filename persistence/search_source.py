"""What of a session file is searched. Pure.

Rule: all messages that say something, whoever wrote them, those of other paths too. It follows from the file's bytes
alone, and what follows from an append alone is the same as what follows from the whole file.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from persistence.branches import Tree, with_ids
from persistence.errors import Damaged
from persistence.history import decode_line
from persistence.model import Message, Record, message_id
from persistence.search_hits import Place
from persistence.search_words import searchable
from persistence.session_file import Lines, cutting, read_tail, scan_file

T = TypeVar("T")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_CLOSE_US = 1_000_000
_LATEST_US = (1 << 53) - 1
"""Times are taken between 1970 and the year 2255: 53 bits of microseconds."""

Step = Callable[[], object]
"""Is called between two messages, so that a thread can stand back there."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A message as it is searched."""

    place: Place
    role: str
    text: str


@dataclass(frozen=True, slots=True)
class Source:
    """What a session file says, or its new end.

    Attributes:
        entries: What is searched; of an end, what is new.
        tail: The byte at which the next append begins; None where the file will be written anew before.
        count: How many messages the history has.
        last_us: The time of the last of them.
    """

    user_id: str
    entries: Sequence[Entry]
    tail: int | None
    count: int
    last_us: int


def read_source(data: bytes, known: Record, step: Step = lambda: None) -> Source | None:
    """What a whole file says; None where it cannot be read.

    Args:
        known: The session's record, for what the file does not say of it.
    """
    session_id = known.session_id
    try:
        if cut := _cut(data, session_id, step):
            history = [decode_line(line) for line in _stepping(cut.lines, step)]
            return _source(cut.record, Tree(history, cut.branches), cut.tail, step)
    except Damaged:
        pass  # A line is no message: what can be read besides is found below.
    try:
        scan = scan_file(data, session_id, known)
    except Damaged:
        return None
    return _source(scan.record, Tree(scan.messages, scan.branches), None, step)


def read_added(end: bytes, session_id: str, before: Source, step: Step = lambda: None) -> Source | None:
    """What has come with appends; None where that cannot be told, and the whole file has to be read.

    Args:
        end: The file's bytes from `before.tail` on.
        before: What the file said then.
    """
    tail_at = end.rfind(b"\n", 0, -1)
    record = read_tail(end[tail_at:], session_id) if tail_at >= 0 else None
    if record is None or record.user_id != before.user_id:
        return None
    first, *lines = end[:tail_at].split(b"\n")
    if first != (b"," if before.count and lines else b"") or not all(line.endswith(b",") for line in lines[:-1]):
        return None
    try:
        messages = [decode_line(line) for line in _stepping(lines, step)]
    except Damaged:
        return None
    timed = list(_stepping(_timed(messages, record, before.last_us if before.count else None), step))
    entries = _entries(session_id, timed, before.count)
    last_us = timed[-1][1] if timed else before.last_us
    return Source(record.user_id, list(entries), (before.tail or 0) + tail_at, before.count + len(timed), last_us)


def microseconds(at: object) -> int | None:
    """A time in microseconds since the epoch; None where it is none. Without a zone it is UTC."""
    if not isinstance(at, str):
        return None
    try:
        moment = datetime.fromisoformat(at)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return min(max((moment - _EPOCH) // _MICROSECOND, 0), _LATEST_US)
    except (ValueError, OverflowError):
        return None


def entries_of(record: Record, tree: Tree) -> list[Entry]:
    """What is searched of a session."""
    return list(_source(record, tree, None, lambda: None).entries)


def _source(record: Record, tree: Tree, tail: int | None, step: Step) -> Source:
    tree = with_ids(tree) if tree.branches else tree
    found: list[Entry] = []
    last_us = 0
    for number, run in enumerate((tree.history, *(branch.messages for branch in tree.branches))):
        timed = list(_stepping(_timed(run, record, None), step))
        if number == 0 and timed:
            last_us = timed[-1][1]
        found += _stepping(_entries(record.session_id, timed, 0), step)
    return Source(record.user_id, found, tail, len(tree.history), last_us)


def _cut(data: bytes, session_id: str, step: Step) -> Lines | None:
    steps = cutting(data, session_id)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            cut: Lines | None = end.value
            return cut
        step()


def _stepping(many: Iterable[T], step: Step) -> Iterator[T]:
    for one in many:
        step()
        yield one


def _timed(messages: Iterable[Message], record: Record, before_us: int | None) -> Iterator[tuple[Message, int]]:
    """Messages with their times.

    One without a time, or with that of the one before it, comes a microsecond behind that one: so a conversation of
    which nobody has written down the times, or only one for all, is in order.
    """
    for message in messages:
        at_us = microseconds(message.get("created_at"))
        if before_us is None:
            at_us = at_us if at_us is not None else microseconds(record.created_at) or 0
        elif at_us is None or before_us - _CLOSE_US <= at_us <= before_us:
            at_us = min(before_us + 1, _LATEST_US)
        yield message, at_us
        before_us = at_us


def _entries(session_id: str, timed: Iterable[tuple[Message, int]], first: int) -> Iterator[Entry]:
    for position, (message, at_us) in enumerate(timed, first):
        if message["content"]:
            place = Place(at_us, session_id, str(message_id(message, position)))
            yield Entry(place, message["role"], searchable(message["content"]))
