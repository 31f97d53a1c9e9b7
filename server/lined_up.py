"""Turns that were asked for and wait for their time, before they have an id.

Rule: such a turn can be stopped from any socket of its user, by what its client calls the message. It keeps its place:
when its time comes the question is kept, and the answer ends before its first word.
"""

from dataclasses import dataclass

from persistence import KeyedLocks
from server.errors import ApiError


@dataclass(slots=True, eq=False)
class Place:
    """Where one turn waits.

    Attributes:
        key: Its user and what its client calls the message; one without a name cannot be found.
        is_stopped: Whether its answer is not wanted any more.
    """

    key: tuple[str, str | None]
    is_stopped: bool = False


class LinedUp:
    """All of them."""

    def __init__(self) -> None:
        self._places: dict[tuple[str, str | None], list[Place]] = {}

    def join(self, user_id: str, client_message_id: str | None) -> Place:
        """A place for a turn, from when it is asked for until it has ended, or nobody here reads it any more."""
        place = Place((user_id, client_message_id))
        if client_message_id is not None:
            self._places.setdefault(place.key, []).append(place)
        return place

    def leave(self, place: Place) -> None:
        """The turn does not wait any more."""
        if mine := self._places.get(place.key):
            mine.remove(place)
            if not mine:
                del self._places[place.key]

    def stop(self, user_id: str, client_message_id: str) -> bool:
        """Stops what waits under a name; returns whether anything does."""
        mine = self._places.get((user_id, client_message_id), ())
        for place in mine:
            place.is_stopped = True
        return bool(mine)


class Lanes(KeyedLocks):
    """The turns that one socket has asked for, until they have ended: those of one lane one after the other.

    Args:
        most_waiting: How many there may be beside the first.
    """

    def __init__(self, most_waiting: int) -> None:
        super().__init__()
        self._most = most_waiting + 1
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._count

    def enter(self) -> None:
        """Counts one more.

        Raises:
            ApiError: `too_many_turns`.
        """
        if self._count >= self._most:
            message = f"expected at most {self._most} turns at a time on one socket"
            raise ApiError(429, "too_many_turns", message)
        self._count += 1

    def leave(self) -> None:
        """Counts one less."""
        self._count -= 1
