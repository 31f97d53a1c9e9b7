"""Whether the event loop may write a few bytes by itself. Pure.

Rule: to copy a few bytes over pages that the system has at hand takes it less than the way to a thread and back. A disk
that makes even that wait is left to the thread for a while: so a bad one holds the loop once a second at most.
"""

_MOST_BYTES = 32 << 10
"""What is longer is written by a thread."""

_SLOW_S, _LEFT_ALONE_S = 0.005, 1.0
"""A write that took so long held the loop too long; for the time after it the next ones are a thread's."""


class LoopWrites:
    """The writes of one file. Times are monotonic, in seconds."""

    def __init__(self) -> None:
        self._thread_until = 0.0

    def may_be(self, size: int, now: float) -> bool:
        """Whether so many bytes may be written at this time."""
        return size <= _MOST_BYTES and now >= self._thread_until

    def took(self, began: float, ended: float) -> None:
        """Tells of a write."""
        if ended - began > _SLOW_S:
            self._thread_until = ended + _LEFT_ALONE_S
