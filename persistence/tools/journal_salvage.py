"""What can be carried out of a damaged journal.

Rule: an entry is an instruction for bytes, and may only be carried out again if all that come behind it are, too. Where
some are lost, a file may have more than the entries that are left. So they are taken as what they tell, messages and
records, and brought together with what the files hold: nothing that stands in either of them goes.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import orjson

from persistence.branches import Tree
from persistence.errors import Damaged
from persistence.history import decode_line
from persistence.journal_entry import Append, Base, Checkpoint, Delete, Entry, Memory, Put, decode_entry
from persistence.journal_line import encode_line, valid_lines
from persistence.json_bytes import encode_messages, encode_record
from persistence.model import Message, Record
from persistence.replay import Replay
from persistence.session_file import Scan, branches_json, scan_file


@dataclass(slots=True)
class SessionTold:
    """What the entries that are left tell of one session.

    Attributes:
        record: The last one; None where the session was deleted.
        whole: What the file held when it was last written whole; None where that is not among the entries.
        added: Those that were added since.
    """

    record: Record | None = None
    whole: Tree | None = None
    added: list[Message] = field(default_factory=list)

    def tell(self, entry: Put | Append) -> None:
        """Adds an entry."""
        messages = [decode_line(line) for line in entry.lines]
        if isinstance(entry, Put):
            self.whole, self.added = Tree(messages, entry.decoded_branches()), []
        else:
            self.added += messages
        self.record = entry.record

    def merged(self, found: Scan | None) -> Tree | None:
        """The session's messages, from what is told and what its file holds; None where neither has its beginning."""
        theirs = Tree(found.messages, found.branches) if found else None
        if found and self.record and found.whole and found.record.last_activity > self.record.last_activity:
            return theirs
        if self.whole is not None and (theirs is None or not _begins(theirs, self.whole)):
            return Tree([*self.whole.history, *self.added], self.whole.branches)
        if theirs is None:
            return None
        known = set(map(_identity, theirs.messages()))
        new = [message for message in self.added if _identity(message) not in known]
        return Tree([*theirs.history, *new], theirs.branches)


@dataclass(slots=True)
class Salvage:
    """What is left of a journal.

    Attributes:
        next_number: Behind every entry that was seen.
        lost: The numbers of the entries that are missing between others, as ranges.
        total: The entries that are left, added up: its `running` and `adopted` hold, its changes do not.
    """

    next_number: int
    lost: list[range]
    sessions: dict[str, SessionTold]
    memories: dict[str, Memory]
    total: Replay


def salvage(segments: Mapping[int, bytes]) -> Salvage:
    """Reads the segments of a damaged journal.

    Args:
        segments: By the number with which each begins, as its name says.

    Raises:
        KeyError, TypeError, ValueError, PersistenceError: An entry is whole, but none of this version's.
    """
    lines = {line.number: line for first in sorted(segments) for line in valid_lines(segments[first])}
    entries = {number: decode_entry(lines[number].value) for number in sorted(lines)}
    left = Salvage(max([*entries, *segments], default=0) + 1, [], {}, {}, Replay())
    expected = _first_that_counts(segments, entries.values())
    for number, entry in entries.items():
        if number >= expected:
            if number > expected:
                left.lost.append(range(expected, number))
            expected = number + 1
            _tell(left, entry)
    return left


def _first_that_counts(segments: Iterable[int], entries: Iterable[Entry]) -> int:
    """The number of the first entry that counts. Segments that are gone were dropped, whether or not it is said."""
    said = max((entry.first for entry in entries if isinstance(entry, Base | Checkpoint)), default=1)
    return min((first for first in segments if first >= said), default=said)


def mended_segment(left: Salvage, entries: Iterable[Put | Delete | Memory]) -> bytes:
    """A segment that says all that is left, in the place of those that were damaged."""
    first, total = left.next_number, left.total
    base = Base(first, list(total.running.values()), total.adopted)
    bodies = [base.encode(), *(entry.encode() for entry in entries)]
    return b"".join(encode_line(number, number - 1, body) for number, body in enumerate(bodies, first))


def mended_session(session_id: str, told: SessionTold, data: bytes | None) -> tuple[Put | Delete | None, bool]:
    """The entry that brings a session to what is known of it, and whether its file holds something that goes.

    None where the beginning of the session is not among what is left.
    """
    if told.record is None:
        return Delete(session_id, None), False
    try:
        found = scan_file(data, session_id, told.record) if data is not None else None
    except Damaged:
        found = None
    if (tree := told.merged(found)) is None:
        return None, data is not None
    record = max((told.record, found.record if found else told.record), key=lambda one: one.last_activity)
    goes = data is not None and (found is None or not found.whole or Tree(found.messages, found.branches) != tree)
    lines, branches = encode_messages(tree.history), branches_json(tree.branches)
    return Put(record, encode_record(record), lines, branches), goes


def _tell(left: Salvage, entry: Entry) -> None:
    left.total.add(entry)
    match entry:
        case Put() | Append():
            left.sessions.setdefault(entry.record.session_id, SessionTold()).tell(entry)
        case Delete(session_id, memory):
            left.sessions[session_id] = SessionTold()
            if memory:
                left.memories[memory.user_id] = memory
        case Memory(user_id):
            left.memories[user_id] = entry
        case _:
            pass


def _begins(tree: Tree, whole: Tree) -> bool:
    """Whether the one is the other, and perhaps messages behind it."""
    return list(tree.history[: len(whole.history)]) == whole.history and list(tree.branches) == list(whole.branches)


def _identity(message: Message) -> bytes:
    """What makes a message the same one in two places: its id, or all of it."""
    return orjson.dumps(message.get("id") or message, option=orjson.OPT_SORT_KEYS)
