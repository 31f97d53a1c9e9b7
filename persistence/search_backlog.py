"""Which sessions the search index lacks something of. Pure.

Rule: each is named once, in the order in which it changed; those from which something may have been taken away come
before those to which something was added.
"""

from collections.abc import Iterable
from itertools import islice


class Backlog:
    """Sessions that have changed."""

    def __init__(self) -> None:
        self._rewritten: dict[str, None] = {}
        self._appended: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._rewritten or self._appended)

    def note(self, session_id: str, *, is_added: bool) -> None:
        """A session has changed.

        Args:
            is_added: Whether nothing has happened to its file but appends.
        """
        if not is_added:
            self._rewritten[session_id] = None
            self._appended.pop(session_id, None)
        elif session_id not in self._rewritten:
            self._appended[session_id] = None

    def take(self, limit: int) -> list[tuple[str, bool]]:
        """Some sessions, each with whether something was only added to it; they are named no more."""
        taken = [(session_id, False) for session_id in islice(self._rewritten, limit)]
        taken += [(session_id, True) for session_id in islice(self._appended, limit - len(taken))]
        for session_id, is_added in taken:
            del (self._appended if is_added else self._rewritten)[session_id]
        return taken

    def put_back(self, sessions: Iterable[tuple[str, bool]]) -> None:
        """Names sessions again."""
        for session_id, is_added in sessions:
            self.note(session_id, is_added=is_added)

    def drop_appended(self) -> None:
        """Names none any more to which something was only added."""
        self._appended = {}

    def clear(self) -> None:
        """Names none any more."""
        self._rewritten, self._appended = {}, {}
