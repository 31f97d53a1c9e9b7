"""Long work in a thread, a little at a time. Pure but for the pause that it makes.

Rule: a thread that computes in Python gives way every third of a millisecond. The event loop needs the interpreter's
lock, which a thread otherwise keeps for up to 5 ms each time; letting go of it alone is too short for whoever waits.
"""

import time

_SLICE_S, _STANDS_BACK_S = 300e-6, 50e-6


class Slices:
    """The work of one hop to a thread, which begins now."""

    def __init__(self) -> None:
        self._until = time.perf_counter() + _SLICE_S

    def step(self) -> None:
        """Stands back, if it is time to; to be called every few microseconds of work."""
        if time.perf_counter() >= self._until:
            time.sleep(_STANDS_BACK_S)
            self._until = time.perf_counter() + _SLICE_S
