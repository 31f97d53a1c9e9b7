"""A response's log: numbered, encoded events, appended to by one turn and read by anybody with a cursor.

Rule: the log holds each event once; a reader is a number. An event's place in the list is its `sequence_number`. Deltas
that a reader has not had yet are merged into one event, which carries the last of their numbers. When the turn has
ended and nobody reads, the events go, and are made anew for whoever comes (`ended_events.py`).
"""

import asyncio
import sys
from array import array
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import replace
from typing import Protocol

from server.ended_events import CLOSING, OPENING, ended_event
from server.errors import ApiError
from server.turn import Turn
from server.wire_events import closing_events, delta_event, final_event, opening_events, snapshot_event

_MERGED_CHARS = 16 * 1024
"""How long the text of a merged delta may become."""

PORTION_BYTES = 64 * 1024
"""About how much a reader takes at once, at least where there is so much."""

_FIXED_BYTES = 1250
"""What an ended log takes beside its texts, measured: the turn, its request, its draft, their ids, its place."""


class Reader(Protocol):
    """Reads a response from a cursor to its last event.

    **Concurrency**: plain calls; it holds nothing but its cursor, and a place among those who are woken.
    """

    @property
    def ended(self) -> bool:
        """Whether the last event was taken."""

    def take(self) -> Sequence[bytes]:
        """The events that are there, a portion of them; less than `PORTION_BYTES`: these are all."""

    def on_grown(self, wake: Callable[[], None]) -> None:
        """Calls `wake` whenever there may be something new, until `close`."""

    def close(self) -> None:
        """Reads nothing more."""


class Readable(Protocol):
    """A response that can be read from a cursor, running or ended."""

    turn: Turn

    def reader(self, after: int | None = None) -> Reader:
        """Reads the events after the cursor (None, -1: all).

        Raises:
            ApiError: `invalid_value`: the cursor is ahead of every event there was.
        """


async def portions(reader: Reader, pause_s: float = 0) -> AsyncGenerator[Sequence[bytes], None]:
    """A reader's events as they come, and an empty portion after each `pause_s` of silence (0: none)."""
    grown = asyncio.Event()
    reader.on_grown(grown.set)
    try:
        while True:
            grown.clear()
            if events := reader.take():
                yield events
                await asyncio.sleep(0)  # Who has much to catch up on lets others have their turn.
            elif reader.ended:
                return
            else:
                try:
                    async with asyncio.timeout(pause_s or None):
                        await grown.wait()
                except TimeoutError:
                    yield ()
    finally:
        reader.close()


class ResponseLog:
    """The events of a response whose turn this process runs or ran.

    Attributes:
        asked_by: Stands for who started the turn, and so reads it anyway.

    **Concurrency**: one writer, any number of readers, in one event loop.
    """

    __slots__ = ("_ends", "_events", "_others", "_readers", "asked_by", "closed", "turn")

    def __init__(self, turn: Turn, asked_by: object = None) -> None:
        self.turn = turn
        self.asked_by = asked_by
        self.closed = False
        self._events: list[bytes] = []
        """Empty again when they have gone."""
        self._ends = array("I")
        """Up to which character of the turn's text each event tells of it."""
        self._others = 0
        """How many events are no deltas."""
        self._readers: dict[LogReader, Callable[[], None]] = {}

    @property
    def next_number(self) -> int:
        """The `sequence_number` of the event that comes next."""
        return len(self._ends)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory, about, when it has ended and nobody reads it."""
        request = self.turn.request
        texts = [self.turn.text, *filter(None, [request.instructions]), *request.metadata, *request.metadata.values()]
        kept = [] if self._is_whole else self._events
        return _FIXED_BYTES + len(self._ends) * self._ends.itemsize + sum(map(sys.getsizeof, [*texts, *kept]))

    def append(self, *events: bytes) -> None:
        """Shows events that are no deltas."""
        self._events += events
        self._ends.extend([len(self.turn.text)] * len(events))
        self._others += len(events)
        self._wake()

    def append_delta(self, text: str, event: bytes) -> None:
        """Shows a piece of the answer, which is written already, and may be merged with its neighbours."""
        self._events.append(event)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(text))
        self._wake()

    def close(self) -> None:
        """Ends the log; readers end when they have had everything."""
        self.closed = True
        self._wake()
        self._let_go()

    def reader(self, after: int | None = None) -> "LogReader":
        """See `Readable`."""
        cursor = -1 if after is None else after
        if cursor >= self.next_number:
            expected = f"expected at most {self.next_number - 1}, the last sequence_number so far"
            raise ApiError(400, "invalid_value", expected, "starting_after")
        return LogReader(self, cursor)

    def after(self, cursor: int) -> tuple[list[bytes], int]:
        """A portion of the events after a cursor, deltas merged, and the cursor behind them."""
        number, last = cursor + 1, self.next_number - 1
        if number == last:
            return [self._event(number)], number
        taken: list[bytes] = []
        size = 0
        while number <= last and size < PORTION_BYTES:
            until = self._mergeable(number, last)
            if until > number:
                text = self.turn.text[self._ends[number - 1] : self._ends[until]]
                taken.append(delta_event(self.turn, until, text))
            else:
                taken.append(self._event(number))
            size += len(taken[-1])
            number = until + 1
        return taken, number - 1

    def _mergeable(self, number: int, last: int) -> int:
        """The last of the deltas that may go into one event with this one; itself where it is none, or alone."""
        ends = self._ends
        start = ends[number - 1] if number else 0
        while number < last and start < ends[number] < ends[number + 1] <= start + _MERGED_CHARS:
            number += 1
        return number

    def wake_with(self, reader: "LogReader", wake: Callable[[], None]) -> None:
        """Calls `wake` whenever the log grows or ends."""
        self._readers[reader] = wake

    def forget(self, reader: "LogReader") -> None:
        """Wakes a reader no more."""
        self._readers.pop(reader, None)
        self._let_go()

    @property
    def _is_whole(self) -> bool:
        """Whether all events of a turn that has ended are there."""
        return self.turn.ended and self._others == OPENING + CLOSING

    def _event(self, number: int) -> bytes:
        return self._events[number] if self._events else ended_event(self.turn, self._ends, number)

    def _let_go(self) -> None:
        """Lets go of what nobody needs any more."""
        if self.closed and self._events and not self._readers and self._is_whole:
            self.turn.request = replace(self.turn.request, messages=())
            self._events = []
            self._readers = {}

    def _wake(self) -> None:
        for wake in tuple(self._readers.values()):
            wake()


class LogReader:
    """A cursor over a log. See `Reader`."""

    __slots__ = ("_cursor", "_log")

    def __init__(self, log: ResponseLog, cursor: int) -> None:
        self._log = log
        self._cursor = cursor

    @property
    def ended(self) -> bool:
        return self._log.closed and self._cursor + 1 >= self._log.next_number

    def take(self) -> Sequence[bytes]:
        if self._cursor + 1 >= self._log.next_number:
            return ()
        events, self._cursor = self._log.after(self._cursor)
        return events

    def on_grown(self, wake: Callable[[], None]) -> None:
        self._log.wake_with(self, wake)

    def close(self) -> None:
        self._log.forget(self)


class StoredResponse:
    """A response of which only the message is left; its events are made anew.

    A reader without a cursor gets a whole sequence. The numbers of the events that a cursor speaks of are gone with
    them: such a reader gets a snapshot and the final event, numbered on from its cursor.
    """

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def reader(self, after: int | None = None) -> "StoredReader":
        """See `Readable`."""
        if after is not None and after >= 0:
            return StoredReader([snapshot_event(self.turn, after + 1), final_event(self.turn, after + 2)])
        events = opening_events(self.turn)
        if text := self.turn.text:
            events.append(delta_event(self.turn, len(events), text))
        return StoredReader(events + closing_events(self.turn, len(events)))


class StoredReader:
    """Events that are all there. See `Reader`."""

    __slots__ = ("_rest",)

    def __init__(self, events: list[bytes]) -> None:
        self._rest = events

    @property
    def ended(self) -> bool:
        return not self._rest

    def take(self) -> Sequence[bytes]:
        taken, self._rest = self._rest, []
        return taken

    def on_grown(self, wake: Callable[[], None]) -> None:
        """There is nothing to wait for."""

    def close(self) -> None:
        self._rest = []
