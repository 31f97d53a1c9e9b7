"""The answers that sessions owe, and what is written of them.

Rule: a response runs from the moment its question is stored until its answer is, or until that is refused. An owed
answer that does not run is settled before anybody sees the session; where the disk refuses that, it is shown as it will
be settled.
"""

import logging
from collections.abc import Iterable, Sequence

from persistence.answer import (
    answer_position,
    answered_responses,
    answers,
    interrupted_message,
    owed_response,
    with_late_answer,
)
from persistence.answer_parts import AnswerParts
from persistence.errors import StorageError
from persistence.model import Message
from persistence.session_files import OpenSession, SessionFiles

_log = logging.getLogger(__name__)


class OwedAnswers:
    """Which responses run, and how the others are settled.

    **Concurrency**: whoever calls holds the session's lock, but for `refused`.
    """

    def __init__(self, sessions: SessionFiles, parts: AnswerParts) -> None:
        self._sessions = sessions
        self._parts = parts
        self._running: set[tuple[str, str]] = set()
        """Sessions and responses whose question this process has stored and whose answer it has not."""

    async def follow(self, session_id: str, new: Sequence[Message]) -> None:
        """What follows a durable change: a question's response runs, an answer's has ended."""
        if owed := owed_response(new):
            self._running.add((session_id, owed))
        self.refused(session_id, new)
        for answered in answered_responses(new):
            await self._parts.drop(session_id, answered)

    def refused(self, session_id: str, messages: Iterable[Message]) -> None:
        """The responses that the messages would have answered do not run any more."""
        self._running.difference_update((session_id, response_id) for response_id in answered_responses(messages))

    def forget(self, session_id: str) -> None:
        """A deleted session owes nothing."""
        self._running = {key for key in self._running if key[0] != session_id}

    async def append(self, session: OpenSession, new: Sequence[Message]) -> Sequence[Message]:
        """Adds messages to a session; an answer that they pass over is settled ahead of them, in one step.

        An answer that comes after it was settled as interrupted takes the place of that one.

        Returns:
            What is new.
        """
        messages, record = session.messages, session.record.touched()
        owed = owed_response(messages)
        if not (owed and answers(new, owed)):
            if (late := with_late_answer(messages, new)) is not None:
                await self._sessions.rewrite(session, record, late)
                return new
            if owed:
                new = [await self._interrupted(session, owed), *new]
        await self._sessions.append(session, record, new)
        return new

    async def settle_owed(self, session: OpenSession) -> None:
        """Settles the answer that the session owes, unless it runs."""
        if response_id := self._abandoned(session):
            await self.settle(session, response_id)

    async def settle(self, session: OpenSession, response_id: str) -> None:
        """Puts what was written of an answer behind its question, as interrupted, if no answer stands there yet."""
        messages = session.messages
        if (position := answer_position(messages, response_id)) is not None:
            message = await self._interrupted(session, response_id)
            if position == len(messages):
                await self._sessions.append(session, session.record, [message])
            else:
                settled = [*messages[:position], message, *messages[position:]]
                await self._sessions.rewrite(session, session.record, settled)
            _log.info("response %s was interrupted after %d characters", response_id, len(message["content"]))
        await self._parts.drop(session.record.session_id, response_id)

    async def shown(self, session: OpenSession) -> Sequence[Message]:
        """The history as it is shown: an owed answer that could not be settled stands in it all the same.

        Where what was written of it cannot be read, the history is shown as it is.
        """
        response_id = self._abandoned(session)
        if response_id and answer_position(session.messages, response_id) is not None:
            try:
                return *session.messages, await self._interrupted(session, response_id)
            except StorageError as error:
                _log.error("response %s is not shown: %s", response_id, error)
        return tuple(session.messages)

    def _abandoned(self, session: OpenSession) -> str | None:
        """The response that the session owes and that does not run."""
        owed = owed_response(session.messages)
        return None if (session.record.session_id, owed) in self._running else owed

    async def _interrupted(self, session: OpenSession, response_id: str) -> Message:
        return interrupted_message(response_id, await self._parts.read(session.record.session_id, response_id))
