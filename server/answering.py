"""One answer: from its assistant into its log, to whatever end.

Rule: the assistant is let go, with all that it holds, before the answer has ended; what it has said is shown before.
"""

import asyncio
import logging
from contextlib import aclosing

from persistence import PersistenceError
from server.assistants.base import Assistant, Delta, Prompt
from server.coalescing import Pieces
from server.errors import AssistantFailed, api_error
from server.turn import Broke, Cut, Event, Finished, Reason

_log = logging.getLogger(__name__)


class Answering:
    """The running part of one turn.

    Args:
        pieces: Where the text goes.
    """

    def __init__(self, pieces: Pieces) -> None:
        self._pieces = pieces
        self._stopped: Reason | None = None
        self._producer: asyncio.Task[Event] | None = None
        """Set by `run`."""

    def stop(self, reason: Reason) -> None:
        """Ends the answer with the text that it has; the first reason counts."""
        self._stopped = self._stopped or reason
        if self._producer:
            self._producer.cancel()

    async def run(self, assistant: Assistant, prompt: Prompt) -> Event:
        """Streams the answer into the log; returns the event that ends the turn."""
        if self._stopped:
            return Cut(self._stopped)
        ended = asyncio.Event()
        self._producer = asyncio.create_task(_produce(assistant, prompt, self._pieces))
        self._producer.add_done_callback(lambda _: ended.set())
        self._pieces.on_fault = self._producer.cancel
        try:
            await ended.wait()
            await self._pieces.shown()
        finally:
            self._pieces.on_fault = None
            if not self._producer.done():
                self._producer.cancel()
                await asyncio.wait([self._producer])
        if isinstance(fault := self._pieces.fault, PersistenceError):
            return Broke("storage_error", f"The answer could not be kept: {api_error(fault).message}.")
        if fault:
            raise fault
        if self._producer.cancelled():
            return Cut(self._stopped or Reason.INTERRUPTED)
        return self._producer.result()


async def _produce(assistant: Assistant, prompt: Prompt, pieces: Pieces) -> Event:
    """Takes what the assistant says; returns how the answer ended."""
    try:
        async with aclosing(assistant.reply(prompt)) as reply:
            async for piece in reply:
                if isinstance(piece, Delta):
                    pieces.put(piece.text)
                    if pieces.full:
                        await pieces.shown()
                elif piece.reason == "length":
                    return Cut(Reason.MAX_OUTPUT_TOKENS, piece.usage)
                else:
                    return Finished(piece.usage)
        return Broke("upstream_cut", "The answer broke off before its end.")
    except AssistantFailed as failure:
        return Broke(failure.code, failure.message)
    except Exception:
        _log.exception("the assistant %s failed", type(assistant).__name__)
        return Broke("internal_error", "The assistant failed; the server's log says how.")
