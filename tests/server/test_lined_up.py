"""Turns that wait before they have an id, and the lanes that they wait in."""

import pytest

from server.errors import ApiError
from server.lined_up import Lanes, LinedUp
from server.running import TurnLimits


def test_place_is_found_by_its_user_and_its_message():
    """All that wait under one name are stopped, those of other names and other users are not; who has left is gone."""
    lined_up = LinedUp(TurnLimits())
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
    lined_up = LinedUp(TurnLimits())
    first, second = lined_up.join("ann", "c1"), lined_up.join("ann", "c1")
    lined_up.leave(first)
    assert lined_up.stop("ann", "c1")
    assert (first.is_stopped, second.is_stopped) == (False, True)


@pytest.mark.parametrize(("limits", "status"), [(TurnLimits(of_user=2), 429), (TurnLimits(of_user=9, in_all=3), 503)])
def test_there_are_as_many_places_as_turns_may_be(limits, status):
    """Whoever would be one too many, of its user or in all, is refused and not counted, with or without a name."""
    lined_up = LinedUp(limits)
    places = [lined_up.join("ann", name) for name in ("c1", None)] + [lined_up.join("ben", "c1")]
    for _ in range(2):
        with pytest.raises(ApiError) as refused:
            lined_up.join("ann", "c2")
        assert (refused.value.status, refused.value.code) == (status, "too_many_turns")
    assert not lined_up.stop("ann", "c2")
    lined_up.leave(places.pop(0))
    places.append(lined_up.join("ann", "c2"))
    for place in places:
        lined_up.leave(place)
    assert (lined_up._by_user, lined_up._count, lined_up._places) == ({}, 0, {})


def test_lanes_take_so_many_and_no_more():
    """Whoever comes too many is refused and not counted; there is room again when one has left."""
    lined_up = LinedUp(TurnLimits())
    lanes = Lanes(1, lined_up, "ann")
    assert lanes.is_empty
    places = [lanes.enter(None), lanes.enter("c1")]
    for _ in range(2):
        with pytest.raises(ApiError, match="at most 2 turns") as refused:
            lanes.enter("c2")
    assert refused.value.code == "too_many_turns"
    lanes.leave(places.pop())
    places.append(lanes.enter("c2"))
    assert lined_up.stop("ann", "c2")
    for place in places:
        lanes.leave(place)
    assert (lanes.is_empty, lined_up._count) == (True, 0)
