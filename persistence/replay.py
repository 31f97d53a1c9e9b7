"""What a journal says, added up. Pure.

Rule: only entries from the last base on count. Carrying out the sum, once or again, brings the files to where the
journal ends, whatever of it they had already.
"""

from collections.abc import Iterable

from persistence.answer import Parts, answered_responses, new_draft, owed_by
from persistence.branches import Tree
from persistence.errors import JournalDamaged, PersistenceError
from persistence.file_change import Change, merge
from persistence.history import decode_line
from persistence.journal_entry import Append, Base, Checkpoint, Delete, Entry, Memory, Part, Pieces, Put, decode_entry
from persistence.journal_line import Line
from persistence.model import Message, Record


class Replay:
    """The sum of entries.

    Attributes:
        changes: By file name, what becomes of it.
        records: By session id, its record; None where it is deleted.
        messages: By session id, the messages that were appended since the file was last written whole.
        running: What was written of answers that were running at the end.
        adopted: False where there is no journal yet, or a first start on what came from elsewhere was cut short.
        next_number: Behind the last entry.
        count: How many entries counted.
    """

    def __init__(self, *, adopted: bool = True) -> None:
        self.changes: dict[str, Change] = {}
        self.records: dict[str, Record | None] = {}
        self.messages: dict[str, list[Message]] = {}
        self.running: dict[tuple[str, str], Parts] = {}
        self.adopted = adopted
        self.next_number = 1
        self.count = 0

    def add(self, entry: Entry) -> None:
        """Adds an entry."""
        match entry:
            case Put() | Append():
                self._add_session(entry)
            case Delete(session_id):
                self.records[session_id] = None
                self.messages.pop(session_id, None)
                self.running = {key: parts for key, parts in self.running.items() if key[0] != session_id}
            case Pieces(parts):
                for part in parts:
                    self._add_part(part)
            case Base(_, running, adopted):
                self.running = {parts.key: parts for parts in running}
                self.adopted = adopted
            case Memory() | Checkpoint():
                pass
        if not isinstance(entry, Pieces | Base | Checkpoint):
            for name, change in entry.changes():
                merge(self.changes, name, change)

    def _add_session(self, entry: Put | Append) -> None:
        session_id = entry.record.session_id
        messages = [decode_line(line) for line in entry.lines]
        self.records[session_id] = entry.record
        if isinstance(entry, Append):
            self.messages.setdefault(session_id, []).extend(messages)
        else:
            self.messages[session_id] = []
        tree = Tree(messages, entry.decoded_branches() if isinstance(entry, Put) else ())
        for response_id in answered_responses(tree.messages()):
            self.running.pop((session_id, response_id), None)
        if owed := owed_by(tree):
            self.running.setdefault((session_id, owed), Parts(session_id, new_draft(owed), ""))
        if isinstance(entry, Put) and entry.begun:
            self._add_part(entry.begun)

    def _add_part(self, part: Part) -> None:
        """Adds a piece of an answer; one of a session that was deleted before is nothing to anybody."""
        session_id, response_id = part.session_id, part.response_id
        if session_id in self.records and self.records[session_id] is None:
            return
        before = self.running.get((session_id, response_id))
        draft = part.draft or (before.draft if before else new_draft(response_id))
        begun = Parts(session_id, draft, before.text if before else "", before.reasoning if before else "")
        self.running[session_id, response_id] = begun.followed_by(part.text, part.reasoning)


def first_that_counts(lines: Iterable[Line]) -> int:
    """The number of the first entry that counts, from the newest segment.

    Raises:
        JournalDamaged: An entry is none of this version's, or none of them says it.
    """
    entries = [_decode(line) for line in lines if line.value.get("op") in (Base.op, Checkpoint.op)]
    if not entries:
        raise JournalDamaged("its newest segment", 0, "expected to find which entry is the first that counts")
    return max(entry.first for entry in entries if isinstance(entry, Base | Checkpoint))


def replay(lines: Iterable[Line], first: int) -> Replay:
    """Adds up lines, which must be there without a gap from the first that counts.

    Raises:
        JournalDamaged: One is missing, or none of this version's.
    """
    total = Replay()
    total.next_number = first
    for line in lines:
        if line.number != total.next_number:
            raise JournalDamaged("its segments", 0, f"expected entry {total.next_number}, found {line.number}")
        total.add(entry := _decode(line))
        total.next_number += 1
        total.count += not isinstance(entry, Base | Checkpoint)
    return total


def _decode(line: Line) -> Entry:
    try:
        return decode_entry(line.value)
    except (KeyError, TypeError, ValueError, PersistenceError) as error:
        raise JournalDamaged("its segments", 0, f"entry {line.number} is none of this version's: {error}") from error
