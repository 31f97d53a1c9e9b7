"""Turns that wait before they have an id, and the lanes that they wait in."""

import pytest

from server.errors import ApiError
from server.lined_up import Lanes, LinedUp


def test_place_is_found_by_its_user_and_its_message():
    """All that wait under one name are stopped, those of other names and other users are not; who has left is gone."""
    lined_up = LinedUp()
    mine = [lined_up.join("ann", "c1") for _ in range(2)]
    others = [lined_up.join("ann", "c2"), lined_up.join("ben", "c1"), lined_up.join("ann", None)]
    assert lined_up.stop("ann", "c1")
    assert [place.is_stopped for place in (*mine, *others)] == [True, True, False, False, False]
    for place in (*mine, *others):
        lined_up.leave(place)
    assert not lined_up.stop("ann", "c1")
    assert lined_up._places == {}


def test_one_that_leaves_takes_no_other_along():
    """Two sends of one message wait in two places."""
    lined_up = LinedUp()
    first, second = lined_up.join("ann", "c1"), lined_up.join("ann", "c1")
    lined_up.leave(first)
    assert lined_up.stop("ann", "c1")
    assert (first.is_stopped, second.is_stopped) == (False, True)


def test_lanes_take_so_many_and_no_more():
    """Whoever comes too many is refused and not counted; there is room again when one has left."""
    lanes = Lanes(1)
    assert lanes.is_empty
    for _ in range(2):
        lanes.enter()
    for _ in range(2):
        with pytest.raises(ApiError, match="at most 2 turns") as refused:
            lanes.enter()
    assert refused.value.code == "too_many_turns"
    lanes.leave()
    lanes.enter()
    for _ in range(2):
        lanes.leave()
    assert lanes.is_empty
