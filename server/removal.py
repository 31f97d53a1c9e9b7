"""Removing: an answer, a session, a user with everything.

Rule: what runs is stopped first, and every reader hears its end; then it is removed, durably; then the user's sockets
are told. What waited behind a removal finds nothing, and nothing comes back.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from persistence import Receipt, SessionNotFound, SessionService, Settings, Store, UserReceipt
from server.conductor import Conductor
from server.history import responses_of, without_answer
from server.live import AnswerRemoved, Live, SessionDeleted, SettingsChanged

_AT_ONCE = 64
"""How many sessions of one user are removed at the same time."""


class Removal:
    """Removes what a user no longer wants to be kept."""

    def __init__(self, store: Store, live: Live, conductor: Conductor) -> None:
        self._store = store
        self._live = live
        self._conductor = conductor
        self._sessions = SessionService(store)

    async def response(self, user_id: str, response_id: str) -> None:
        """Removes an answer from its session; the question stays.

        Raises:
            ApiError: `response_not_found`.
        """
        turn = (await self._conductor.stop(user_id, response_id)).turn
        if turn.request.kept:
            await self._remove_answer(turn.session_id, response_id)
            while going_on := self._going_on_with(turn.session_id, response_id):
                await self._conductor.stop(user_id, going_on)
                await self._remove_answer(turn.session_id, response_id)
        self._live.forget(turn.session_id)
        if turn.request.kept:
            await self._conductor.tell_changed(turn.session_id)
            self._live.tell(user_id, AnswerRemoved(turn.session_id, turn.draft.get("id", ""), response_id))

    async def session(self, user_id: str, session_id: str) -> Receipt:
        """Removes a session, with what waits in it."""
        await self._sessions.retrieve(session_id, user_id=user_id)
        async with self._conductor.stopped(session_id):
            receipt = await self._sessions.delete(session_id, user_id=user_id)
        self._gone(user_id, session_id)
        return receipt

    async def sessions(self, user_id: str, session_ids: Sequence[str]) -> Sequence[Receipt]:
        """Removes sessions, of which some may not be there; each deletion is durable by itself.

        Raises:
            StorageError: The disk has refused one of them at least; others may be gone. Ask again.
        """
        removals = (self._session_if_there(user_id, session_id) for session_id in session_ids)
        receipts: list[Receipt] = []
        fault: BaseException | None = None
        for outcome in await asyncio.gather(*removals, return_exceptions=True):
            if isinstance(outcome, BaseException):
                fault = fault or outcome
            else:
                receipts += outcome
        if fault:
            raise fault
        return receipts

    async def user(self, user_id: str) -> UserReceipt:
        """Removes all of a user's sessions, the memory with all that was told outside of them, and the settings.

        What the user begins meanwhile comes before it or after it.
        """
        await self._conductor.stop_user(user_id)
        receipts: list[Receipt] = []
        while some := await self._sessions.list(user_id, limit=_AT_ONCE):
            for found in await asyncio.gather(*[self._session_if_there(user_id, one.session_id) for one in some]):
                receipts += found
        rest = await self._sessions.delete_user(user_id)
        for receipt in rest.sessions:
            self._gone(user_id, receipt.session_id)
        self._live.tell(user_id, SettingsChanged(Settings()))
        return replace(rest, sessions=[*receipts, *rest.sessions])

    async def _remove_answer(self, session_id: str, response_id: str) -> None:
        await self._store.edit_tree(session_id, lambda tree: without_answer(tree, response_id))

    def _going_on_with(self, session_id: str, response_id: str) -> str | None:
        """The running response that goes on with another, and has taken its message off the session until its end."""
        log = self._live.running(session_id)
        return log.turn.response_id if log and response_id in responses_of(log.turn.draft) else None

    async def _session_if_there(self, user_id: str, session_id: str) -> Sequence[Receipt]:
        try:
            return [await self.session(user_id, session_id)]
        except SessionNotFound:  # Somebody else has removed it meanwhile.
            return []

    def _gone(self, user_id: str, session_id: str) -> None:
        self._live.forget(session_id)
        self._live.tell(user_id, SessionDeleted(session_id))
