"""Summarises what models are not told any more, behind everybody's back.

Rule: it happens when a turn has ended whose model was not told all, in a task of its own, one at a time in each
session; whatever fails there is told to the log and to nobody else. What was edited away meanwhile is not kept in
short: the store leaves out a summary that does not stand for the shown path.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace

from persistence import Message, PersistenceError, Record, SessionNotFound, Store, Summary
from server.assistants.base import Assistant, Prompt
from server.errors import ApiError, AssistantFailed
from server.models import Models
from server.side_questions import SideQuestions
from server.summary import INSTRUCTIONS, Portion, count_left_out, next_portion, summary_said
from server.turn import Turn

_log = logging.getLogger(__name__)

_MOST_TOKENS = 1_024
"""For a summary, and for what a model thinks ahead of it."""
_PATIENCE_S = 120.0
"""For how long a model is waited for, each time."""
_MOST_PORTIONS = 16
"""Behind one turn; the next one goes on with it."""


class Summaries:
    """Writes summaries.

    Args:
        tell_changed: Tells the user's sockets that a session has changed.
    """

    def __init__(
        self,
        store: Store,
        models: Models,
        tell_changed: Callable[[str], Awaitable[Record]],
        questions: SideQuestions | None = None,
    ) -> None:
        self._store = store
        self._questions = questions or SideQuestions(store)
        self._models = models
        self._tell_changed = tell_changed
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def turn_ended(self, turn: Turn, record: Record) -> None:
        """Called when a turn of a session has ended; returns at once."""
        if turn.left_out and turn.session_id not in self._tasks:
            task = asyncio.create_task(self._summarise(turn), name=f"summary of {turn.session_id}")
            self._tasks[turn.session_id] = task
            task.add_done_callback(lambda _: self._tasks.pop(turn.session_id))

    async def close(self) -> None:
        """Summarises nothing any more."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _summarise(self, turn: Turn) -> None:
        try:
            assistant, model = await self._models.find(turn.model)
            if assistant.is_model:
                for _ in range(_MOST_PORTIONS):
                    if not await self._go_on(turn, assistant, model):
                        break
        except SessionNotFound:
            pass  # It was deleted meanwhile.
        except (ApiError, AssistantFailed, PersistenceError, TimeoutError) as error:
            _log.info("session %s is not summarised: %s", turn.session_id, error or type(error).__name__)
        except Exception:
            _log.exception("session %s could not be summarised", turn.session_id)

    async def _go_on(self, turn: Turn, assistant: Assistant, model: str) -> bool:
        """Summarises one portion more; returns whether there may be another."""
        stored = (await self._store.record(turn.session_id)).summary
        history = await self._store.history(turn.session_id)
        before = stored if stored and stored.is_of(history) else None
        portion = next_portion(history, before, count_left_out(history, turn.left_out))
        if portion is None or not portion.text:
            return False
        prompt = _prompt(model, turn.session_id, portion)
        said = await self._questions.ask(assistant, prompt, patience_s=_PATIENCE_S)
        summary = summary_said(said.text, history, portion.count)
        return summary is not None and await self._put(turn.session_id, stored, summary)

    async def _put(self, session_id: str, stored: Summary | None, summary: Summary) -> bool:
        """Keeps a summary in the place of the one that was stored when it was begun, if that is there still; returns
        whether it is kept."""

        def change(record: Record) -> Record:
            return replace(record, summary=summary) if record.summary == stored else record

        record = await self._store.update(session_id, change)
        if record.summary != summary:
            return False
        await self._tell_changed(session_id)
        return True


def _prompt(model: str, session_id: str, portion: Portion) -> Prompt:
    """Asks a model what it makes of it."""
    history: list[Message] = [{"role": "user", "content": portion.text}]
    return Prompt(model, session_id, history, instructions=INSTRUCTIONS, max_output_tokens=_MOST_TOKENS)
