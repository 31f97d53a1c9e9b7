"""Records: how activity moves their time; messages: what is added behind an edit."""

from dataclasses import replace

import pytest

from persistence import now
from persistence.model import with_added
from tests.persistence.places import record, said

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


def test_what_is_in_the_session_already_is_not_added():
    """Whoever edited the history may have kept a new message, or moved it to a branch: it stands there once."""
    a, b, c, d = (said(name, id=f"msg_{name}") for name in "abcd")
    assert with_added([a], [b, c, d], 1) == [a, b, c, d]
    assert with_added([a, c], [b, c, d], 1, [b]) == [a, c, d]


def test_id_of_an_earlier_message_says_nothing_of_a_new_one():
    """A new message that bears it is added, unless a second one that bears it, or is its equal, is there."""
    a, b = said("a"), said("b", id="msg_a")
    edited, later = {**a, "content": "edited"}, {**b, "content": "edited later"}
    assert with_added([edited], [b], 1, earlier=[a]) == [edited, b]
    assert with_added([edited, later], [b], 1, earlier=[a]) == [edited, later]
    assert with_added([edited], [b], 1, [later], earlier=[a]) == [edited]
    assert with_added([a], [a], 1, earlier=[a]) == [a, a]
    assert with_added([a, a], [a], 1, earlier=[a]) == [a, a]
    assert with_added([edited, b], [b, {**b, "content": "c"}], 1, earlier=[a]) == [edited, b, {**b, "content": "c"}]


def test_id_that_is_no_text_is_none():
    """A person may write anything there."""
    odd = {**said("a"), "id": ["x"]}
    assert with_added([odd], [odd, said("b")], 0) == [odd, said("b")]
