"""Showing another path of a session.

Rule: the path changes between turns, never under one; every socket of the user is told.
"""

from dataclasses import replace

from persistence import MessageNotFound, Record, Store
from persistence.branches import show
from server.conductor import Conductor
from server.errors import api_error
from server.live import Live, PathShown


class Paths:
    """Shows paths."""

    def __init__(self, store: Store, live: Live, conductor: Conductor) -> None:
        self._store = store
        self._live = live
        self._conductor = conductor

    async def show(self, session_id: str, message_id: str) -> Record:
        """Shows the path through a message, durably; one that goes through it already stays.

        Raises:
            ApiError: `conversation_busy`: a turn runs; `message_not_found`.
        """
        async with self._conductor.idle(session_id):
            try:
                await self._store.edit_tree(session_id, lambda tree: show(tree, message_id))
            except MessageNotFound as error:
                raise replace(api_error(error), param="message") from error
            record = await self._conductor.tell_changed(session_id)
            self._live.tell(record.user_id, PathShown(session_id, message_id))
        return record
