"""For how long the pieces of an answer gather. Pure.

Rule: after each event the next one waits for a window. It is narrow while the event loop keeps up; when things are done
later than they were due, it widens, so that there is less to do, and narrows again when that has helped.
"""

_LATE_S = 0.004
"""What comes later than this is late."""

_WIDER, _NARROWER = 1.25, 0.97


class DeltaWindow:
    """The width, in seconds.

    Args:
        narrowest_s, widest_s: Its limits. Where the first is 0, or not below the second, it stays as it is.
    """

    def __init__(self, narrowest_s: float, widest_s: float) -> None:
        self.width_s = narrowest_s
        self._narrowest_s = narrowest_s
        self._widest_s = max(narrowest_s, widest_s)

    def measured(self, late_s: float) -> None:
        """Tells by how much something was done later than it was due."""
        if late_s > _LATE_S:
            self.width_s = min(self.width_s * _WIDER, self._widest_s)
        else:
            self.width_s = max(self.width_s * _NARROWER, self._narrowest_s)
