"""A response of which only the message is left; its events are made anew.

Rule: a reader without a cursor gets a whole sequence. The numbers of the events that a cursor speaks of are gone with
them: such a reader gets a snapshot and the final event, numbered on from its cursor.
"""

from collections.abc import Callable, Sequence
from functools import partial

from server.turn import Turn
from server.wire_events import (
    closing_events,
    delta_event,
    final_event,
    opening_events,
    reasoning_event,
    reasoning_opening_events,
    snapshot_event,
)


class StoredResponse:
    """One of them. See `Readable`."""

    def __init__(self, turn: Turn) -> None:
        self.turn = turn

    def reader(self, after: int | None = None) -> "StoredReader":
        """See `Readable`."""
        return StoredReader(partial(self._events, after))

    def _events(self, after: int | None) -> list[bytes]:
        if after is not None and after >= 0:
            return [snapshot_event(self.turn, after + 1), final_event(self.turn, after + 2)]
        events = opening_events(self.turn)
        if reasoning := self.turn.reasoning:
            events += reasoning_opening_events(self.turn, len(events), "")
            events.append(reasoning_event(self.turn, len(events), reasoning))
        if text := self.turn.text:
            events.append(delta_event(self.turn, len(events), text))
        return events + closing_events(self.turn, len(events))


class StoredReader:
    """Events that are made when they are taken, all at once: many may wait for one client. See `Reader`."""

    __slots__ = ("_make",)

    def __init__(self, make: Callable[[], list[bytes]]) -> None:
        self._make: Callable[[], list[bytes]] | None = make

    @property
    def ended(self) -> bool:
        return self._make is None

    def take(self) -> Sequence[bytes]:
        make, self._make = self._make, None
        return make() if make else ()

    def on_grown(self, wake: Callable[[], None]) -> None:
        """There is nothing to wait for."""

    def close(self) -> None:
        self._make = None
