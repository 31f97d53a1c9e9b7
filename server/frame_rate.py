"""How fast a client may send. Pure.

Rule: a second's worth of frames may come at once; beyond that they may come as fast as the rate says. What is too much
is refused, and not obeyed later.
"""

from server.errors import ApiError


class FrameRate:
    """What one client may still send.

    Args:
        per_second: Frames a second; 0: as many as it likes.
        now: The time, in seconds.
    """

    __slots__ = ("_at", "_left", "_per_second")

    def __init__(self, per_second: int, now: float) -> None:
        self._per_second = per_second
        self._left = float(per_second)
        self._at = now

    def admits(self, now: float) -> bool:
        """Whether one more may come now; if so, it counts."""
        if not self._per_second:
            return True
        self._left = min(self._left + (now - self._at) * self._per_second, self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def too_many_frames(per_second: int) -> ApiError:
    """What a client is told that sends too fast."""
    return ApiError(429, "too_many_frames", f"expected at most {per_second} frames a second on one socket")
