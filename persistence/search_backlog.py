"""Which sessions the search index lacks something of. Pure.

Rule: each is named once. Those from which something may have been taken away come first, then those of users who wait
for it; what was only added to gathers until it is `ripe`, since ten messages of a session cost little more than one.
"""

from collections.abc import Iterable
from itertools import islice

Changed = tuple[str, str, bool]
"""A session's id, its user's, and whether nothing has happened to its file but appends."""


class Backlog:
    """Sessions that have changed."""

    def __init__(self) -> None:
        self._rewritten: dict[str, str] = {}
        """Here and below: by session, the user."""
        self._ripe: dict[str, str] = {}
        self._gathering: dict[str, str] = {}
        self._of_user: dict[str, dict[str, None]] = {}
        """All of them, by user."""
        self._wanted: dict[str, None] = {}
        """The users who wait."""

    def __bool__(self) -> bool:
        return bool(self._of_user)

    @property
    def is_pressing(self) -> bool:
        """Whether there are some that should not gather any longer."""
        return bool(self._rewritten or self._ripe or self._wanted)

    def lacks(self, user_id: str) -> bool:
        """Whether sessions of a user are named."""
        return user_id in self._of_user

    def want(self, user_id: str) -> None:
        """A user waits for what is named of theirs."""
        if user_id in self._of_user:
            self._wanted[user_id] = None

    def note(self, session_id: str, user_id: str, *, is_added: bool) -> None:
        """A session has changed.

        Args:
            is_added: Whether nothing has happened to its file but appends.
        """
        self._note(self._gathering, session_id, user_id, is_added)

    def ripen(self) -> None:
        """What has gathered so far need not wait any longer."""
        self._ripe = {**self._ripe, **self._gathering} if self._ripe else self._gathering
        self._gathering = {}

    def take(self, limit: int) -> list[Changed]:
        """Some sessions; they are named no more. Where users wait, theirs alone, behind those that were rewritten."""
        taken = [(session_id, user_id, False) for session_id, user_id in islice(self._rewritten.items(), limit)]
        for user_id in list(self._wanted):
            mine = (one for one in self._of_user[user_id] if one not in self._rewritten)
            taken += [(session_id, user_id, True) for session_id in islice(mine, limit - len(taken))]
        if not self._wanted:
            ripe = islice(self._ripe.items(), limit - len(taken))
            taken += [(session_id, user_id, True) for session_id, user_id in ripe]
        for session_id, user_id, _ in taken:
            self._drop(session_id, user_id)
        return taken

    def put_back(self, sessions: Iterable[Changed]) -> None:
        """Names sessions again, which have gathered long enough."""
        for session_id, user_id, is_added in sessions:
            self._note(self._ripe, session_id, user_id, is_added)

    def gather(self, sessions: Iterable[Changed]) -> None:
        """Names sessions again from which nothing can have been taken away: they gather like what is added."""
        for session_id, user_id, _ in sessions:
            self._note(self._gathering, session_id, user_id, is_added=True)

    def drop_appended(self) -> None:
        """Names none any more to which something was only added."""
        self._ripe, self._gathering, self._wanted, self._of_user = {}, {}, {}, {}
        for session_id, user_id in self._rewritten.items():
            self._of_user.setdefault(user_id, {})[session_id] = None

    def clear(self) -> None:
        """Names none any more."""
        self._rewritten = {}
        self.drop_appended()

    def _note(self, appended: dict[str, str], session_id: str, user_id: str, is_added: bool) -> None:
        is_added = is_added and session_id not in self._rewritten
        places = (self._rewritten, self._ripe, self._gathering)
        before = next((there[session_id] for there in places if session_id in there), None)
        if before == user_id and (is_added or session_id in self._rewritten):
            return
        if before is not None:
            self._drop(session_id, before)
        (appended if is_added else self._rewritten)[session_id] = user_id
        self._of_user.setdefault(user_id, {})[session_id] = None

    def _drop(self, session_id: str, user_id: str) -> None:
        for there in (self._rewritten, self._ripe, self._gathering):
            there.pop(session_id, None)
        mine = self._of_user[user_id]
        del mine[session_id]
        if not mine:
            del self._of_user[user_id]
            self._wanted.pop(user_id, None)
