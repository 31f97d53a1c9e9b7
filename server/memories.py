"""What turns have to do with long-term memory: learning what the user says is to be remembered, and recalling.

Rules: what the user asks to have remembered is learned before the assistant is asked, whichever it is; how that is
said is read by the same table for all (`scribe_intents`). What a tool gave is no word of the user's: nothing is learned
from it. A user without facts costs a look into memory, and no more. No lock is held while an assistant is asked.
"""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from persistence import (
    Fact,
    Facts,
    FactTooLong,
    Learned,
    LongTermMemory,
    MemoryFull,
    MemoryOff,
    MemoryUnreadable,
    Message,
    PersistenceError,
    Store,
    message_id,
)
from server.assistants.base import Assistant, Prompt
from server.assistants.scribe_intents import Kind, read_intent
from server.fact_choice import choose, fit
from server.proposing import Proposing
from server.turn import State, Turn

_LAST_MESSAGES = 4
"""By which facts are chosen."""
_ASKS = re.compile(r"remember|forget|memori|mind|note", re.IGNORECASE)
"""A word of these is in whatever asks to have something remembered."""
_MAX_ASKING_CHARS = 5000
"""A longer message asks for something else."""


@dataclass(frozen=True, slots=True)
class MemoryRules:
    """How memory is used.

    Attributes:
        is_on: Whether anything is learned, and goes into prompts.
        max_chars: What facts may take in a prompt, in characters.
    """

    is_on: bool = True
    max_chars: int = 4000


class Memories:
    """The long-term memory of all users, as turns use it.

    Args:
        proposing: Asks models what else to remember; None: nothing is learned but what the user says so of.
    """

    def __init__(
        self,
        store: Store,
        rules: MemoryRules | None = None,
        proposing: Proposing | None = None,
    ) -> None:
        self._store = store
        self._proposing = proposing
        self._rules = rules or MemoryRules()

    async def recall(self, turn: Turn, prompt: Prompt, assistant: Assistant) -> Prompt:
        """The prompt with what the assistant is to know of the user; what the last message asks to have remembered is
        learned first. The turn notes which facts those are, or that it goes on without them since they cannot be read.

        Raises:
            StorageError: The disk refuses to have something learned.
        """
        memory = LongTermMemory(self._store, turn.user_id)
        kept = memory if turn.request.kept else None
        words = asked_to_remember(_said_by_user(prompt.history)) if kept and not turn.request.continues else ""
        try:
            learned = await self._learn(memory, turn, prompt.history, words) if words else None
            known = await memory.facts()
        except MemoryUnreadable as error:
            turn.draft = {**turn.draft, "memory_unread": True}
            return replace(prompt, memory=kept, learned=error if words else None)
        is_told = self._rules.is_on and assistant.is_model
        facts = await self._chosen(known, prompt.history) if is_told else ()
        turn.was_told(facts)
        return replace(prompt, memory=kept, facts=facts, learned=learned)

    def turn_ended(self, turn: Turn, assistant: Assistant, path: Sequence[Message]) -> None:
        """Has a model asked, behind the first whole answer, what of the question is worth remembering."""
        if self._proposing is None or not self._rules.is_on or turn.state is not State.COMPLETED:
            return
        said = _said_by_user(path)
        if said and assistant.is_model and _is_first(turn, path) and not asked_to_remember(said):
            self._proposing.begin(turn, assistant, path)

    async def close(self) -> None:
        """Lets go of what is asked in the background."""
        if self._proposing:
            await self._proposing.close()

    async def _chosen(self, facts: Facts, path: Sequence[Message]) -> Sequence[Fact]:
        if not facts.is_on:
            return ()
        if fit(facts, self._rules.max_chars):
            return facts
        last = [message["content"] for message in path[-_LAST_MESSAGES:]]
        return await asyncio.to_thread(choose, facts, last, self._rules.max_chars)

    async def _learn(
        self, memory: LongTermMemory, turn: Turn, path: Sequence[Message], words: str
    ) -> Learned | PersistenceError:
        """What became of the words that the last message asks to have remembered."""
        if not self._rules.is_on:
            return MemoryOff(turn.user_id)
        try:
            return await memory.learn(words, turn.session_id, message_id(path[-1], len(path) - 1))
        except (MemoryOff, MemoryFull, FactTooLong) as refusal:
            return refusal


def _said_by_user(path: Sequence[Message]) -> str:
    """The text of the last message; empty where a tool gave it, which may be anybody's words."""
    return path[-1]["content"] if path[-1]["role"] == "user" else ""


def _is_first(turn: Turn, path: Sequence[Message]) -> bool:
    """Whether a turn has asked its question, rather than had it answered once more or its answer gone on with."""
    after = turn.request.after
    is_again = after is not None and after.message_id == message_id(path[-1], len(path) - 1)
    return not is_again and not turn.request.continues


def asked_to_remember(text: str) -> str:
    """The words that a message asks to have remembered; empty where it does not."""
    if len(text) > _MAX_ASKING_CHARS or not _ASKS.search(text):
        return ""
    intent = read_intent(text)
    return intent.words if intent.kind is Kind.REMEMBER else ""
