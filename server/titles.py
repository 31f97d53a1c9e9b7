"""Names conversations after their first turn, behind everybody's back.

Rule: it happens when the turn has ended, in a task of its own; whatever fails there is told to the log and to nobody
else. The title is put only where there is none yet, or one that came from the words: see `title.py`.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import replace

from persistence import Message, PersistenceError, Record, SessionNotFound, Store
from server.assistants.base import Prompt
from server.errors import ApiError, AssistantFailed
from server.models import Models
from server.side_questions import SideQuestions
from server.title import INSTRUCTIONS, MODEL, SOURCE, TITLE, WORDS, excerpt, named, title_from, title_said
from server.turn import Turn

_log = logging.getLogger(__name__)

_MOST_TOKENS = 1_024
"""For a title, and for what a model thinks ahead of it."""
_PATIENCE_S = 60.0
"""For how long a model is waited for."""


class Titles:
    """Gives titles.

    Args:
        tell_changed: Tells the user's sockets that a session has changed.
        asks_models: Whether a model is asked for a better title than the first words.
    """

    def __init__(
        self,
        store: Store,
        models: Models,
        tell_changed: Callable[[str], Awaitable[Record]],
        *,
        asks_models: bool,
        questions: SideQuestions | None = None,
    ) -> None:
        self._store = store
        self._questions = questions or SideQuestions(store)
        self._models = models
        self._tell_changed = tell_changed
        self._asks_models = asks_models
        self._tasks: set[asyncio.Task[None]] = set()

    def turn_ended(self, turn: Turn, record: Record) -> None:
        """Called when a turn of a session has ended; returns at once."""
        source = record.metadata.get(SOURCE)
        if TITLE not in record.metadata or (self._asks_models and source == WORDS):
            task = asyncio.create_task(self._name(turn), name=f"title of {turn.session_id}")
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """Names nothing any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _name(self, turn: Turn) -> None:
        try:
            page = await self._store.page(turn.session_id, limit=3)
            first = [message for _, message in page.messages]
            asked = next((message["content"] for message in first if message["role"] == "user"), "")
            await self._put(turn.session_id, title_from(asked), WORDS)
            if self._asks_models and len(first) == 2:
                assistant, model = await self._models.find(turn.model)
                if assistant.is_model:
                    prompt = _prompt(model, turn.session_id, first)
                    said = await self._questions.ask(assistant, prompt, patience_s=_PATIENCE_S)
                    await self._put(turn.session_id, title_said(said.text), MODEL)
        except SessionNotFound:
            pass  # It was deleted meanwhile.
        except (ApiError, AssistantFailed, PersistenceError, TimeoutError) as error:
            _log.info("session %s keeps its title: %s", turn.session_id, error or type(error).__name__)
        except Exception:
            _log.exception("session %s could not be named", turn.session_id)

    async def _put(self, session_id: str, title: str, source: str) -> None:
        if named((await self._store.record(session_id)).metadata, title, source) is None:
            return

        def change(record: Record) -> Record:
            metadata = named(record.metadata, title, source)
            return record if metadata is None else replace(record, metadata=metadata)

        await self._store.update(session_id, change)
        with suppress(SessionNotFound):
            await self._tell_changed(session_id)


def _prompt(model: str, session_id: str, first: Sequence[Message]) -> Prompt:
    """Asks a model what it calls a conversation that begins so."""
    history: list[Message] = [{"role": "user", "content": excerpt(first)}]
    return Prompt(model, session_id, history, instructions=INSTRUCTIONS, max_output_tokens=_MOST_TOKENS)
