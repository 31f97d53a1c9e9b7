"""The sessions in memory.

Rule: a bounded number, of a bounded size, stays after use, those that were used last; and always those whose files do
not have everything yet.
"""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from persistence.branches import Branch, Tree
from persistence.disk import Stamp
from persistence.history import History
from persistence.model import Record

_LOOKS = 4
"""How many sessions are looked at to make room, each time that one is used."""


@dataclass(slots=True)
class OpenSession:
    """One session.

    Attributes:
        tail: The byte at which the next append begins; None where the file has to be written whole first: it is not
            in our layout, or somebody has changed it.
        stamp: The file's stamp when it was read or written last; None before it is first written.
        size: About how many bytes its messages take.
        branches: What is not shown.
    """

    record: Record
    history: History
    tail: int | None
    stamp: Stamp | None
    size: int
    branches: Sequence[Branch] = ()

    @property
    def tree(self) -> Tree:
        """All its messages.

        Raises:
            Damaged: One is none.
        """
        return Tree(self.history.whole(), self.branches)

    @property
    def session_id(self) -> str:
        return self.record.session_id

    def own(self, record: Record) -> Record:
        """The record, without a summary that does not stand for the beginning of this history."""
        summary = record.summary
        if summary is None or self.history.is_at(summary.count - 1, summary.through):
            return record
        return replace(record, summary=None)


class SessionCache:
    """Sessions by their ids. All plain calls.

    Args:
        sessions, size: How many may stay, and how many bytes.
        is_needed: Whether a session may not go, by its id.

    Attributes:
        bytes: About how many bytes they take.
    """

    def __init__(self, sessions: int, size: int, is_needed: Callable[[str], bool]) -> None:
        self.bytes = 0
        self._limits = sessions, size
        self._is_needed = is_needed
        self._open: OrderedDict[str, OpenSession] = OrderedDict()
        """The one that was used last at the end."""

    def __len__(self) -> int:
        return len(self._open)

    def __contains__(self, session_id: str) -> bool:
        return session_id in self._open

    def __getitem__(self, session_id: str) -> OpenSession:
        return self._open[session_id]

    def get(self, session_id: str) -> OpenSession | None:
        """The session, if it is here."""
        return self._open.get(session_id)

    def keep(self, session: OpenSession, *, grown: int = 0) -> None:
        """Keeps a session that was used now, in the place of what was known of it.

        Args:
            grown: By how many bytes it is larger than before.
        """
        session_id = session.session_id
        session.size += grown
        before = self._open.get(session_id)
        if before is session:
            self.bytes += grown
        else:
            self.bytes += session.size - (before.size if before else 0)
            self._open[session_id] = session
        self._open.move_to_end(session_id)
        self._make_room(session_id)

    def forget(self, session_id: str) -> None:
        """Lets go of a session."""
        if session := self._open.pop(session_id, None):
            self.bytes -= session.size

    def _make_room(self, newest: str) -> None:
        """Lets go of what was not used for longest, a few at a time; what is needed goes to the end instead."""
        sessions, size = self._limits
        for _ in range(_LOOKS):
            if len(self._open) <= sessions and self.bytes <= size:
                return
            if (oldest := next(iter(self._open))) == newest:
                return
            if self._is_needed(oldest):
                self._open.move_to_end(oldest)
            else:
                self.forget(oldest)
