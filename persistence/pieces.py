"""Pieces of running answers on their way into the journal: many in one entry, without a lock or a task for each.

Rule: a piece stands in the journal ahead of its session's deletion, or not at all. It is remembered only where its
session is still there once it is written.
"""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from persistence.errors import NotStorable, PersistenceError, SessionNotFound, StorageError
from persistence.journal import Journal
from persistence.journal_entry import encode_parts, part_value
from persistence.model import Piece
from persistence.running_answers import RunningAnswers
from persistence.session_index import SessionIndex

Outcomes = list[PersistenceError | None]
"""By place among the pieces, what kept each from being written."""


class PieceWriter:
    """Writes pieces of the answers of any sessions.

    **Concurrency**: takes no session's lock. Between the look at the index and the journal's queue nothing else runs,
    so the order of the queue is that of what happens to a session.
    """

    def __init__(self, journal: Journal, index: SessionIndex, running: RunningAnswers) -> None:
        self._journal = journal
        self._index = index
        self._running = running
        self._leaving: set[str] = set()
        """Sessions whose deletion is in the journal's queue."""

    @contextmanager
    def none_of(self, session_id: str) -> Iterator[None]:
        """Refuses pieces of a session while its deletion is being committed."""
        self._leaving.add(session_id)
        try:
            yield
        finally:
            self._leaving.discard(session_id)

    async def write(self, pieces: Sequence[Piece]) -> Outcomes:
        """Writes pieces; returns what kept each from being written, None where it is.

        **Cancellation**: what has begun to be written is finished and remembered.
        """
        outcomes: Outcomes = [None] * len(pieces)
        try:
            await self._journal.room()
            if body := self._encoded(pieces, outcomes):
                await self._journal.commit(body, durable=False)
        except StorageError as error:
            outcomes = [outcome or error.again() for outcome in outcomes]
        self._remember(pieces, outcomes)
        if (task := asyncio.current_task()) and task.cancelling():
            await asyncio.sleep(0)
        return outcomes

    def write_now(self, pieces: Sequence[Piece]) -> Outcomes | None:
        """The same without waiting; None: somebody is ahead, and nothing was done."""
        if not self._journal.is_free:
            return None
        outcomes: Outcomes = [None] * len(pieces)
        try:
            if (body := self._encoded(pieces, outcomes)) and not self._journal.commit_now(body):
                return None
        except StorageError as error:
            outcomes = [outcome or error.again() for outcome in outcomes]
        self._remember(pieces, outcomes)
        return outcomes

    def _encoded(self, pieces: Sequence[Piece], outcomes: Outcomes) -> bytes | None:
        """The entry with those pieces that can be written; None where there are none of them."""
        parts: list[dict[str, Any]] = []
        index, leaving, knows = self._index, self._leaving, self._running.knows
        for at, (session_id, draft, text, reasoning) in enumerate(pieces):
            if session_id in index and session_id not in leaving:
                response_id = draft["response_id"]
                begun = None if knows(session_id, response_id) else draft
                parts.append(part_value(session_id, response_id, begun, text, reasoning))
            else:
                outcomes[at] = SessionNotFound(session_id)
        try:
            return encode_parts(parts) if parts else None
        except NotStorable:
            parts = self._storable(parts, outcomes)
            return encode_parts(parts) if parts else None

    def _storable(self, parts: Sequence[dict[str, Any]], outcomes: Outcomes) -> list[dict[str, Any]]:
        """Those of some parts that are JSON."""
        places = [at for at, outcome in enumerate(outcomes) if outcome is None]
        storable = []
        for at, part in zip(places, parts, strict=True):
            try:
                encode_parts([part])
                storable.append(part)
            except NotStorable as error:
                outcomes[at] = error
        return storable

    def _remember(self, pieces: Sequence[Piece], outcomes: Outcomes) -> None:
        """Adds what is written to the running answers."""
        index, write = self._index, self._running.write
        for at, (session_id, draft, text, reasoning) in enumerate(pieces):
            if outcomes[at] is None:
                if session_id in index:
                    write(session_id, draft, text, reasoning)
                else:
                    outcomes[at] = SessionNotFound(session_id)
