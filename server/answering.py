"""One answer: from its assistant into its log, to whatever end.

Rule: the assistant is let go, with all that it holds, before the answer has ended. What it said last need not be
written by itself: it goes out with the end.
"""

import asyncio
import logging
from contextlib import aclosing
from typing import Any

from persistence import PersistenceError
from server.assistants.base import Assistant, Delta, LeftOut, Prompt, Thought
from server.errors import AssistantFailed, api_error
from server.last_piece import NOTHING, LastPiece
from server.metering import Meter
from server.turn import Broke, Cut, Event, Finished, Reason, Turn
from server.unshown import Pieces

_log = logging.getLogger(__name__)


class Answering:
    """The running part of one turn.

    Args:
        pieces: Where the text goes.
        meter: Says what the answer has used.
    """

    def __init__(self, pieces: Pieces, meter: Meter) -> None:
        self._pieces = pieces
        self._meter = meter
        self._stopped: Reason | None = None
        self._listening: asyncio.Task[Any] | None = None
        """The turn's task, while the assistant speaks."""
        self._interruptions = 0

    @property
    def is_stopped(self) -> bool:
        """Whether its end was asked for."""
        return self._stopped is not None

    def stop(self, reason: Reason) -> None:
        """Ends the answer with the text that it has; the first reason counts."""
        self._stopped = self._stopped or reason
        self._interrupt()

    async def run(self, assistant: Assistant, prompt: Prompt) -> tuple[Event, LastPiece]:
        """Streams the answer into the log; returns the event that ends the turn, and the piece that is left to show.

        **Cancellation**: the assistant is let go.
        """
        if self._stopped:
            return Cut(self._stopped), NOTHING
        end = await self._listen(assistant, prompt)
        rest = await self._pieces.withdraw()
        if isinstance(fault := self._pieces.fault, PersistenceError):
            return _not_kept(fault), NOTHING
        if fault:
            raise fault
        return self._meter.metered(end, assistant, prompt, self._pieces.log.turn, rest), rest

    async def _listen(self, assistant: Assistant, prompt: Prompt) -> Event:
        """Takes what the assistant says, until it ends or is interrupted.

        An interruption cancels the task only where it waits for the assistant, and is over with this.
        """
        task = self._listening = asyncio.current_task()
        assert task
        self._pieces.on_fault = self._interrupt
        try:
            return await _produce(assistant, prompt, self._pieces)
        except asyncio.CancelledError:
            if task.cancelling() > self._interruptions:
                raise
            return Cut(self._stopped or Reason.INTERRUPTED)
        finally:
            self._pieces.on_fault = self._listening = None
            for _ in range(self._interruptions):
                task.uncancel()

    def _interrupt(self) -> None:
        if self._listening:
            self._interruptions += 1
            self._listening.cancel()


async def _produce(assistant: Assistant, prompt: Prompt, pieces: Pieces) -> Event:
    """Takes what the assistant says; returns how the answer ended."""
    try:
        async with aclosing(assistant.reply(prompt)) as reply:
            async for piece in reply:
                if isinstance(piece, Delta):
                    if pieces.put(piece.text):
                        await pieces.shown()
                    continue
                if isinstance(piece, Thought):
                    if pieces.put_thought(piece.text):
                        await pieces.shown()
                    continue
                if isinstance(piece, LeftOut):
                    pieces.log.turn.left_out = piece.messages
                    continue
                pieces.log.turn.was_told(piece.facts)
                if piece.reason == "length":
                    return Cut(Reason.MAX_OUTPUT_TOKENS, piece.usage)
                else:
                    return Finished(piece.usage, piece.calls)
        return Broke("upstream_cut", "The answer broke off before its end.")
    except AssistantFailed as failure:
        return Broke(failure.code, failure.message)
    except Exception:
        _log.exception("the assistant %s failed", type(assistant).__name__)
        return Broke("internal_error", "The assistant failed; the server's log says how.")


def broken(turn: Turn, error: Exception) -> Broke:
    """How a turn ends that our side has failed."""
    if isinstance(error, PersistenceError):
        _log.error("turn %s: %s", turn.response_id, error)
        return _not_kept(error)
    _log.error("turn %s failed", turn.response_id, exc_info=error)
    return Broke("internal_error", "The server failed; its log says how.")


def _not_kept(error: PersistenceError) -> Broke:
    return Broke("storage_error", f"The answer could not be kept: {api_error(error).message}.")
