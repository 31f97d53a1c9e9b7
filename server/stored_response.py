"""A response of which only the message is left; its events are made anew.

Rule: a reader without a cursor gets a whole sequence. The numbers of the events that a cursor speaks of are gone with
them: such a reader gets a snapshot and the final event, numbered on from its cursor.
"""

from collections.abc import Callable, Sequence

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
        if after is not None and after >= 0:
            return StoredReader([snapshot_event(self.turn, after + 1), final_event(self.turn, after + 2)])
        events = opening_events(self.turn)
        if reasoning := self.turn.reasoning:
            events += reasoning_opening_events(self.turn, len(events), "")
            events.append(reasoning_event(self.turn, len(events), reasoning))
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
