"""What models are asked beside the turns: for a title, for a summary, what to remember.

Rule: what an answer has used counts to the session that it was for, apart from what the session's own answers have
used, and before anything is made of it. Who is answered with nothing in time, or with a fault, has used nothing that
anybody knows of. What a model thinks aloud ahead of its answer, in tags that its server leaves in the text, is no part
of the answer.
"""

import asyncio
import re
from contextlib import aclosing
from typing import NamedTuple

from persistence import Store
from server.assistants.base import Assistant, Delta, Finish, Prompt, Thought, Usage
from server.metering import Meter
from server.stored_usage import usage_fields

_MAX_CHARS = 10_000
"""More is no answer to any of these questions; what follows is not waited for."""
_THOUGHT = re.compile(r"\s*<think(?:ing)?>.*?(?:</think(?:ing)?>\s*|\Z)", re.DOTALL)


class SideAnswer(NamedTuple):
    """What a model said.

    Attributes:
        is_whole: Whether it came to its own end.
    """

    text: str
    is_whole: bool


class SideQuestions:
    """Asks, and counts.

    Args:
        meter: Says what answers have used.
    """

    def __init__(self, store: Store, meter: Meter | None = None) -> None:
        self._store = store
        self._meter = meter or Meter()

    async def ask(self, assistant: Assistant, prompt: Prompt, *, patience_s: float) -> SideAnswer:
        """A model's whole answer, or the beginning of one that is too long.

        Raises:
            AssistantFailed, TimeoutError: It does not answer.
            PersistenceError: What it has used cannot be kept; the session may be gone.
        """
        text, thought = "", ""
        finish: Finish | None = None
        async with asyncio.timeout(patience_s), aclosing(assistant.reply(prompt)) as reply:
            async for piece in reply:
                if isinstance(piece, Delta):
                    text += piece.text
                elif isinstance(piece, Thought):
                    thought += piece.text
                elif isinstance(piece, Finish):
                    finish = piece
                if len(text) > _MAX_CHARS:
                    break
        if usage := self._meter.side_usage(finish.usage if finish else None, assistant, prompt, text, thought):
            await self._count(prompt.session_id, usage)
        answer = text[found.end() :] if (found := _THOUGHT.match(text)) else text
        return SideAnswer(answer, finish is not None and finish.reason == "stop")

    async def _count(self, session_id: str, usage: Usage) -> None:
        fields = usage_fields(usage)
        await self._store.update(session_id, lambda record: record.having_spent_beside(fields))
