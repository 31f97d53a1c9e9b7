"""Asking a model, behind a turn, what of the user's message is worth remembering.

Rules: the turn has ended before, and nothing here touches it; whatever fails is a line in the log. A model is asked
about the user's words only, not about its own. What is known already is not confirmed by it: only the user confirms.
What the user has put in other words while it was asked stays as the user says.
"""

import asyncio
import logging
from collections.abc import Sequence

from persistence import LongTermMemory, Message, PersistenceError, Store, message_id
from persistence.model import known_facts
from server.assistants.base import Assistant, Prompt
from server.errors import AssistantFailed
from server.proposals import INSTRUCTIONS, NotProposals, decode_proposals, question
from server.side_questions import SideQuestions
from server.turn import Turn

_log = logging.getLogger(__name__)

_AT_ONCE = 4
"""Models that are asked at the same time; others wait."""
_MAX_WAITING = 64
"""Beyond it a turn's message is passed over."""
_MAX_TOKENS = 1000


class Proposing:
    """Asks models what to remember.

    Args:
        patience_s: How long it may take to answer.
    """

    def __init__(self, store: Store, questions: SideQuestions | None = None, *, patience_s: float = 60.0) -> None:
        self._store = store
        self._questions = questions or SideQuestions(store)
        self._patience_s = patience_s
        self._room = asyncio.Semaphore(_AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()

    def begin(self, turn: Turn, assistant: Assistant, path: Sequence[Message]) -> None:
        """Asks about the last message of a path, which a turn has answered, in the background."""
        if len(self._tasks) >= _MAX_WAITING:
            _log.warning("what to remember of %s is not asked: %d wait", turn.response_id, len(self._tasks))
            return
        work = self._propose(turn, assistant, path[-1], message_id(path[-1], len(path) - 1))
        task = asyncio.create_task(work, name=f"to remember of {turn.response_id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Waits until nobody is asked any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Lets go of all models that are asked."""
        for task in self._tasks:
            task.cancel()
        await self.settled()

    async def _propose(self, turn: Turn, assistant: Assistant, message: Message, name: str) -> None:
        memory = LongTermMemory(self._store, turn.user_id)
        try:
            async with self._room:
                if not (facts := await memory.facts()).is_on:
                    return
                told = set(known_facts(turn.draft))
                shown = [fact for fact in facts if fact.id in told]
                prompt = _prompt(turn, question(message["content"], shown))
                answer = await self._questions.ask(assistant, prompt, patience_s=self._patience_s)
            if not answer.is_whole:
                raise NotProposals("the answer was cut short, or too long")
            for proposal in decode_proposals(answer.text, shown):
                replaces = next((fact for fact in shown if fact.id == proposal.replaces), None)
                await memory.propose(proposal.text, turn.session_id, name, replaces=replaces)
        except (AssistantFailed, NotProposals, PersistenceError, TimeoutError) as error:
            what = str(error) or type(error).__name__
            _log.info("nothing more is remembered of %s: %s", turn.response_id, what)
        except Exception:
            _log.exception("asking what to remember of %s failed", turn.response_id)


def _prompt(turn: Turn, asked: str) -> Prompt:
    message: Message = {"role": "user", "content": asked}
    return Prompt(turn.model, turn.session_id, [message], instructions=INSTRUCTIONS, max_output_tokens=_MAX_TOKENS)
