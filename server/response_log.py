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

from server.ended_events import OPENING, ended_event
from server.errors import ApiError
from server.thought_marks import REASONING_OPENING, ThoughtMarks
from server.turn import Turn
from server.turn_request import TurnRequest
from server.wire_events import count_closing_events, delta_event, reasoning_event, reasoning_opening_events

_MERGED_CHARS = 16 * 1024
"""How long the text of a merged delta may become."""

PORTION_BYTES = 64 * 1024
"""About how much a reader takes at once, at least where there is so much."""

_FIXED_BYTES = 950
"""What an ended log takes beside its texts, measured: the turn, its request, its draft, their ids, its place."""


_GONE: list[bytes] = []
"""What is left of the events of all logs that have let them go: nothing is added to a log that has ended."""


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

    __slots__ = ("_ends", "_events", "_others", "_readers", "_thoughts", "asked_by", "closed", "turn")

    def __init__(self, turn: Turn, asked_by: object = None) -> None:
        self.turn = turn
        self.asked_by = asked_by
        self.closed = False
        self._events: list[bytes] = []
        """`_GONE` when they have gone."""
        self._ends = array("I")
        """Up to which character of the turn's text each event tells of it."""
        self._others = 0
        """How many events are no deltas."""
        self._readers: dict[LogReader, Callable[[], None]] | None = {}
        """None then."""
        self._thoughts: ThoughtMarks | None = None
        """None while nothing was thought."""

    @property
    def next_number(self) -> int:
        """The `sequence_number` of the event that comes next."""
        return len(self._ends)

    @property
    def size_bytes(self) -> int:
        """What it takes of memory, about, when it has ended and nobody reads it."""
        size = _FIXED_BYTES + len(self._ends) * self._ends.itemsize + sys.getsizeof(self.turn.text)
        size += _size_of_asked(self.turn.request)
        if not self._is_whole:
            size += sum(map(sys.getsizeof, self._events))
        if self._thoughts:
            size += sys.getsizeof(self.turn.reasoning) + self._thoughts.size_bytes
        return size

    def append(self, *events: bytes) -> None:
        """Shows events that are no deltas."""
        assert not self.closed
        self._events += events
        self._ends.extend([len(self.turn.text)] * len(events))
        self._others += len(events)
        self._wake()

    def append_delta(self, text: str, event: bytes) -> None:
        """Shows a piece of the answer, which is written already, and may be merged with its neighbours."""
        assert not self.closed
        self._events.append(event)
        self._ends.append((self._ends[-1] if self._ends else 0) + len(text))
        self._wake()

    def number_of_thought(self) -> int:
        """The `sequence_number` of the next piece of what is thought, ahead of which its opening may have to stand."""
        return self.next_number + (0 if self._thoughts else REASONING_OPENING)

    def open_reasoning(self) -> None:
        """Shows that something is thought, and what there is of it already; a second time it does nothing."""
        if self._thoughts is None:
            begun = self.turn.reasoning
            self._thoughts = ThoughtMarks(self.next_number, len(begun))
            self.append(*reasoning_opening_events(self.turn, self.next_number, begun))

    def append_thought(self, text: str, event: bytes) -> None:
        """Shows a piece of what is thought, behind its opening; it is written already."""
        assert self._thoughts
        self._thoughts.add(self.next_number, len(text))
        assert not self.closed
        self._events.append(event)
        self._ends.append(self._ends[-1])
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
            taken.append(self._merged(number, until) if until > number else self._event(number))
            size += len(taken[-1])
            number = until + 1
        return taken, number - 1

    def _mergeable(self, number: int, last: int) -> int:
        """The last of the deltas that may go into one event with this one; itself where it is none, or alone."""
        if self._thoughts and number in self._thoughts:
            return self._thoughts.mergeable(number, last, _MERGED_CHARS)
        ends = self._ends
        start = ends[number - 1] if number else 0
        while number < last and start < ends[number] < ends[number + 1] <= start + _MERGED_CHARS:
            number += 1
        return number

    def _merged(self, number: int, until: int) -> bytes:
        """One event for several deltas."""
        if self._thoughts and number in self._thoughts:
            return reasoning_event(self.turn, until, self.turn.reasoning[self._thoughts.span(number, until)])
        return delta_event(self.turn, until, self.turn.text[self._ends[number - 1] : self._ends[until]])

    def wake_with(self, reader: "LogReader", wake: Callable[[], None]) -> None:
        """Calls `wake` whenever the log grows or ends."""
        if self._readers is not None:
            self._readers[reader] = wake

    def forget(self, reader: "LogReader") -> None:
        """Wakes a reader no more."""
        if self._readers:
            self._readers.pop(reader, None)
        self._let_go()

    @property
    def _is_whole(self) -> bool:
        """Whether all events of a turn that has ended are there."""
        opening = OPENING + (REASONING_OPENING if self._thoughts else 0)
        return self.turn.ended and self._others == opening + count_closing_events(self.turn)

    def _event(self, number: int) -> bytes:
        return self._events[number] if self._events else ended_event(self.turn, self._ends, number, self._thoughts)

    def _let_go(self) -> None:
        """Lets go of what nobody needs any more."""
        if self.closed and self._events and not self._readers and self._is_whole:
            self.turn.request = replace(self.turn.request, messages=())
            self._events, self._readers = _GONE, None
            self._ends = array("I", self._ends)  # A new one has no room for more.

    def _wake(self) -> None:
        for wake in tuple((self._readers or {}).values()):
            wake()


def _size_of_asked(request: TurnRequest) -> int:
    """What a request keeps of what its client wrote, beside its messages."""
    texts = [request.instructions or "", *request.metadata, *request.metadata.values()]
    texts += [repr(one) for one in (request.tool_use, request.output_format) if one]
    return sum(map(sys.getsizeof, filter(None, texts)))


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
