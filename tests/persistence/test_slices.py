"""Work that gives way."""

import pytest

from persistence.slices import Slices


class Clock:
    """Stands still but for the pauses, which it notes."""

    def __init__(self) -> None:
        self.now_s = 5.0
        self.paused: list[float] = []

    def perf_counter(self) -> float:
        return self.now_s

    def sleep(self, seconds: float) -> None:
        self.paused.append(self.now_s)
        self.now_s += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr("persistence.slices.time", clock)
    return clock


def test_work_stands_back_when_a_slice_is_over_and_not_before(clock):
    """However small the steps are; the pause itself is no work."""
    slices = Slices()
    for _ in range(2000):
        clock.now_s += 1e-6
        slices.step()
    assert len(clock.paused) == 6
    gaps = [later - sooner for sooner, later in zip(clock.paused, clock.paused[1:], strict=False)]
    assert all(0.0003 <= gap < 0.0004 for gap in gaps)
