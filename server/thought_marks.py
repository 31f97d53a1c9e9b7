"""Where in a response's log the events stand that tell what was thought. Pure.

Rule: a log without such events has no marks. What was thought is told in two events that open it, in deltas anywhere
among those of the text, and in three events at the log's end; the marks and the turn say all of them.
"""

import sys
from array import array
from bisect import bisect_left

REASONING_OPENING = 2
"""How many events stand ahead of all deltas of what was thought."""


class ThoughtMarks:
    """One log's.

    Args:
        opened_at: The number of the first opening event.
        begun: How many characters there were already.
    """

    __slots__ = ("_ends", "_numbers", "begun", "opened_at")

    def __init__(self, opened_at: int, begun: int) -> None:
        self.opened_at = opened_at
        self.begun = begun
        self._numbers = array("I")
        self._ends = array("I")
        """Up to which character each of the deltas tells."""

    @property
    def size_bytes(self) -> int:
        """What they take of memory, about."""
        return sys.getsizeof(self._numbers) + sys.getsizeof(self._ends)

    def add(self, number: int, chars: int) -> None:
        """One more delta, of so many characters."""
        self._ends.append((self._ends[-1] if self._ends else self.begun) + chars)
        self._numbers.append(number)

    def __contains__(self, number: int) -> bool:
        return self._numbers[at] == number if (at := bisect_left(self._numbers, number)) < len(self._numbers) else False

    def span(self, first: int, last: int) -> slice:
        """The characters that these deltas, of which no other is between them, tell of."""
        at, until = bisect_left(self._numbers, first), bisect_left(self._numbers, last)
        return slice(self._ends[at - 1] if at else self.begun, self._ends[until])

    def mergeable(self, number: int, last: int, max_chars: int) -> int:
        """The last of the deltas that may go into one event with this one; itself where it is alone."""
        until = number
        start = self.span(number, number).start
        while until < last and until + 1 in self and self.span(number, until + 1).stop <= start + max_chars:
            until += 1
        return until
