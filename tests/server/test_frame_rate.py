"""How fast a client may send."""

from server.frame_rate import FrameRate, too_many_frames


def admitted(rate: FrameRate, count: int, now: float) -> int:
    return sum(rate.admits(now) for _ in range(count))


def test_a_seconds_worth_may_come_at_once():
    """What is beyond it is refused."""
    assert admitted(FrameRate(5, 100.0), 9, 100.0) == 5


def test_more_may_come_as_time_goes_on():
    """As many as the rate says, and never more than a second's worth, however long nothing came."""
    rate = FrameRate(5, 100.0)
    assert admitted(rate, 9, 100.0) == 5
    assert admitted(rate, 9, 100.5) == 2
    assert admitted(rate, 9, 100.75) == 1
    assert admitted(rate, 9, 500.0) == 5


def test_zero_is_no_limit():
    assert admitted(FrameRate(0, 100.0), 1000, 100.0) == 1000


def test_refusal_says_the_rate():
    error = too_many_frames(5)
    assert (error.status, error.code) == (429, "too_many_frames")
    assert "5 frames a second" in error.message
