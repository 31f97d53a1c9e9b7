"""A response's log: numbered, encoded events, appended to by one turn and read by anybody with a cursor.

Rule: the log holds each event once; a reader is a number. An event's place in the list is its `sequence_number`.
"""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Protocol

from server.errors import ApiError
from server.turn import Turn
from server.wire_events import closing_events, delta_event, final_event, opening_events, snapshot_event

_BATCH = 256


class Readable(Protocol):
    """A response that can be read from a cursor, running or ended."""

    turn: Turn

    def read(self, after: int | None = None) -> AsyncGenerator[Sequence[bytes], None]:
        """The events after the cursor (None, -1: all), in batches, until the last one of the response.

        Raises:
            ApiError: `invalid_value`, at once: the cursor is ahead of every event there was.
        """


async def with_pauses(
    reader: AsyncGenerator[Sequence[bytes], None], pause_s: float
) -> AsyncGenerator[Sequence[bytes], None]:
    """A reader's batches, and an empty one after each `pause_s` of silence (0: none)."""
    while True:
        batch = asyncio.ensure_future(anext(reader, None))
        try:
            while not (await asyncio.wait([batch], timeout=pause_s or None))[0]:
                yield ()
        finally:
            if not batch.done():
                batch.cancel()
        if (events := batch.result()) is None:
            return
        yield events


class ResponseLog:
    """The events of a response whose turn this process runs or ran.

    Attributes:
        asked_by: Stands for who started the turn, and so reads it anyway.

    **Concurrency**: one writer, any number of readers, in one event loop.
    """

    def __init__(self, turn: Turn, asked_by: object = None) -> None:
        self.turn = turn
        self.asked_by = asked_by
        self.closed = False
        self.size_bytes = 0
        self._events: list[bytes] = []
        self._grown = asyncio.Event()

    @property
    def next_number(self) -> int:
        """The `sequence_number` of the event that comes next."""
        return len(self._events)

    def append(self, *events: bytes) -> None:
        """Shows events that are already written."""
        self._events += events
        self.size_bytes += sum(map(len, events))
        self._wake()

    def close(self) -> None:
        """Ends the log; readers end when they have had everything."""
        self.closed = True
        self._wake()

    def read(self, after: int | None = None) -> AsyncGenerator[Sequence[bytes], None]:
        """See `Readable`. **Cancellation**: safe; a reader holds nothing."""
        cursor = -1 if after is None else after
        if cursor >= self.next_number:
            expected = f"expected at most {self.next_number - 1}, the last sequence_number so far"
            raise ApiError(400, "invalid_value", expected, "starting_after")
        return self._read(cursor)

    async def _read(self, cursor: int) -> AsyncGenerator[Sequence[bytes], None]:
        while True:
            grown = self._grown
            if pending := self._events[cursor + 1 : cursor + 1 + _BATCH]:
                cursor += len(pending)
                yield pending
                if len(pending) == _BATCH:
                    await asyncio.sleep(0)  # Who has much to catch up on lets others have their turn.
            elif self.closed:
                return
            else:
                await grown.wait()

    def _wake(self) -> None:
        self._grown.set()
        self._grown = asyncio.Event()


class StoredResponse:
    """A response of which only the message is left; its events are made anew.

    A reader without a cursor gets a whole sequence. The numbers of the events that a cursor speaks of are gone with
    them: such a reader gets a snapshot and the final event, numbered on from its cursor.
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    async def read(self, after: int | None = None) -> AsyncGenerator[Sequence[bytes], None]:
        """See `Readable`."""
        if after is not None and after >= 0:
            yield [snapshot_event(self.turn, after + 1), final_event(self.turn, after + 2)]
            return
        events = opening_events(self.turn)
        if text := self.turn.text:
            events.append(delta_event(self.turn, len(events), text))
        yield events + closing_events(self.turn, len(events))
