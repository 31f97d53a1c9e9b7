"""Reading sessions: settled, mended where possible, and no more of them decoded than is asked for.

Rule: whoever calls holds the session's lock. Where the disk refuses to have a session mended or settled, it is read as
it is, and shown as it will be.
"""

import logging
from collections.abc import Mapping, Sequence

from persistence.branches import Branch, Tree, alternatives
from persistence.errors import Damaged, MessageNotFound, SessionNotFound, StorageError, StorageReadOnly
from persistence.history import History
from persistence.model import Message, Page, Record, message_id, with_name
from persistence.open_sessions import OpenSessions
from persistence.owed_answers import OwedAnswers
from persistence.session_cache import OpenSession
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)


class SessionReader:
    """Loads sessions for whoever reads or changes them."""

    def __init__(self, sessions: OpenSessions, index: SessionIndex, owed: OwedAnswers) -> None:
        self._sessions = sessions
        self._index = index
        self._owed = owed

    async def tree(self, session_id: str) -> Tree:
        """All messages."""
        session = await self.look(session_id)
        try:
            await self._sessions.decode(session)
        except Damaged:
            session = await self.look(session_id, whole=True)
        messages = session.history.as_now(self._owed.unsettled(session))
        return Tree(messages, session.branches, session.history.sent)

    async def page(self, session_id: str, limit: int, after: str | None, newest_first: bool) -> Page:
        """Some messages, with their positions.

        Raises:
            MessageNotFound: There is no message `after`.
        """
        session = await self.look(session_id)
        try:
            return self._page(session, limit, after, newest_first)
        except Damaged:
            return self._page(await self.look(session_id, whole=True), limit, after, newest_first)

    async def look(self, session_id: str, *, whole: bool = False) -> OpenSession:
        """The session to read."""
        if self._sessions.can_write:
            try:
                return await self.load(session_id, whole=whole)
            except StorageReadOnly:
                raise
            except StorageError as error:
                _log.error("session %s is read as it is: %s", session_id, error)
        return await self.load(session_id, mend=False, whole=whole)

    async def load(self, session_id: str, *, mend: bool = True, whole: bool = False) -> OpenSession:
        """The session; an answer that nobody is writing any more is settled.

        Args:
            mend: Whether anything may be written for this.
            whole: Whether every message is looked at in its file.
        """
        known = self._index.get(session_id)
        try:
            session = await self._sessions.load(session_id, known, mend=mend, whole=whole)
        except SessionNotFound:
            self._index.drop(session_id)
            raise
        self._note(session, known)
        if mend:
            try:
                await self._owed.settle_owed(session)
            except Damaged:
                return await self.load(session_id, whole=True)
            self._note(session, known)
        return session

    def _note(self, session: OpenSession, known: Record) -> None:
        if session.record != known:
            self._index.put(session.record)

    def _page(self, session: OpenSession, limit: int, after: str | None, newest_first: bool) -> Page:
        history, unsettled = session.history, self._owed.unsettled(session)
        positions = range(len(history) + len(unsettled))
        if newest_first:
            positions = positions[::-1]
        if after is not None:
            at = history.position(after)
            if at is None and unsettled and message_id(unsettled[0], len(history)) == after:
                at = len(history)
            if at is None:
                raise MessageNotFound(after)
            positions = positions[positions.index(at) + 1 :]
        shown = positions[:limit]
        found = dict([*history.page([at for at in shown if at < len(history)]), *enumerate(unsettled, len(history))])
        others = _alternatives(history, session.branches, found) if session.branches else {}
        return Page([(at, found[at]) for at in shown], len(positions) > limit, others)


def _alternatives(
    history: History, branches: Sequence[Branch], found: Mapping[int, Message]
) -> Mapping[str, Sequence[str]]:
    """Those of some messages of a history, by their positions; only the messages before them are looked at too."""
    before = dict(history.page([at - 1 for at in found if at]))
    ids = {at: str(message_id(message, at)) for at, message in before.items()}
    return alternatives(branches, {ids.get(at - 1): with_name(message, at) for at, message in found.items()})
