"""What somebody else does to the session files while we have them.

Rule: an edit that can be read is kept, and so is every message that was acknowledged: what waits for the file goes
behind what the edit has made of it. A file that was removed does not come back.
"""

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Iterable
from itertools import islice
from pathlib import Path
from typing import Any

from persistence.changes import Changes
from persistence.disk import Stamp
from persistence.errors import PersistenceError, SessionNotFound
from persistence.files import Files
from persistence.listing import changed_since
from persistence.model import session_id_of
from persistence.open_sessions import OpenSessions
from persistence.session_index import SessionIndex

_log = logging.getLogger(__name__)

_FILES_AT_ONCE = 128

Look = Callable[[str], Awaitable[Any]]


class OutsideEdits:
    """The owner of the files that are folded (`folding.Owner`)."""

    def __init__(
        self, folder: Path, files: Files, sessions: OpenSessions, index: SessionIndex, changes: Changes
    ) -> None:
        self._folder = folder
        self._files = files
        self._sessions = sessions
        self._index = index
        self._changes = changes
        self._merges: set[asyncio.Task[None]] = set()

    def expected(self, name: str) -> Stamp | None:
        session = self._sessions.peek(session_id_of(name) or "")
        return session.stamp if session else None

    def stamped(self, name: str, stamp: Stamp) -> None:
        if session := self._sessions.peek(session_id_of(name) or ""):
            session.stamp = stamp

    def vanished(self, name: str) -> None:
        if session_id := session_id_of(name):
            _log.error("%s is not there any more; the session is gone", self._folder / name)
            self._sessions.forget(session_id)
            self._index.drop(session_id)

    def disputed(self, name: str) -> None:
        if session_id := session_id_of(name):
            task = asyncio.create_task(self._merge(session_id, name))
            self._merges.add(task)
            task.add_done_callback(self._merges.discard)

    async def look_at_changed(self, session_ids: Iterable[str], since: float, look: Look) -> None:
        """Reads the sessions whose files were changed at a time or later, each under its lock.

        **Cancellation**: the index goes on to claim no later time, so that the next start looks again.
        """
        self._index.seen_until = since
        rest = iter(session_ids)
        while some := list(islice(rest, _FILES_AT_ONCE)):
            for session_id in await self._files.hop("list", self._folder, changed_since, some, since):
                try:
                    async with self._changes.hold(session_id, writes=False):
                        await look(session_id)
                except PersistenceError as error:
                    _log.error("session %s: %s", session_id, error)
        self._index.seen_until = math.inf

    async def settle(self) -> None:
        """Waits until no dispute is being settled any more."""
        while self._merges:
            await asyncio.wait(self._merges)

    async def _merge(self, session_id: str, name: str) -> None:
        folding = self._sessions.folding
        try:
            async with self._changes.hold(session_id):
                session, path = self._sessions.peek(session_id), self._sessions.path(session_id)
                waiting = folding.latest(name) if name in folding else None
                if session and waiting and waiting.at is None:
                    aside = await self._files.set_aside(path, self._folder / "quarantine", keep=True)
                    _log.warning("%s was changed while it was being written anew; as it was: %s", path, aside)
                    session.stamp = await self._files.stamp(path)
                elif session and waiting:
                    positions = range(waiting.count, len(session.history))
                    await self._sessions.read(
                        session_id, new=[message for _, message in session.history.page(positions)]
                    )
        except SessionNotFound:
            pass
        except PersistenceError as error:
            _log.error("session %s: %s; what its file lacks is in the journal", session_id, error)
            return
        folding.resolve(name)
