"""Records: how activity moves their time."""

from dataclasses import replace

import pytest

from persistence import now
from tests.persistence.places import record

NOW = "2026-01-02T03:04:05.000000Z"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2026-01-01T00:00:00.000000Z", NOW),
        (NOW, NOW),
        ("2026-01-02T03:04:06.000000Z", "2026-01-02T03:04:06.000000Z"),
        ("2026-01-03T03:04:04.000000Z", "2026-01-03T03:04:04.000000Z"),
        ("2026-01-03T03:04:06.000000Z", NOW),
        ("2126-01-01T00:00:00Z", NOW),
        ("9999-12-31T23:59:59.999999Z", NOW),
    ],
)
def test_touch_moves_on_and_takes_back_what_lies_far_ahead(before, after):
    """A small step back of the clock changes nothing; a time more than a day ahead becomes the present."""
    touched = replace(record("s"), last_activity=before).touched(NOW)
    assert touched == replace(record("s"), last_activity=after)


def test_touch_without_a_time_takes_the_present():
    """What lay in the future is now."""
    before = now()
    assert before <= replace(record("s"), last_activity="2999-01-01T00:00:00Z").touched().last_activity <= now()
