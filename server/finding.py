"""Finding responses: those that run, those whose events are kept, and those of which only the message is left.

Rule: what belongs to another user is not found.
"""

from dataclasses import replace

from persistence import Message, SessionNotFound, SessionService, Store, Tree
from server.errors import ApiError
from server.history import answer_of, find_answer, session_of
from server.live import Live
from server.response_log import Readable
from server.stored_response import StoredResponse
from server.turn import Turn
from server.turn_request import TurnRequest


class Finding:
    """Finds responses."""

    def __init__(self, store: Store, live: Live) -> None:
        self._store = store
        self._live = live
        self._sessions = SessionService(store)

    async def find(self, user_id: str, response_id: str, param: str = "response_id") -> Readable:
        """A response of this user, running or ended.

        Args:
            param: The field that names it.

        Raises:
            ApiError: `response_not_found`.
        """
        if log := self._live.find(response_id):
            if log.turn.user_id == user_id:
                return log
        elif session_id := session_of(response_id):
            try:
                await self._sessions.retrieve(session_id, user_id=user_id)
                messages = await self._messages(session_id)
            except SessionNotFound:
                messages = []
            if message := find_answer(messages, response_id):
                return StoredResponse(Turn.from_message(message, session_id, user_id))
        raise ApiError(404, "response_not_found", f"no response {response_id!r}", param)

    async def resolved(self, user_id: str, request: TurnRequest) -> TurnRequest:
        """The request, with the session of the response that it names; what goes on with one has its model.

        Raises:
            ApiError: There is no such response, or it is another conversation's.
        """
        named = request.continues or request.previous_response_id
        if named is None:
            return request
        param = "verbatim:continue" if request.continues else "previous_response_id"
        previous = (await self.find(user_id, named, param)).turn
        if not previous.request.kept:
            message = "that response was not stored; send the messages again as input"
            raise ApiError(404, "response_not_found", message, param)
        if request.session_id not in (None, previous.session_id):
            raise ApiError(400, "invalid_value", "expected the conversation of that response", "conversation")
        model = request.model or (previous.model if request.continues else None)
        return replace(request, session_id=previous.session_id, model=model)

    async def may_begin(self, user_id: str, request: TurnRequest, session_id: str) -> bool:
        """Whether a turn begins its session where it is not there yet: one that is there now, and is deleted while the
        turn waits, does not come back.

        Raises:
            SessionNotFound: The request names one that is not the user's.
        """
        try:
            await self._sessions.retrieve(session_id, user_id=user_id)
        except SessionNotFound:
            if request.session_id is None:
                return True
            raise
        return False

    async def tree(self, turn: Turn, *, may_begin: bool) -> Tree | None:
        """The messages of a turn's session; None where it has still to be created."""
        if may_begin:
            try:
                await self._sessions.retrieve(turn.session_id, user_id=turn.user_id)
            except SessionNotFound:
                return None
        return await self._store.tree(turn.session_id)

    def sent_before(self, turn: Turn, tree: Tree, response_id: str) -> Readable:
        """The response that an earlier send of the turn's message started, from its session's messages."""
        if log := self._live.find(response_id):
            return log
        answer = answer_of(tree.messages(), response_id)
        return StoredResponse(Turn.from_message(answer, turn.session_id, turn.user_id))

    async def _messages(self, session_id: str) -> list[Message]:
        """All messages of a session, and the one that is being gone on with, as far as it is."""
        messages = list((await self._store.tree(session_id)).messages())
        if log := self._live.running(session_id):
            messages.append({**log.turn.draft, "content": log.turn.text})
        return messages
