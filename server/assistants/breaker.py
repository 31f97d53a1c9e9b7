"""When a model server is taken for down, and not asked. Pure.

Rule: `TRANSITIONS` is the whole of it, state → event → next state; a missing key is what cannot happen there. After
some failures in a row nothing is asked for a pause; then one request is the probe, and its outcome decides. An answer
from whatever request proves that the server is up.

    closed ──FAILED_TOO_OFTEN──▶ open ──PAUSE_OVER──▶ probing
       ▲                          │ ▲                  │  │
       └─────────ANSWERED─────────┘ └──FAILED, UNKNOWN─┘  │
       └────────────────────────ANSWERED──────────────────┘
"""

from collections.abc import Mapping
from enum import Enum, auto


class State(Enum):
    """Whether requests go out."""

    CLOSED = auto()
    """All of them."""
    OPEN = auto()
    """None."""
    PROBING = auto()
    """None but the one that is out."""


class Event(Enum):
    """What became of a request, or of the time."""

    ANSWERED = auto()
    """The server lives, whatever it said."""
    FAILED = auto()
    """No connection, or a fault of the server's own."""
    FAILED_TOO_OFTEN = auto()
    """The same, for the last time that is put up with."""
    UNKNOWN = auto()
    """Nobody waited for the outcome, or it says nothing of the server."""
    PAUSE_OVER = auto()
    """It may be asked again."""


TRANSITIONS: Mapping[State, Mapping[Event, State]] = {
    State.CLOSED: {
        Event.ANSWERED: State.CLOSED,
        Event.FAILED: State.CLOSED,
        Event.FAILED_TOO_OFTEN: State.OPEN,
        Event.UNKNOWN: State.CLOSED,
    },
    State.OPEN: {
        Event.ANSWERED: State.CLOSED,
        Event.FAILED: State.OPEN,
        Event.UNKNOWN: State.OPEN,
        Event.PAUSE_OVER: State.PROBING,
    },
    State.PROBING: {
        Event.ANSWERED: State.CLOSED,
        Event.FAILED: State.OPEN,
        Event.UNKNOWN: State.OPEN,
    },
}


class Breaker:
    """One server's.

    Args:
        max_failures: So many in a row, and it is taken for down; 0: never.
        pause_s: How long it is then not asked.

    Attributes:
        failures: How many requests failed since the last one that was answered.

    Times (`now`) are seconds of one clock that never goes back.
    """

    def __init__(self, max_failures: int, pause_s: float) -> None:
        self.state = State.CLOSED
        self.failures = 0
        self._max_failures = max_failures
        self._pause_s = pause_s
        self._open_until = 0.0

    def admit(self, now: float) -> float | None:
        """Whether a request may go out: None, and its outcome has to be told. Else the seconds until one may; 0 while
        the probe is out."""
        if self.state is State.CLOSED:
            return None
        if self.state is State.PROBING or now < self._open_until:
            return max(0.0, self._open_until - now)
        self._move(Event.PAUSE_OVER)
        return None

    def tell(self, event: Event, now: float) -> None:
        """What became of a request that was admitted: ANSWERED, FAILED or UNKNOWN."""
        was = self.state
        if event is Event.ANSWERED:
            self.failures = 0
        elif event is Event.FAILED:
            self.failures += 1
            if was is State.CLOSED and self.failures == self._max_failures:
                event = Event.FAILED_TOO_OFTEN
        self._move(event)
        if self.state is State.OPEN and was is not State.OPEN:
            self._open_until = now if event is Event.UNKNOWN else now + self._pause_s

    def _move(self, event: Event) -> None:
        self.state = TRANSITIONS[self.state][event]
