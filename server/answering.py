"""One answer: from the assistant through the disk into the log.

Rule: a piece is written before it is shown, and shown before the next one is taken. The first goes out at once; what
follows within the window becomes one event.
"""

import asyncio
import logging
from contextlib import aclosing

from persistence import StorageError, Store
from server.assistants.base import Assistant, Delta, Prompt
from server.delta_buffer import DeltaBuffer
from server.errors import AssistantFailed, api_error
from server.response_log import ResponseLog
from server.turn import Broke, Cut, Event, Finished, Reason, Wrote
from server.wire_events import delta_event

_log = logging.getLogger(__name__)


class Answering:
    """The running part of one turn.

    Args:
        store: Where pieces are written; None for a turn that leaves nothing behind.
        window_s: For how long pieces gather after each event.
    """

    def __init__(self, log: ResponseLog, store: Store | None, window_s: float) -> None:
        self._log = log
        self._store = store
        self._window_s = window_s
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
        buffer = DeltaBuffer()
        self._producer = asyncio.create_task(_produce(assistant, prompt, buffer))
        self._producer.add_done_callback(lambda _: buffer.end())
        try:
            while (text := await buffer.take()) is not None:
                await self._show(text)
                await asyncio.sleep(self._window_s)
            await asyncio.wait([self._producer])
        except StorageError as error:
            return Broke("storage_error", f"The answer could not be kept: {api_error(error).message}.")
        finally:
            self._producer.cancel()
            await asyncio.wait([self._producer])
        if self._producer.cancelled():
            return Cut(self._stopped or Reason.INTERRUPTED)
        return self._producer.result()

    async def _show(self, text: str) -> None:
        turn = self._log.turn
        event = delta_event(turn, self._log.next_number, text)
        if self._store:
            await self._store.write(turn.session_id, turn.draft, text)
        turn.apply(Wrote(text))
        self._log.append(event)


async def _produce(assistant: Assistant, prompt: Prompt, buffer: DeltaBuffer) -> Event:
    """Puts the pieces into the buffer; returns how the answer ended."""
    try:
        async with aclosing(assistant.reply(prompt)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Delta):
                    await buffer.put(piece.text)
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
