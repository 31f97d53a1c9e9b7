"""The answers that sessions owe, and how they are settled.

Rule: an owed answer that nobody is writing is settled before anybody sees the session; where the disk refuses that, it
is shown as it will be settled.
"""

import logging
from collections.abc import Sequence

from persistence.answer import (
    answer_position,
    answered_responses,
    answers,
    interrupted_message,
    owed_by,
    owed_response,
    passed_over,
    reasoning_of,
    with_late_answer,
)
from persistence.branches import Tree
from persistence.model import Message
from persistence.open_sessions import OpenSessions
from persistence.running_answers import RunningAnswers
from persistence.session_cache import OpenSession

_log = logging.getLogger(__name__)


class OwedAnswers:
    """Adds messages to sessions so that every question keeps its answer.

    **Concurrency**: whoever calls holds the session's lock.
    """

    def __init__(self, sessions: OpenSessions, running: RunningAnswers) -> None:
        self._sessions = sessions
        self._running = running

    async def append(self, session: OpenSession, new: Sequence[Message]) -> None:
        """Adds messages to a session; an answer that they pass over is settled ahead of them, in one step.

        An answer that comes after it was settled as interrupted takes the place of that one.
        """
        owed, record = _owed_by(session), session.record.touched().having_spent(new)
        if not (owed and answers(new, owed)) or _stands_in_a_branch(session, owed):
            owed = owed and owed_by(session.tree)
            late = len(new) == 1 and new[0].get("role") == "assistant" and new[0].get("response_id")
            if late and (tree := with_late_answer(session.tree, new)) is not None:
                await self._sessions.rewrite(session, record, tree)
                self._running.follow(session.session_id, new)
                return
            if owed:
                new = [self._interrupted(session, owed), *new]
        await self._sessions.append(session, record, new)
        self._running.follow(session.session_id, new)

    def passed_over(self, session: OpenSession) -> Tree:
        """The session's messages; an answer that it owes is behind its question, with what was written of it."""
        tree = session.tree
        if (owed := owed_by(tree)) is None:
            return tree
        return passed_over(tree, owed, self._running.parts(session.session_id, owed))

    async def settle_owed(self, session: OpenSession) -> None:
        """Settles the answer that the session owes, unless it runs."""
        if response_id := self._abandoned(session):
            await self.settle(session, response_id)

    async def settle(self, session: OpenSession, response_id: str) -> None:
        """Puts what was written of an answer behind its question, as interrupted, if no answer stands there yet."""
        messages = session.history.whole()
        message = self._interrupted(session, response_id)
        written = message["content"] or reasoning_of(message)
        if (position := answer_position(session.tree, response_id, written)) is not None:
            if position == len(messages):
                await self._sessions.append(session, session.record, [message])
            else:
                settled = [*messages[:position], message, *messages[position:]]
                await self._sessions.rewrite(session, session.record, Tree(settled, session.branches))
            _log.info("response %s was interrupted after %d characters", response_id, len(message["content"]))
        self._running.drop(session.session_id, response_id)

    def unsettled(self, session: OpenSession) -> list[Message]:
        """The answer that the session owes, where it could not be settled: it is shown all the same."""
        response_id = self._abandoned(session)
        return [self._interrupted(session, response_id)] if response_id else []

    def _abandoned(self, session: OpenSession) -> str | None:
        """The response that the session owes and that nobody writes; none whose answer stands elsewhere already."""
        owed = _owed_by(session)
        if owed is None or self._running.is_running(session.session_id, owed):
            return None
        return owed_by(session.tree)

    def _interrupted(self, session: OpenSession, response_id: str) -> Message:
        return interrupted_message(response_id, self._running.parts(session.session_id, response_id))


def _stands_in_a_branch(session: OpenSession, response_id: str) -> bool:
    """Whether an answer is there already, away from the path that ends in its question."""
    return any(response_id in answered_responses(branch.messages) for branch in session.branches)


def _owed_by(session: OpenSession) -> str | None:
    last = session.history.last
    return owed_response([last]) if last else None
