"""For how long pieces gather: longer while things come late, and no longer than need be."""

import pytest

from server.delta_window import DeltaWindow

LATE_S, IN_TIME_S = 0.005, 0.003


def test_window_widens_while_things_are_late_and_narrows_again():
    """It never leaves its limits, and gets from each of them to the other."""
    window, widths = DeltaWindow(0.01, 0.05), []
    for late_s in [LATE_S] * 10 + [IN_TIME_S] * 60:
        window.measured(late_s)
        widths.append(window.width_s)
    assert window.width_s == 0.01
    assert max(widths) == widths[9] == 0.05
    assert widths[:10] == sorted(widths[:10])
    assert widths[9:] == sorted(widths[9:], reverse=True)
    assert widths[0] > 0.01
    assert 0.01 < widths[20] < 0.05


def test_window_that_keeps_up_stays_as_it_is():
    """What is a little late counts as in time."""
    window = DeltaWindow(0.01, 0.05)
    for _ in range(100):
        window.measured(IN_TIME_S)
    assert window.width_s == 0.01


@pytest.mark.parametrize(("narrowest_s", "widest_s"), [(0.01, 0.01), (0.05, 0.01), (0.0, 0.05)])
def test_window_that_is_fixed(narrowest_s, widest_s):
    """Without room between its limits it stays at the first; so does one without any width."""
    window = DeltaWindow(narrowest_s, widest_s)
    for late_s in (1.0, 1.0, 0.0):
        window.measured(late_s)
        assert window.width_s == narrowest_s
