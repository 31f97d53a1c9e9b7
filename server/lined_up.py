"""Turns that were asked for and wait for their time, before they have an id.

Rule: such a turn can be stopped from any socket of its user, by what its client calls the message. It keeps its place:
when its time comes the question is kept, and the answer ends before its first word. There are no more places than turns
may be.
"""

from collections import Counter
from dataclasses import dataclass

from persistence import KeyedLocks
from server.errors import ApiError
from server.running import TurnLimits


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

    def __init__(self, limits: TurnLimits) -> None:
        self._limits = limits
        self._by_user: Counter[str] = Counter()
        self._count = 0
        self._places: dict[tuple[str, str | None], list[Place]] = {}

    def join(self, user_id: str, client_message_id: str | None) -> Place:
        """A place for a turn, from when it is asked for until it has ended, or nobody here reads it any more.

        Raises:
            ApiError: `too_many_turns`.
        """
        self._limits.check(self._by_user[user_id], self._count)
        self._by_user[user_id] += 1
        self._count += 1
        place = Place((user_id, client_message_id))
        if client_message_id is not None:
            self._places.setdefault(place.key, []).append(place)
        return place

    def leave(self, place: Place) -> None:
        """The turn does not wait any more."""
        user_id, _ = place.key
        self._count -= 1
        self._by_user[user_id] -= 1
        if not self._by_user[user_id]:
            del self._by_user[user_id]
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
        user_id: Whose socket it is.
    """

    def __init__(self, most_waiting: int, lined_up: LinedUp, user_id: str) -> None:
        super().__init__()
        self._most = most_waiting + 1
        self._lined_up = lined_up
        self._user_id = user_id
        self._count = 0

    @property
    def is_empty(self) -> bool:
        """Whether nothing runs or waits."""
        return not self._count

    def enter(self, client_message_id: str | None) -> Place:
        """Counts one more; returns its place among all that are lined up.

        Raises:
            ApiError: `too_many_turns`.
        """
        if self._count >= self._most:
            message = f"expected at most {self._most} turns at a time on one socket"
            raise ApiError(429, "too_many_turns", message)
        place = self._lined_up.join(self._user_id, client_message_id)
        self._count += 1
        return place

    def leave(self, place: Place) -> None:
        """Counts one less."""
        self._lined_up.leave(place)
        self._count -= 1
